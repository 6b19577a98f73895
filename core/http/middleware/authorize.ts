import { findToken } from "../../access/api-token.ts";
import { Refusal } from "../../errors.ts";
import type { TokenStore } from "../../store/ports.ts";
import type { Middleware } from "../context.ts";

/** Lets only requests with a known API token through: `Authorization: Bearer tw_…`. */
export function authorize(tokens: TokenStore): Middleware {
  return async (ctx, next) => {
    if ((await findToken(tokens, ctx.get("authorization"))) === undefined) {
      throw new Refusal("unauthorized", {
        message: "A valid API token is required: send `Authorization: Bearer tw_…`",
      });
    }
    await next();
  };
}
