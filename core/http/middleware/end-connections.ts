import type { Middleware } from "../context.ts";

/** While the gateway stops, every answer ends its connection, so that no sender brings another request there. */
export function endConnections(isStopping: () => boolean): Middleware {
  return async (ctx, next) => {
    await next();
    if (isStopping()) ctx.set("connection", "close");
  };
}
