import joi from "joi";
import { Refusal } from "../errors.ts";
import type { Page } from "../store/ports.ts";
import { check, inOneLine } from "../validate.ts";
import type { Context } from "./context.ts";

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** What every list takes. `since` and `until` bound the time, the first included. */
export const listParameters = {
  limit: joi.number().integer().min(1).max(200).default(50),
  cursor: joi.string().custom((value: string, helpers) => {
    const id = Buffer.from(value, "base64url").toString("latin1");
    return uuid.test(id) ? id : helpers.error("any.invalid");
  }),
  since: joi.string().isoDate(),
  until: joi.string().isoDate(),
};

/** One of several values, or several with commas between them. */
export function anyOfValues(values: readonly string[]): joi.ArraySchema {
  return joi
    .array()
    .items(joi.string().valid(...values))
    .single()
    .min(1);
}

/** A parameter that may be repeated and whose values may hold commas. */
export function repeated(item: joi.Schema): joi.ArraySchema {
  return joi.array().items(item).single().min(1).meta({ whole: true });
}

/**
 * Reads the query of a list; an unknown filter is a mistake, not an empty list.
 *
 * @throws {Refusal} invalid_request with every problem
 */
export function readQuery<T>(ctx: Context, schema: joi.ObjectSchema<T>): T {
  const given: Record<string, unknown> = {};
  const lists = new Set(
    Object.entries<joi.Description>(schema.describe().keys ?? {})
      .filter(([, key]) => key.type === "array" && key.metas === undefined)
      .map(([name]) => name),
  );
  for (const [name, value] of Object.entries(ctx.query)) {
    if (value === undefined) continue;
    given[name] = lists.has(name) ? [value].flat().flatMap((each) => each.split(",")) : value;
  }
  const checked = check(schema, given);
  if ("value" in checked) return checked.value;
  const details = checked.details.map(({ path, message }) => ({ path: `query.${path}`, message }));
  throw new Refusal("invalid_request", { message: `The query is not valid: ${inOneLine(details)}`, details });
}

export function pageBody<T>(page: Page<T>): {
  readonly data: readonly T[];
  readonly meta: { readonly next_cursor: string | null };
} {
  return {
    data: page.data,
    meta: { next_cursor: page.next === undefined ? null : Buffer.from(page.next, "latin1").toString("base64url") },
  };
}
