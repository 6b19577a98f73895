import type Router from "@koa/router";
import { Refusal } from "../../errors.ts";
import type { Exposition } from "../../telemetry/exposition.ts";
import type { Middleware, State } from "../context.ts";

/** `/metrics` as it is served. */
export interface MetricsPage {
  readonly access: "open" | "token" | "off";
  /** @param accept what the scraper reads: the header of its request */
  write(accept: string | undefined): Promise<Exposition>;
}

/** `/metrics`: what Prometheus scrapes. */
export function metricsRoute(router: Router<State>, authorize: Middleware, page: MetricsPage): void {
  const guard: Middleware = async (ctx, next) => {
    if (page.access === "off") throw new Refusal("not_found", { message: "Metrics are off; see TW_METRICS" });
    if (page.access === "open") return next();
    return authorize(ctx, next);
  };
  router.get("/metrics", guard, async (ctx) => {
    const { type, body } = await page.write(ctx.get("accept"));
    ctx.set("content-type", type);
    ctx.body = body;
  });
}
