import { Refusal } from "../../errors.ts";
import type { Middleware } from "../context.ts";

/** Refuses HTTP/1.1 without a `Host`, as RFC 9112 (3.2) demands. */
export const requireHost: Middleware = (ctx, next) => {
  if (ctx.req.httpVersion === "1.1" && ctx.req.headers.host === undefined) {
    throw new Refusal("invalid_request", { message: "A Host header is required" });
  }
  return next();
};
