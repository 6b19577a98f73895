import { defineAction } from "@thruway/sdk";
import joi from "joi";
import type { CoreContext } from "./action.ts";
import { change, changeShape } from "./change.ts";

interface Parameters {
  readonly comment: string;
}

export const addComment = defineAction<Parameters, CoreContext>({
  name: "add_comment",
  about: "Adds a comment to the incident",
  parameters: joi.object<Parameters>({
    comment: joi.string().max(10_000).required(),
  }),
  output: changeShape,
  run: ({ comment }, context) => change({ comment }, undefined, context),
});
