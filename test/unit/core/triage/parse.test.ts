import assert from "node:assert/strict";
import { test } from "node:test";
import { anEcho, aPlaybook, mistakesOf } from "./builders.ts";

const issue = `
name: phishing_triage
version: "1"
description: As the documentation shows it
triggers: { sources: [mail], types: [phishing], severities: [high] }
variables: { reputation_threshold: 0.7 }
steps:
  - name: extract
    action: extract_entities
    output: found
  - name: sender_known
    action: lookup_list
    parameters: { list: trusted_senders, value: "{{ incident.entities.email.sender }}" }
    output: sender
    timeout: 5s
    on_error: continue
  - name: spoofed
    condition: "!sender.found && found.auth.dmarc != 'pass'"
    then:
      - { name: tag, action: add_tag, parameters: { tag: spoofed } }
    else: []
  - parallel:
      - { name: one, action: add_tag, parameters: { tag: one } }
      - { name: two, action: add_tag, parameters: { tag: two } }
verdict:
  rules: [{ when: "sender.found", verdict: true_positive, confidence: 0.9, reason: "known" }]
  otherwise: inconclusive
`;

test("a playbook of every kind of step is read", () => {
  const playbook = aPlaybook(issue);
  assert.deepEqual(
    playbook.steps.map(({ kind, id }) => [kind, id]),
    [
      ["action", "extract"],
      ["action", "sender_known"],
      ["branch", "spoofed"],
      ["parallel", "steps.3"],
    ],
  );
});

test("every mistake is reported at once, each with its line and column", () => {
  const mistakes = mistakesOf(`name: "bad name"
version: 1
steps:
  - name: a
    action: look_up
  - name: a
    action: add_tag
    parameters: { tga: x }
  - name: b
    condition: "sender.fuond"
    action: add_tag
    parameters: { tag: "{{ incident.titel }}" }
  - name: c
    action: set_severity
    parameters: { severity: urgent }
    timeout: soon
  - condition: "incident.title == 1"
    then: []
verdict:
  rules: [{ when: "true", verdict: bad, reason: r }]
`);
  const said = mistakes.map(({ line, column, message }) => `${line}:${column} ${message}`);
  const expected = [
    /^1:7 .*letters, digits/,
    /^2:10 must be a string/,
    /^5:13 there is no action "look_up"; there are: add_comment, /,
    /^6:11 "a" is the name of another step, steps.0/,
    /^8:19 add_tag has no parameter "tga"; it takes: tag/,
    /^8:5 tag is required/,
    /^10:17 there is no "sender" here; there are: incident, variables/,
    /^12:24 incident has no field "titel"/,
    /^15:29 severity must be one of/,
    /^16:14 must be a duration/,
    /^17:17 no such overload: string == int/,
    /^20:36 must be one of true_positive/,
  ];
  for (const one of expected)
    assert.ok(
      said.some((each) => one.test(each)),
      `${one} in\n${said.join("\n")}`,
    );
  assert.equal(said.length, expected.length, said.join("\n"));
});

test("a mistake in the YAML is found where it is", () => {
  const [mistake] = mistakesOf("name: a\nversion: '1\n");
  assert.equal(mistake?.line, 3);
  const [alias] = mistakesOf("name: a\nversion: '1'\nsteps: &all []\nverdict: *all\n");
  assert.match(alias?.message ?? "", /aliases are not used/);
});

test("what a step gives is known after it and not before, and by no step beside it", () => {
  const before = mistakesOf(`
name: a
version: "1"
steps:
  - { name: early, condition: "later.ok", action: add_tag, parameters: { tag: a } }
  - { name: later, action: lookup_list, parameters: { list: a, value: b }, output: later }
`);
  assert.match(before[0]?.message ?? "", /there is no "later" here/);
  const beside = mistakesOf(`
name: a
version: "1"
steps:
  - parallel:
      - { name: one, action: lookup_list, parameters: { list: a, value: b }, output: one }
      - { name: two, condition: "one.ok", action: add_tag, parameters: { tag: a } }
  - { name: after, condition: "one.ok", action: add_tag, parameters: { tag: a } }
`);
  assert.deepEqual(
    beside.map(({ line }) => line),
    [7],
  );
});

test("an unknown field of what a step gives is a mistake, and one of a payload is not", () => {
  const text = (condition: string): string => `
name: a
version: "1"
steps:
  - { name: e, action: extract_entities, output: found }
  - { name: x, condition: "${condition}", action: add_tag, parameters: { tag: a } }
`;
  assert.match(mistakesOf(text("found.auth.dmark == ''"))[0]?.message ?? "", /there is no field dmark/);
  assert.deepEqual(mistakesOf(text("has(incident.payload.anything)")), []);
});

const base = {
  name: "base",
  version: "1",
  variables: { limit: 3, mode: "strict" },
  steps: [
    { name: "first", action: "add_tag", parameters: { tag: "base" } },
    { name: "second", action: "add_tag", parameters: { tag: "base" } },
  ],
  verdict: { rules: [{ when: "true", verdict: "suspicious", reason: "base" }], otherwise: "inconclusive" },
};

test("a playbook that extends another one replaces steps by name and puts its rules first", () => {
  const playbook = aPlaybook(
    `
name: own
version: "1"
extends: base
variables: { limit: 5 }
steps:
  - { name: second, action: add_tag, parameters: { tag: own } }
  - { name: third, condition: "variables.limit == 5", action: add_tag, parameters: { tag: own } }
verdict: { rules: [{ when: "variables.mode == 'strict'", verdict: true_positive, reason: own }] }
`,
    [],
    (name) => (name === "base" ? base : undefined),
  );
  assert.deepEqual(
    playbook.steps.map(({ id }) => id),
    ["first", "second", "third"],
  );
  assert.deepEqual(
    playbook.rules.map(({ when }) => when?.source),
    ["variables.mode == 'strict'", "true"],
  );
});

test("a mistake in what is extended is pointed at where it comes in", () => {
  const broken = { ...base, steps: [{ name: "first", action: "nothing" }] };
  const [mistake] = mistakesOf('name: own\nversion: "1"\nextends: base\n', [], () => broken);
  assert.equal(mistake?.line, 3);
  assert.match(mistake?.message ?? "", /steps.0.action of what it extends: there is no action "nothing"/);
});

test("playbooks that extend each other in a circle are refused, and so is one that is not there", () => {
  const find = (name: string): unknown => ({ name, version: "1", extends: name === "a" ? "b" : "a" });
  assert.match(mistakesOf('name: a\nversion: "1"\nextends: b\n', [], find)[0]?.message ?? "", /a -> b -> a/);
  assert.match(mistakesOf('name: a\nversion: "1"\nextends: a\n', [], find)[0]?.message ?? "", /a -> a/);
  assert.match(mistakesOf('name: a\nversion: "1"\nextends: c\n')[0]?.message ?? "", /there is no playbook "c"/);
});

test("variables have the types of their values", () => {
  const text = (condition: string): string => `
name: a
version: "1"
variables: { n: 3, share: 0.5, names: [x], on: true, word: w }
steps: [{ name: x, condition: "${condition}", action: echo }]
`;
  for (const good of ["variables.n > 2", "variables.share < 0.6", "'x' in variables.names", "variables.on"]) {
    assert.deepEqual(mistakesOf(text(good), [anEcho()]), [], good);
  }
  assert.equal(mistakesOf(text("variables.word > 2"), [anEcho()]).length, 1);
});

test("a verdict that is none is pointed at, also where it stands alone", () => {
  const [alone] = mistakesOf('name: a\nversion: "1"\nsteps: []\nverdict:\n  otherwise: nothing');
  assert.deepEqual([alone?.line, alone?.column, alone?.path], [5, 14, "verdict.otherwise"]);
});
