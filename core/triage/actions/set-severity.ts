import { defineAction } from "@thruway/sdk";
import { type Severity, severities } from "@thruway/sdk/alert";
import joi from "joi";
import type { CoreContext } from "./action.ts";
import { change, changeShape } from "./change.ts";

interface Parameters {
  readonly severity: Severity;
  readonly reason?: string;
}

export const setSeverity = defineAction<Parameters, CoreContext>({
  name: "set_severity",
  about: "Sets the incident's severity",
  parameters: joi.object<Parameters>({
    severity: joi
      .string()
      .valid(...severities)
      .required(),
    reason: joi.string(),
  }),
  output: changeShape,
  run: ({ severity, reason }, context) => change({ severity }, reason, context),
});
