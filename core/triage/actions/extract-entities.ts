import { defineAction } from "@thruway/sdk";
import { record, records, texts } from "@thruway/sdk/read";
import joi from "joi";
import { authenticationIn } from "../authentication.ts";
import { extract } from "../extract.ts";
import { textsIn } from "../payload-text.ts";
import { domainOf, senderDomainOf } from "../sender.ts";
import type { CoreContext } from "./action.ts";
import { authenticationShape } from "./check-email-authentication.ts";

interface Parameters {
  readonly text?: string | readonly string[];
  readonly payload: boolean;
}

export const extractEntities = defineAction<Parameters, CoreContext>({
  name: "extract_entities",
  about:
    "Finds URLs, domains, e-mail addresses, IP addresses and hashes, also defanged, in a text, the incident and its payloads",
  parameters: joi.object<Parameters>({
    text: joi.alternatives(joi.string(), joi.array().items(joi.string())),
    payload: joi.boolean().default(true),
  }),
  output: {
    urls: "list<string>",
    domains: "list<string>",
    emails: "list<string>",
    ips: "list<string>",
    hashes: "list<string>",
    /** Of the incident's sender and recipients, in lower case. */
    sender_domain: "string",
    recipient_domains: "list<string>",
    /** Whether the sender is of the domain of one of the recipients. */
    internal: "bool",
    auth: authenticationShape,
  },
  run({ text, payload }, { incident, payloads }) {
    const { title, description, entities } = incident;
    const listed = Object.values(record(entities)).flatMap((of) => texts(record(of).all, null));
    const given = text === undefined ? [title, description, ...listed] : [text].flat();
    const all = [...texts(given, null), ...(payload && text === undefined ? textsIn(payloads) : [])];
    const sender = senderDomainOf(incident);
    const recipients = [...new Set(listedRecipients(entities).flatMap((email) => domainOf(email) ?? []))];
    return {
      ...extract(all),
      sender_domain: sender,
      recipient_domains: recipients,
      internal: sender !== undefined && recipients.includes(sender),
      auth: authenticationIn(payloads, sender),
    };
  },
});

function listedRecipients(entities: unknown): readonly string[] {
  return records(record(entities).list)
    .filter(({ type, role }) => type === "email" && (role === "recipient" || role === "target"))
    .flatMap(({ value }) => texts(value, null));
}
