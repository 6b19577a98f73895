import { randomUUIDv7 } from "node:crypto";
import type { Middleware } from "../context.ts";

/** Gives every request its id and its time of receipt, and every answer the headers that keep browsers from guessing. */
export function identifyRequest(now: () => Date): Middleware {
  return (ctx, next) => {
    ctx.state.requestId = randomUUIDv7();
    ctx.state.receivedAt = now();
    ctx.set("x-request-id", ctx.state.requestId);
    ctx.set("x-content-type-options", "nosniff");
    ctx.set("cache-control", "no-store");
    return next();
  };
}
