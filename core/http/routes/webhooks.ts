import type Router from "@koa/router";
import { plainAddress } from "@thruway/sdk";
import type { Logger } from "pino";
import type { SourceTester } from "../../ingest/test-source.ts";
import type { Sources } from "../../sources/sources.ts";
import type { Context, Middleware, State } from "../context.ts";
import { whoOf } from "../who.ts";

export interface WebhookRoutesDependencies {
  readonly sources: Sources;
  readonly refreshSources: () => Promise<void>;
  readonly testSource: SourceTester;
  /** Answers a vendor's challenge, where a request is one. */
  readonly challenge: Middleware;
  /** For what is changed here, and by whom. */
  readonly log: Logger;
}

/** `/api/webhooks`: the sources, managed with a token. */
export function webhookRoutes(
  router: Router<State>,
  manage: readonly Middleware[],
  deps: WebhookRoutesDependencies,
): void {
  const { sources, refreshSources, testSource, challenge, log } = deps;
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
    log.info({ ...whoOf(ctx), source: view.source, plugin: view.plugin }, "Source registered");
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
    const fields = Object.keys(Object(ctx.request.body)).toSorted();
    log.info({ ...whoOf(ctx), source: view.source, fields }, "Source changed");
    if (fields.includes("add_secret")) {
      log.info({ ...whoOf(ctx), source: view.source, active: view.secrets.length }, "Secret added");
    }
    ctx.body = { ...view, warnings };
  });
  router.delete("/api/webhooks/:source", ...current, async (ctx) => {
    await sources.remove(name(ctx));
    log.info({ ...whoOf(ctx), source: name(ctx) }, "Source removed");
    ctx.status = 204;
  });
  router.post("/api/webhooks/:source/test", ...current, async (ctx) => {
    const tested = await testSource.send(name(ctx), ownAddress(ctx.req.socket));
    log.info({ ...whoOf(ctx), source: tested.source, ok: tested.ok }, "Source tested");
    ctx.body = tested;
  });
}

/** Where the request came in, so that something listens there. */
function ownAddress({ localAddress = "127.0.0.1", localPort }: Context["req"]["socket"]): string {
  const address = plainAddress(localAddress) ?? localAddress;
  return `http://${address.includes(":") ? `[${address}]` : address}:${localPort}`;
}
