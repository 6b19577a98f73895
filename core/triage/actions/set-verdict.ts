import { defineAction } from "@thruway/sdk";
import { type Verdict, verdicts } from "@thruway/sdk/alert";
import joi from "joi";
import type { CoreContext } from "./action.ts";
import { change, changeShape } from "./change.ts";

interface Parameters {
  readonly verdict: Verdict;
  readonly reason?: string;
}

export const setVerdict = defineAction<Parameters, CoreContext>({
  name: "set_verdict",
  about: "Sets the verdict at once, where the rules at the end are not what is wanted",
  parameters: joi.object<Parameters>({
    verdict: joi
      .string()
      .valid(...verdicts)
      .required(),
    reason: joi.string(),
  }),
  output: changeShape,
  run: ({ verdict, reason }, context) => change({ verdict }, reason, context),
});
