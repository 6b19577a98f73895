import joi from "joi";

const units = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/** `500ms`, `5s`, `2m`, `1h`, `7d` in milliseconds; `undefined` for anything else. */
export function durationMs(text: string): number | undefined {
  const form = /^(\d{1,6})(ms|s|m|h|d)$/.exec(text);
  return form === null ? undefined : Number(form[1]) * units[form[2] as keyof typeof units];
}

/** A duration as a playbook writes it, at most so many milliseconds. */
export function durationSchema(mostMs: number): joi.StringSchema {
  return joi.string().custom((text: string, helpers) => {
    const ms = durationMs(text);
    if (ms === undefined) return helpers.message({ custom: "{#label} must be a duration like 500ms, 5s, 2m or 1h" });
    return ms <= mostMs ? text : helpers.message({ custom: `{#label} must be at most ${mostMs / 1_000}s` });
  });
}
