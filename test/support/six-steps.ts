/** A playbook of six steps, one of which tells somebody. */
export const sixSteps = `
name: six_steps
version: "1"
triggers: { types: [phishing] }
steps:
  - { name: extract, action: extract_entities, output: found }
  - { name: history, action: lookup_history, parameters: { type: email, value: a@b.example }, output: history }
  - { name: tag, action: add_tag, parameters: { tag: seen } }
  - { name: tell, action: notify, parameters: { channel: soc, text: "{{ incident.number }}: {{ incident.title }}" }, output: told }
  - { name: comment, action: add_comment, parameters: { comment: "told as {{ told.id }}" } }
  - { name: raise, action: set_severity, parameters: { severity: high } }
verdict: { otherwise: { verdict: suspicious, reason: always } }
`;
