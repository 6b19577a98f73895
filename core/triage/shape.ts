import { severities } from "@thruway/sdk/alert";
import joi from "joi";
import { durationSchema } from "./duration.ts";
import {
  deepestSteps,
  longestBackoffMs,
  longestTimeoutMs,
  longestValue,
  mostItems,
  mostParallel,
  mostRetries,
  mostRules,
  mostSteps,
} from "./limits.ts";

const name = joi.string().pattern(/^[a-z][a-z0-9_]{0,49}$/, "lower-case letters, digits and underscores");
/** As in a source's `playbook`. */
export const playbookName = joi
  .string()
  .pattern(/^[A-Za-z0-9][A-Za-z0-9_-]{0,99}$/, "letters, digits, underscores and hyphens");
const condition = joi.string().max(2_000);
const text = joi.string().max(longestValue);
const timeout = durationSchema(longestTimeoutMs);

const onError = joi
  .alternatives(
    joi.string().valid("fail", "continue"),
    joi.object({
      retry: joi
        .object({
          times: joi.number().integer().min(1).max(mostRetries).required(),
          backoff: durationSchema(longestBackoffMs).default("1s"),
        })
        .required(),
      then: joi.string().valid("fail", "continue").default("fail"),
    }),
  )
  .messages({
    "alternatives.match": "{#label} must be fail, continue, or retry with times and backoff",
    "alternatives.types": "{#label} must be fail, continue, or retry with times and backoff",
  });

/** Fields that any step may have, and which belong together. */
function step(depth: number): joi.ObjectSchema {
  const inner = depth < deepestSteps ? steps(depth + 1) : joi.forbidden().messages({ "any.unknown": tooDeep });
  return joi
    .object({
      name,
      condition,
      action: joi.string(),
      parameters: joi.object(),
      output: name,
      timeout,
      on_error: onError,
      then: inner,
      else: inner,
      parallel:
        depth < deepestSteps
          ? steps(depth + 1)
              .min(1)
              .max(mostParallel)
          : inner,
    })
    .or("action", "then", "else", "parallel")
    .oxor("action", "then", "parallel")
    .oxor("action", "else")
    .with("then", "condition")
    .with("else", "condition")
    .with("action", "name")
    .with("parameters", "action")
    .with("output", "action")
    .with("timeout", "action")
    .without("parallel", ["else", "condition", "on_error"])
    .messages({
      "object.missing": "must have an action, a then with its condition, or a parallel",
      "object.oxor": "must have only one of {#peersWithLabels}",
      "object.with": "must have {#peerWithLabel}, since it has {#mainWithLabel}",
      "object.without": "must not have {#peerWithLabel}, since it has {#mainWithLabel}",
    });
}

const tooDeep = `{#label} is nested more than ${deepestSteps} deep`;

function steps(depth: number): joi.ArraySchema {
  return joi.array().items(step(depth)).max(mostSteps);
}

const confidence = joi.number().min(0).max(1);
const rule = {
  verdict: joi.string().max(200).required(),
  confidence,
  reason: text,
  then: steps(2),
};

const scalar = joi.alternatives(joi.string().allow(""), joi.number(), joi.boolean());

export const playbookSchema: joi.ObjectSchema = joi
  .object({
    name: playbookName.required(),
    version: joi.string().max(50).required(),
    description: joi.string().max(2_000),
    extends: playbookName,
    triggers: joi.object({
      sources: joi.array().items(joi.string()).single(),
      types: joi.array().items(joi.string()).single(),
      severities: joi
        .array()
        .items(joi.string().valid(...severities))
        .single(),
    }),
    variables: joi.object().pattern(name, joi.alternatives(scalar, joi.array().items(scalar).max(mostItems))),
    steps: steps(1),
    verdict: joi.object({
      rules: joi
        .array()
        .items(joi.object({ when: condition.required(), ...rule, reason: text.required() }))
        .max(mostRules),
      otherwise: joi.alternatives(joi.string(), joi.object(rule)),
    }),
  })
  .or("steps", "verdict", "extends")
  .messages({ "object.missing": "must have steps, a verdict or extends" })
  .required();
