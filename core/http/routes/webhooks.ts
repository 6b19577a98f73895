import type Router from "@koa/router";
import type { AddressList } from "@thruway/sdk";
import type { SourceTester } from "../../ingest/test-source.ts";
import type { Sources } from "../../sources/sources.ts";
import { clientAddress } from "../client-address.ts";
import type { Context, Middleware, State } from "../context.ts";

export interface WebhookRoutesDependencies {
  readonly sources: Sources;
  readonly refreshSources: () => Promise<void>;
  readonly testSource: SourceTester;
  /** Answers a vendor's challenge, where a request is one. */
  readonly challenge: Middleware;
  readonly proxies: AddressList;
}

/** `/api/webhooks`: the sources, managed with a token. */
export function webhookRoutes(
  router: Router<State>,
  manage: readonly Middleware[],
  deps: WebhookRoutesDependencies,
): void {
  const { sources, refreshSources, testSource, challenge, proxies } = deps;
  // Another gateway on the same store may have changed them a moment ago, at the word of the same client.
  const current: readonly Middleware[] = [
    ...manage,
    async (_, next) => {
      await refreshSources();
      await next();
    },
  ];
  const name = (ctx: Context): string => String(ctx.params.source);

  router.get("/api/webhooks", ...current, (ctx) => {
    ctx.body = { data: sources.list(), meta: { next_cursor: null } };
  });
  router.post("/api/webhooks", ...current, async (ctx) => {
    const { view, warnings } = await sources.register(ctx.request.body);
    ctx.status = 201;
    ctx.set("location", `/api/webhooks/${view.source}`);
    ctx.body = { ...view, warnings };
  });
  router.get("/api/webhooks/:source", challenge, ...current, (ctx) => {
    ctx.body = sources.get(name(ctx));
  });
  router.options("/api/webhooks/:source", challenge);
  router.patch("/api/webhooks/:source", ...current, async (ctx) => {
    const { view, warnings } = await sources.update(name(ctx), ctx.request.body);
    ctx.body = { ...view, warnings };
  });
  router.delete("/api/webhooks/:source", ...current, async (ctx) => {
    await sources.remove(name(ctx));
    ctx.status = 204;
  });
  router.post("/api/webhooks/:source/test", ...current, async (ctx) => {
    const { address } = clientAddress(ctx.req.socket.remoteAddress, ctx.req.headersDistinct, proxies);
    ctx.body = await testSource(name(ctx), address);
  });
}
