import { Refusal } from "../../errors.ts";
import type { Context, Middleware } from "../context.ts";

/** Refuses a request whose target is no address. Node hands on what a sender writes there, and Koa's parser fails over it. */
export const requireTarget: Middleware = (ctx, next) => {
  if (!isParsable(ctx)) throw new Refusal("invalid_request", { message: "The target of the request is no address" });
  return next();
};

function isParsable(ctx: Context): boolean {
  try {
    return typeof ctx.path === "string";
  } catch {
    return false;
  }
}
