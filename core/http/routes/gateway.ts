import type Router from "@koa/router";
import manifest from "../../../package.json" with { type: "json" };
import type { Middleware, State } from "../context.ts";

/** `/api/gateway`: which version runs here, on what, since when, and what its clock says. */
export function gatewayRoutes(router: Router<State>, manage: readonly Middleware[], now: () => Date): void {
  router.get("/api/gateway", ...manage, (ctx) => {
    ctx.body = {
      version: manifest.version,
      node: process.version,
      time: now().toISOString(),
      uptime_seconds: Math.floor(process.uptime()),
    };
  });
}
