import { Refusal } from "../errors.ts";
import type { Context } from "./context.ts";

/**
 * The version that `If-Match` asks for, as the `ETag` of an answer had it; `undefined` where any will do.
 *
 * @throws {Refusal} invalid_request
 */
export function ifMatch(ctx: Context): number | undefined {
  const given = ctx.get("if-match").trim();
  if (given === "" || given === "*") return undefined;
  const [, version] = /^(?:W\/)?"?(\d{1,15})"?$/.exec(given) ?? [];
  if (version !== undefined) return Number(version);
  const details = [{ path: "headers.if-match", message: 'must be the ETag of an incident, like "3"' }];
  throw new Refusal("invalid_request", {
    message: 'If-Match must be the ETag of an incident, like "3"',
    details,
  });
}
