import { severities, verdicts } from "@thruway/sdk/alert";
import joi from "joi";
import type { IncidentChange } from "./change.ts";
import { longestText, longestTitle, mostEntries } from "./draft.ts";
import { statuses } from "./incident.ts";

const line = joi.string().trim().min(1).max(longestTitle);
const text = joi.string().trim().min(1).max(longestText);
const tags = joi.array().items(line).min(1).max(mostEntries).unique();

const fields = {
  title: line,
  description: text.allow(null),
  status: joi.string().valid(...statuses),
  severity: joi.string().valid(...severities),
  verdict: joi
    .string()
    .valid(...verdicts)
    .allow(null),
  assignee: line.allow(null),
  add_tags: tags,
  remove_tags: tags,
  comment: text,
};

/** What somebody may ask to be changed, and why. */
export const changeSchema: joi.ObjectSchema<IncidentChange & { readonly why?: string }> = joi
  .object<IncidentChange & { readonly why?: string }>({ ...fields, why: text })
  .or(...Object.keys(fields))
  .required()
  .messages({ "object.missing": `must name something to change: ${Object.keys(fields).join(", ")}` });

export const commentSchema: joi.ObjectSchema<Pick<IncidentChange, "comment">> = joi
  .object<Pick<IncidentChange, "comment">>({ comment: text.required() })
  .required();

export const mergeSchema: joi.ObjectSchema<{ readonly into: string; readonly why?: string }> = joi
  .object<{ readonly into: string; readonly why?: string }>({ into: line.required(), why: text })
  .required();

/** An empty body says all there is. */
export const splitSchema: joi.ObjectSchema<{ readonly why?: string }> = joi
  .object<{ readonly why?: string }>({ why: text })
  .default({});
