import { defineAction } from "@thruway/sdk";
import joi from "joi";
import type { CoreContext } from "./action.ts";
import { change, changeShape } from "./change.ts";

interface Parameters {
  readonly tag: string | readonly string[];
}

export const addTag = defineAction<Parameters, CoreContext>({
  name: "add_tag",
  about: "Adds tags to the incident",
  parameters: joi.object<Parameters>({
    tag: joi.alternatives(joi.string().max(300), joi.array().items(joi.string().max(300)).max(20)).required(),
  }),
  output: changeShape,
  run: ({ tag }, context) => change({ add_tags: [tag].flat() }, undefined, context),
});
