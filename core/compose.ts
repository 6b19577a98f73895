/** The composition root: the only file that registers anything. It reads as the architecture. */
import "reflect-metadata";
import type { RequestListener } from "node:http";
import { addressList, type Fetch } from "@thruway/sdk";
import { RateLimiterMemory } from "rate-limiter-flexible";
import { container, type DependencyContainer, type InjectionToken, instanceCachingFactory } from "tsyringe";
import type { Settings } from "./config/settings.ts";
import { createApp, createWorkApp } from "./http/app.ts";
import type { MetricsPage } from "./http/routes/metrics.ts";
import type { Flights } from "./ingest/flights.ts";
import type { IngestDependencies } from "./ingest/ingest.ts";
import type { Observe } from "./ingest/observe.ts";
import { type RefusalRecorder, recordRefusals } from "./ingest/refusals.ts";
import { type Replayer, replay } from "./ingest/replay.ts";
import { testMarks } from "./ingest/test-mark.ts";
import { type SourceTester, sourceTester } from "./ingest/test-source.ts";
import { startWorker } from "./ingest/work.ts";
import { type LeaseWorker, noLeaseWorker } from "./leases.ts";
import { type GuardedSend, guardedSend } from "./outbound/guarded-request.ts";
import { type HttpGet, httpGet } from "./outbound/http-get.ts";
import { httpPost } from "./outbound/http-post.ts";
import { rememberingFetch } from "./outbound/remembering-fetch.ts";
import type { Plugins } from "./registry/plugins.ts";
import { type Sweeper, startSweeper } from "./retention/sweep.ts";
import type { StoredRun } from "./runs/run.ts";
import { type Sealer, sealer } from "./sources/seal.ts";
import { Sources } from "./sources/sources.ts";
import { type SourceWatch, watchSources } from "./sources/watch-sources.ts";
import type { Store } from "./store/ports.ts";
import { exposition } from "./telemetry/exposition.ts";
import type { Log } from "./telemetry/log.ts";
import { logFolder } from "./telemetry/log-files.ts";
import type { Meter } from "./telemetry/meter.ts";
import { merged, type SharedMetrics, type ShareMetrics } from "./telemetry/snapshot.ts";
import { storeFigures } from "./telemetry/store-figures.ts";
import { noTracer, type Tracer } from "./telemetry/tracing.ts";
import { token } from "./token.ts";
import { actionsOf } from "./triage/actions/index.ts";
import type { Actions } from "./triage/compile.ts";
import { startFeed } from "./triage/feed.ts";
import { noOutside, type Outside } from "./triage/outside.ts";
import type { TriagePorts } from "./triage/ports.ts";
import { startSender } from "./triage/send.ts";
import { servicesOf } from "./triage/services.ts";
import { incidentsOf, portsFor } from "./triage/store-ports.ts";
import { tryPlaybook } from "./triage/try.ts";
import { type TriageWatch, watchTriage } from "./triage/watch.ts";
import { startTriage } from "./triage/work.ts";

export const SETTINGS = token<Settings>("Settings");
export const LOG = token<Log>("Log");
export const NOW = token<() => Date>("Now");
export const STORE = token<Store>("Store");
export const PLUGINS = token<Plugins>("Plugins");
export const FLIGHTS = token<Flights>("Flights");
export const STOPPING = token<() => boolean>("Stopping");
export const METRICS = token<Meter>("Metrics");
export const TRACING = token<Tracer>("Tracing");
export const SHARED_METRICS = token<SharedMetrics>("SharedMetrics");
export const METRICS_PAGE = token<MetricsPage>("MetricsPage");
export const OBSERVE = token<Observe>("Observe");
export const FETCH = token<Fetch>("Fetch");
export const SEALER = token<Sealer>("Sealer");
export const SOURCES = token<Sources>("Sources");
export const SOURCE_WATCH = token<SourceWatch>("SourceWatch");
export const REFUSALS = token<RefusalRecorder>("Refusals");
export const WORKER = token<LeaseWorker>("Worker");
export const SWEEPER = token<Sweeper>("Sweeper");
export const OUTSIDE = token<{ current: Outside }>("Outside");
export const GUARDED_SEND = token<GuardedSend>("GuardedSend");
export const ACTIONS = token<Actions>("Actions");
export const TRIAGE_WATCH = token<TriageWatch>("TriageWatch");
export const TRIAGE_PORTS = token<(run: Pick<StoredRun, "incident_id">) => TriagePorts>("TriagePorts");
export const SENDER = token<LeaseWorker>("Sender");
export const FEED = token<LeaseWorker>("Feed");
export const TRIAGE = token<LeaseWorker>("Triage");
export const INGEST = token<IngestDependencies>("Ingest");
export const REPLAY = token<Replayer>("Replay");
export const TEST_SOURCE = token<SourceTester>("TestSource");
export const HANDLER = token<RequestListener>("Handler");
export const WORK_HANDLER = token<RequestListener>("WorkHandler");

/** What has to be opened before anything can be composed. */
export interface Opened {
  readonly settings: Settings;
  readonly log: Log;
  readonly store: Store;
  readonly plugins: Plugins;
  readonly masterKey: Buffer;
  readonly flights: Flights;
  readonly metrics: Meter;
  readonly shareMetrics: ShareMetrics;
  readonly now: () => Date;
  readonly isStopping: () => boolean;
  /** Left out, nothing is traced. */
  readonly tracing?: Tracer;
  /** How vendors are asked; left out, by HTTP. */
  readonly httpGet?: HttpGet;
}

export type { DependencyContainer };

export function compose(opened: Opened): DependencyContainer {
  const c = container.createChildContainer();
  const value = <T>(name: InjectionToken<T>, given: T): unknown => c.register(name, { useValue: given });
  const made = <T>(name: InjectionToken<T>, make: (c: DependencyContainer) => T): unknown =>
    c.register(name, { useFactory: instanceCachingFactory(make) });

  value(SETTINGS, opened.settings);
  value(LOG, opened.log);
  value(NOW, opened.now);
  value(STORE, opened.store);
  value(PLUGINS, opened.plugins);
  value(FLIGHTS, opened.flights);
  value(METRICS, opened.metrics);
  value(STOPPING, opened.isStopping);
  value(TRACING, opened.tracing ?? noTracer);

  made(OBSERVE, (c) => {
    const [tracing, metrics] = [c.resolve(TRACING), c.resolve(METRICS)];
    return (observed) => metrics.observe(tracing.observe(observed));
  });
  made(FETCH, (c) =>
    rememberingFetch({ get: opened.httpGet ?? httpGet(), now: c.resolve(NOW), log: c.resolve(LOG).webhook }),
  );
  made(SEALER, () => sealer(opened.masterKey));
  made(
    SOURCES,
    (c) =>
      new Sources({
        store: c.resolve(STORE).sources,
        plugins: c.resolve(PLUGINS),
        sealer: c.resolve(SEALER),
        now: c.resolve(NOW),
      }),
  );
  made(SOURCE_WATCH, (c) =>
    watchSources({
      sources: c.resolve(SOURCES),
      store: c.resolve(STORE).sources,
      log: c.resolve(LOG).gateway,
      clock: () => performance.now(),
    }),
  );
  made(REFUSALS, (c) => recordRefusals(c.resolve(STORE).deliveries, c.resolve(LOG).webhook));
  made(WORKER, (c) => {
    if (!c.resolve(SETTINGS).work) return noLeaseWorker;
    return startWorker({
      queue: c.resolve(STORE).queue,
      commits: c.resolve(STORE).commits,
      sources: c.resolve(SOURCES),
      plugins: c.resolve(PLUGINS),
      flights: c.resolve(FLIGHTS),
      leaseMs: c.resolve(SETTINGS).queueLeaseMs,
      observe: c.resolve(OBSERVE),
      tracing: c.resolve(TRACING),
      log: c.resolve(LOG).webhook,
      now: c.resolve(NOW),
      clock: () => performance.now(),
      random: Math.random,
    });
  });
  made(SWEEPER, (c) =>
    startSweeper({
      deliveries: c.resolve(STORE).deliveries,
      incidents: c.resolve(STORE).incidents,
      log: c.resolve(LOG).store,
      now: c.resolve(NOW),
      clock: () => performance.now(),
    }),
  );
  value(OUTSIDE, { current: noOutside });
  made(GUARDED_SEND, () => guardedSend());
  made(ACTIONS, (c) => actionsOf(c.resolve(PLUGINS).all));
  made(TRIAGE_WATCH, (c) =>
    watchTriage({
      ...c.resolve(SETTINGS),
      actions: c.resolve(ACTIONS),
      store: c.resolve(STORE).triage,
      log: c.resolve(LOG).triage,
    }),
  );
  made(TRIAGE_PORTS, (c) => {
    const store = c.resolve(STORE);
    const outside = (): Outside => c.resolve(OUTSIDE).current;
    const given = {
      incidents: incidentsOf(store.incidents),
      list: store.incidents,
      triage: store.triage,
      lists: c.resolve(TRIAGE_WATCH).lists,
      services: servicesOf({ outside, send: c.resolve(GUARDED_SEND), now: c.resolve(NOW) }),
      outside,
      now: c.resolve(NOW),
      onPosted: () => c.resolve(SENDER).wake(),
    };
    return (run) => portsFor(run, given);
  });
  made(SENDER, (c) => {
    if (!c.resolve(SETTINGS).work) return noLeaseWorker;
    return startSender({
      store: c.resolve(STORE).triage,
      outside: () => c.resolve(OUTSIDE).current,
      send: c.resolve(GUARDED_SEND),
      leaseMs: c.resolve(SETTINGS).queueLeaseMs,
      log: c.resolve(LOG).triage,
      now: c.resolve(NOW),
      tried: (channel, outcome) => c.resolve(METRICS).messaged(channel, outcome),
      random: Math.random,
    });
  });
  made(FEED, (c) => {
    if (!c.resolve(SETTINGS).work) return noLeaseWorker;
    return startFeed({
      store: c.resolve(STORE).feed,
      outside: () => c.resolve(OUTSIDE).current,
      onPosted: () => c.resolve(SENDER).wake(),
      log: c.resolve(LOG).triage,
      now: c.resolve(NOW),
    });
  });
  made(TRIAGE, (c) => {
    if (!c.resolve(SETTINGS).work) return noLeaseWorker;
    return startTriage({
      store: c.resolve(STORE).triage,
      deliveries: c.resolve(STORE).deliveries,
      portsFor: c.resolve(TRIAGE_PORTS),
      library: c.resolve(TRIAGE_WATCH).library,
      refresh: () => c.resolve(TRIAGE_WATCH).refresh(),
      actions: c.resolve(ACTIONS),
      leaseMs: c.resolve(SETTINGS).queueLeaseMs,
      log: c.resolve(LOG).triage,
      now: c.resolve(NOW),
      clock: () => performance.now(),
      tracing: c.resolve(TRACING),
      triaged: (playbook, outcome) => c.resolve(METRICS).triaged(playbook, outcome),
    });
  });
  made(INGEST, (c) => ({
    sources: c.resolve(SOURCES),
    lookAgain: () => c.resolve(SOURCE_WATCH).lookAgain(),
    plugins: c.resolve(PLUGINS),
    commits: c.resolve(STORE).commits,
    flights: c.resolve(FLIGHTS),
    refusals: c.resolve(REFUSALS),
    refusalLimiter: new RateLimiterMemory({ points: c.resolve(SETTINGS).refusedPerMinute, duration: 60 }),
    fetch: c.resolve(FETCH),
    onQueued: () => c.resolve(WORKER).wake(),
    observe: c.resolve(OBSERVE),
    tracing: c.resolve(TRACING),
    log: c.resolve(LOG).webhook,
    now: c.resolve(NOW),
    clock: () => performance.now(),
  }));
  made(REPLAY, (c) => {
    const { deliveries, queue } = c.resolve(STORE);
    const onQueued = (): void => c.resolve(WORKER).wake();
    const log = c.resolve(LOG).audit;
    return (id, by) => replay(id, { deliveries, queue, onQueued, by, log, now: c.resolve(NOW) });
  });
  made(TEST_SOURCE, (c) =>
    sourceTester({
      ...c.resolve(INGEST),
      find: (name) => c.resolve(SOURCES).find(name),
      refreshSources: () => c.resolve(SOURCE_WATCH).refresh(),
      marks: testMarks(opened.masterKey, c.resolve(NOW)),
      post: httpPost(() => performance.now()),
    }),
  );
  made(SHARED_METRICS, (c) =>
    opened.shareMetrics(() => {
      const sources = c.resolve(SOURCES).list();
      return c.resolve(METRICS).snapshot(sources.map(({ source }) => source));
    }),
  );
  made(METRICS_PAGE, (c) => {
    const ofStore = storeFigures({ store: c.resolve(STORE), now: c.resolve(NOW), clock: () => performance.now() });
    return {
      access: c.resolve(SETTINGS).metrics,
      async write(accept) {
        const [all, store] = await Promise.all([c.resolve(SHARED_METRICS).all(), ofStore()]);
        return exposition(merged([...all, store]), accept);
      },
    };
  });
  made(HANDLER, (c) => {
    const { maxBodyBytes, receiveTimeoutMs, trustedProxies, traceUrl, dataDir, logFiles } = c.resolve(SETTINGS);
    return listenerOf(
      createApp({
        store: c.resolve(STORE),
        sources: c.resolve(SOURCES),
        plugins: c.resolve(PLUGINS),
        ingest: c.resolve(INGEST),
        refreshSources: () => c.resolve(SOURCE_WATCH).refresh(),
        testSource: c.resolve(TEST_SOURCE),
        replay: c.resolve(REPLAY),
        playbooks: {
          library: c.resolve(TRIAGE_WATCH).library,
          refresh: () => c.resolve(TRIAGE_WATCH).refresh(),
          actions: c.resolve(ACTIONS),
          tryPlaybook: (name, on) =>
            tryPlaybook(name, on, {
              portsFor: c.resolve(TRIAGE_PORTS),
              library: c.resolve(TRIAGE_WATCH).library,
              deliveries: c.resolve(STORE).deliveries,
              plugins: c.resolve(PLUGINS),
              log: c.resolve(LOG).triage,
              now: c.resolve(NOW),
              clock: () => performance.now(),
            }),
        },
        wakeTriage: () => c.resolve(TRIAGE).wake(),
        limits: { maxBodyBytes, timeoutMs: receiveTimeoutMs },
        proxies: addressList(trustedProxies),
        traceUrl,
        metrics: c.resolve(METRICS_PAGE),
        log: c.resolve(LOG),
        logFolder: logFiles === 0 ? undefined : logFolder(dataDir),
        now: c.resolve(NOW),
        isStopping: c.resolve(STOPPING),
      }),
    );
  });
  made(WORK_HANDLER, (c) => {
    return listenerOf(
      createWorkApp({
        store: c.resolve(STORE),
        metrics: c.resolve(METRICS_PAGE),
        log: c.resolve(LOG),
        now: c.resolve(NOW),
        isStopping: c.resolve(STOPPING),
      }),
    );
  });
  return c;
}

function listenerOf(app: ReturnType<typeof createWorkApp>): RequestListener {
  const handle = app.callback();
  return (request, response) => void handle(request, response);
}
