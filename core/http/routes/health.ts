import type Router from "@koa/router";
import { Refusal } from "../../errors.ts";
import type { Store } from "../../store/ports.ts";
import type { State } from "../context.ts";

/** A store that is merely busy is free again after that long. */
const retryAfterSeconds = 5;

/** `/healthz`: the process lives. `/readyz`: it can take events; 503 tells a balancer to send them elsewhere. */
export function healthRoutes(router: Router<State>, store: Pick<Store, "check">, isStopping: () => boolean): void {
  router.get("/healthz", (ctx) => {
    ctx.body = { status: "ok" };
  });
  router.get("/readyz", async (ctx) => {
    if (isStopping()) throw new Refusal("store_unavailable", { message: "The gateway is stopping", retryAfterSeconds });
    try {
      const { degraded, ...checks } = await store.check();
      ctx.body = { status: degraded ? "degraded" : "ready", checks };
    } catch (cause) {
      throw new Refusal("store_unavailable", { message: "The store cannot be written", retryAfterSeconds, cause });
    }
  });
}
