import { record, texts } from "@thruway/sdk/read";

/** The domain of an address; `undefined` for what is no single plain one, which could be read as one or the other. */
export function domainOf(email: string): string | undefined {
  const [, bracketed, plain = bracketed] = /^(?:[^<>]*<([^<>]*)>|([^<>]*))$/.exec(email.trim()) ?? [];
  return /^[^\s@(),;:"/]+@([^\s@(),;:"/]+?)\.?$/.exec(plain ?? "")?.[1]?.toLowerCase();
}

/** The domain of the incident's sender. @param incident as playbooks see it */
export function senderDomainOf(incident: Readonly<Record<string, unknown>>): string | undefined {
  const [sender] = texts(record(record(incident.entities).email).sender, null);
  return sender === undefined ? undefined : domainOf(sender);
}
