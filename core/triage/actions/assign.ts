import { defineAction } from "@thruway/sdk";
import joi from "joi";
import type { CoreContext } from "./action.ts";
import { change, changeShape } from "./change.ts";

interface Parameters {
  readonly assignee: string;
  readonly reason?: string;
}

export const assign = defineAction<Parameters, CoreContext>({
  name: "assign",
  about: "Assigns the incident to somebody",
  parameters: joi.object<Parameters>({
    assignee: joi.string().max(300).required(),
    reason: joi.string(),
  }),
  output: changeShape,
  run: ({ assignee, reason }, context) => change({ assignee }, reason, context),
});
