import { defineAction } from "@thruway/sdk";
import joi from "joi";
import type { CoreContext } from "./action.ts";
import { change, changeShape } from "./change.ts";

interface Parameters {
  readonly reason?: string;
}

export const resolve = defineAction<Parameters, CoreContext>({
  name: "resolve",
  about: "Resolves the incident",
  parameters: joi.object<Parameters>({
    reason: joi.string(),
  }),
  output: changeShape,
  run: ({ reason }, context) => change({ status: "resolved" }, reason, context),
});
