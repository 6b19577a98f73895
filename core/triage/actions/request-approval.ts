import { defineAction } from "@thruway/sdk";
import joi from "joi";
import { durationSchema } from "../duration.ts";
import type { CoreContext } from "./action.ts";
import { approved, longestWaitMs } from "./approval.ts";

interface Parameters {
  readonly question: string;
  readonly details: Readonly<Record<string, unknown>>;
  readonly expires: string;
}

export const requestApproval = defineAction<Parameters, CoreContext>({
  name: "request_approval",
  about: "Asks a person, and waits for the answer; one that does not come in time is a no",
  parameters: joi.object<Parameters>({
    question: joi.string().max(1_000).required(),
    details: joi.object().unknown().default({}),
    expires: durationSchema(longestWaitMs).default("24h"),
  }),
  output: { granted: "bool", state: "string", by: "string", comment: "string" },
  async run({ question, details, expires }, context) {
    const { state, decided_by, comment } = await approved(question, details, expires, context);
    return { granted: state === "granted", state, by: decided_by, comment };
  },
});
