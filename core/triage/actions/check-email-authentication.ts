import { defineAction } from "@thruway/sdk";
import joi from "joi";
import { authenticationIn } from "../authentication.ts";
import { senderDomainOf } from "../sender.ts";
import type { CoreContext } from "./action.ts";

export const authenticationShape = {
  checked: "bool",
  spf: "string",
  dkim: "string",
  dmarc: "string",
  compauth: "string",
  header_from: "string",
  mail_from: "string",
  dkim_domain: "string",
  passed: "bool",
  failed: "bool",
} as const;

interface Parameters {
  readonly header?: string;
}

export const checkEmailAuthentication = defineAction<Parameters, CoreContext>({
  name: "check_email_authentication",
  about:
    "Reads how a message proved its sender: SPF, DKIM and DMARC, from Authentication-Results or what Defender says of it",
  parameters: joi.object<Parameters>({ header: joi.string() }),
  output: authenticationShape,
  run({ header }, { incident, payloads }) {
    const given = header === undefined ? payloads : [{ "authentication-results": header }];
    return { ...authenticationIn(given, senderDomainOf(incident)) };
  },
});
