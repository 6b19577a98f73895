import joi from "joi";
import { durationMs } from "../duration.ts";

/** A duration as a playbook writes it, at most so many milliseconds. */
export function durationSchema(mostMs: number): joi.StringSchema {
  return joi.string().custom((text: string, helpers) => {
    const ms = durationMs(text);
    if (ms === undefined) return helpers.message({ custom: "{#label} must be a duration like 500ms, 5s, 2m or 1h" });
    return ms <= mostMs ? text : helpers.message({ custom: `{#label} must be at most ${mostMs / 1_000}s` });
  });
}
