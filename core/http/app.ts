import Router from "@koa/router";
import type { AddressList } from "@thruway/sdk";
import Koa from "koa";
import { Refusal } from "../errors.ts";
import type { IngestDependencies } from "../ingest/ingest.ts";
import type { ReceiveLimits } from "../ingest/receive.ts";
import type { Replayer } from "../ingest/replay.ts";
import type { SourceTester } from "../ingest/test-source.ts";
import type { Plugins } from "../registry/plugins.ts";
import type { Sources } from "../sources/sources.ts";
import type { Store } from "../store/ports.ts";
import type { Log } from "../telemetry/log.ts";
import type { Middleware, State } from "./context.ts";
import { answerErrors } from "./middleware/answer-errors.ts";
import { authorize } from "./middleware/authorize.ts";
import { endConnections } from "./middleware/end-connections.ts";
import { identifyRequest } from "./middleware/identify-request.ts";
import { observeStrays } from "./middleware/observe-strays.ts";
import { readBody } from "./middleware/read-body.ts";
import { requireHost } from "./middleware/require-host.ts";
import { requireTarget } from "./middleware/require-target.ts";
import { approvalRoutes } from "./routes/approvals.ts";
import { deliveryRoutes } from "./routes/deliveries.ts";
import { gatewayRoutes } from "./routes/gateway.ts";
import { healthRoutes } from "./routes/health.ts";
import { incidentExportRoutes } from "./routes/incident-export.ts";
import { incidentRoutes } from "./routes/incidents.ts";
import { answerChallenge, ingestRoute } from "./routes/ingest.ts";
import { logRoutes } from "./routes/logs.ts";
import { type MetricsPage, metricsRoute } from "./routes/metrics.ts";
import { type PlaybookRoutesDependencies, playbookRoutes } from "./routes/playbooks.ts";
import { pluginRoutes } from "./routes/plugins.ts";
import { queueRoutes } from "./routes/queue.ts";
import { triageRoutes } from "./routes/triage.ts";
import { webhookRoutes } from "./routes/webhooks.ts";

export interface AppDependencies extends WorkAppDependencies {
  readonly sources: Sources;
  /** Resolves once what is stored of the sources is known here. */
  readonly refreshSources: () => Promise<void>;
  readonly plugins: Plugins;
  readonly ingest: IngestDependencies;
  readonly testSource: SourceTester;
  readonly replay: Replayer;
  readonly playbooks: Omit<PlaybookRoutesDependencies, "store" | "now">;
  /** Told that a run is due. */
  readonly wakeTriage: () => void;
  readonly limits: ReceiveLimits;
  /** Whose `X-Forwarded-For` is believed. */
  readonly proxies: AddressList;
  /** Where a trace is looked at. */
  readonly traceUrl?: string | undefined;
  /** Where the files of the log are; `undefined` where none are kept. */
  readonly logFolder: string | undefined;
}

/** What a process needs to be watched. */
export interface WorkAppDependencies {
  readonly store: Store;
  readonly metrics: MetricsPage;
  readonly log: Log;
  readonly now: () => Date;
  readonly isStopping: () => boolean;
}

/** The gateway's HTTP interface: the list of middleware, then the routes, vendors' first. */
export function createApp(deps: AppDependencies): Koa<State> {
  const { store, proxies, log, now } = deps;
  const router = new Router<State>();
  const manage = [authorize(store.tokens), readBody()];

  ingestRoute(router, deps.ingest, deps.limits, proxies, deps.testSource);
  webhookRoutes(router, manage, {
    ...deps,
    challenge: answerChallenge(deps.ingest, proxies),
    log: log.audit,
  });
  incidentExportRoutes(router, manage, store.incidents);
  incidentRoutes(router, manage, { ...deps, incidents: store.incidents });
  deliveryRoutes(router, manage, { ...deps, deliveries: store.deliveries });
  triageRoutes(router, manage, {
    ...deps.playbooks,
    store: store.triage,
    incidents: store.incidents,
    onStarted: deps.wakeTriage,
    now,
  });
  playbookRoutes(router, manage, { store: store.triage, ...deps.playbooks, now });
  approvalRoutes(router, manage, { store: store.triage, onDecided: deps.wakeTriage, now });
  queueRoutes(router, manage, { ...store, now });
  pluginRoutes(router, manage, deps.plugins);
  logRoutes(router, manage, deps);
  gatewayRoutes(router, manage, deps.now);
  watchRoutes(router, deps);
  return appOf(router, deps, observeStrays(deps.ingest));
}

/** What a process answers that only works off the queue: whether it lives, and what it has counted. */
export function createWorkApp(deps: WorkAppDependencies): Koa<State> {
  const router = new Router<State>();
  watchRoutes(router, deps);
  return appOf(router, deps);
}

function watchRoutes(router: Router<State>, { store, metrics, isStopping }: WorkAppDependencies): void {
  healthRoutes(router, store, isStopping);
  metricsRoute(router, authorize(store.tokens), metrics);
}

function appOf(router: Router<State>, deps: WorkAppDependencies, ...rings: readonly Middleware[]): Koa<State> {
  const { log } = deps;
  const app = new Koa<State>();
  app.use(identifyRequest(deps.now));
  app.use(endConnections(deps.isStopping));
  app.use(answerErrors(log));
  app.use(requireTarget);
  for (const ring of rings) app.use(ring);
  app.use(requireHost);
  app.use(router.routes());
  app.use(refuseRest);
  // A peer that hangs up while it is answered is its own affair, not an error of ours.
  app.on("error", (error: NodeJS.ErrnoException) => {
    if (!gone.has(error.code ?? "")) log.gateway.error({ err: error }, "Request failed");
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
