import type joi from "joi";
import { Refusal } from "../errors.ts";
import { check, inOneLine } from "../validate.ts";
import type { Context } from "./context.ts";

/** The body of a management request, checked. @throws {Refusal} invalid_request with every problem */
export function readJson<T>(ctx: Context, schema: joi.ObjectSchema<T>): T {
  const checked = check(schema, ctx.request.body ?? {});
  if ("value" in checked) return checked.value;
  const { details } = checked;
  throw new Refusal("invalid_request", { message: `The request is not valid: ${inOneLine(details)}`, details });
}
