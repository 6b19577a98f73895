import { defineAction } from "@thruway/sdk";
import joi from "joi";
import type { CoreContext } from "./action.ts";
import { change, changeShape } from "./change.ts";

interface Parameters {
  readonly reason?: string;
  readonly assignee?: string;
}

export const escalate = defineAction<Parameters, CoreContext>({
  name: "escalate",
  about: "Escalates the incident, so that a person looks at it next",
  parameters: joi.object<Parameters>({
    reason: joi.string(),
    assignee: joi.string().max(300),
  }),
  output: changeShape,
  run: ({ reason, assignee }, context) =>
    change({ status: "escalated", ...(assignee !== undefined && { assignee }) }, reason, context),
});
