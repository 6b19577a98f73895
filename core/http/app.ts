import Router from "@koa/router";
import type { AddressList } from "@thruway/sdk";
import Koa from "koa";
import type { Logger } from "pino";
import { Refusal } from "../errors.ts";
import type { IngestDependencies } from "../ingest/ingest.ts";
import type { ReceiveLimits } from "../ingest/receive.ts";
import type { Replayer } from "../ingest/replay.ts";
import type { SourceTester } from "../ingest/test-source.ts";
import type { Plugins } from "../registry/plugins.ts";
import type { Sources } from "../sources/sources.ts";
import type { Store } from "../store/ports.ts";
import type { Middleware, State } from "./context.ts";
import { answerErrors } from "./middleware/answer-errors.ts";
import { authorize } from "./middleware/authorize.ts";
import { endConnections } from "./middleware/end-connections.ts";
import { identifyRequest } from "./middleware/identify-request.ts";
import { readBody } from "./middleware/read-body.ts";
import { requireHost } from "./middleware/require-host.ts";
import { requireTarget } from "./middleware/require-target.ts";
import { deliveryRoutes } from "./routes/deliveries.ts";
import { healthRoutes } from "./routes/health.ts";
import { incidentRoutes } from "./routes/incidents.ts";
import { answerChallenge, ingestRoute } from "./routes/ingest.ts";
import { pluginRoutes } from "./routes/plugins.ts";
import { queueRoutes } from "./routes/queue.ts";
import { webhookRoutes } from "./routes/webhooks.ts";

export interface AppDependencies {
  readonly store: Store;
  readonly sources: Sources;
  /** Resolves once what is stored of the sources is known here. */
  readonly refreshSources: () => Promise<void>;
  readonly plugins: Plugins;
  readonly ingest: IngestDependencies;
  readonly testSource: SourceTester;
  readonly replay: Replayer;
  readonly limits: ReceiveLimits;
  /** Whose `X-Forwarded-For` is believed. */
  readonly proxies: AddressList;
  readonly log: Logger;
  readonly now: () => Date;
  readonly isStopping: () => boolean;
}

/** The gateway's HTTP interface: the list of middleware, then the routes, vendors' first. */
export function createApp(deps: AppDependencies): Koa<State> {
  const { store, log, proxies } = deps;
  const router = new Router<State>();
  const manage = [authorize(store.tokens), readBody()];

  ingestRoute(router, deps.ingest, deps.limits, proxies);
  webhookRoutes(router, manage, { ...deps, challenge: answerChallenge(deps.ingest, proxies) });
  incidentRoutes(router, manage, store.incidents);
  deliveryRoutes(router, manage, store.deliveries, deps.replay);
  queueRoutes(router, manage, { ...store, now: deps.now });
  pluginRoutes(router, manage, deps.plugins);
  healthRoutes(router, store, deps.isStopping);

  const app = new Koa<State>();
  app.use(identifyRequest(deps.now));
  app.use(endConnections(deps.isStopping));
  app.use(answerErrors(log));
  app.use(requireTarget);
  app.use(requireHost);
  app.use(router.routes());
  app.use(refuseRest);
  // A peer that hangs up while it is answered is its own affair, not an error of ours.
  app.on("error", (error: NodeJS.ErrnoException) => {
    if (!gone.has(error.code ?? "")) log.error({ err: error }, "Request failed");
  });
  return app;
}

const gone = new Set(["ECONNRESET", "EPIPE", "ECANCELED", "ERR_STREAM_PREMATURE_CLOSE"]);

const refuseRest: Middleware = (ctx) => {
  const matched: readonly { readonly methods: readonly string[] }[] = ctx.matched ?? [];
  const methods = [...new Set(matched.flatMap((layer) => layer.methods))];
  if (methods.length === 0) throw new Refusal("not_found");
  ctx.set("allow", methods.join(", "));
  throw new Refusal("method_not_allowed", {
    message: `Method ${ctx.method} is not allowed here; use ${methods.join(", ")}`,
  });
};
