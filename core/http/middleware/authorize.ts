import { findToken } from "../../access/api-token.ts";
import { Refusal } from "../../errors.ts";
import type { TokenStore } from "../../store/ports.ts";
import type { Middleware } from "../context.ts";

/** Lets only requests with a known API token through: `Authorization: Bearer tw_…`. */
export function authorize(tokens: TokenStore): Middleware {
  return async (ctx, next) => {
    const token = await findToken(tokens, ctx.get("authorization"));
    if (token === undefined) {
      throw new Refusal("unauthorized", {
        message: "A valid API token is required: send `Authorization: Bearer tw_…`",
      });
    }
    ctx.state.token = token;
    await next();
  };
}
