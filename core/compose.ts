/** The composition root: the only file that registers anything. It reads as the architecture. */
import "reflect-metadata";
import type { RequestListener } from "node:http";
import { addressList, type Fetch } from "@thruway/sdk";
import type { Logger } from "pino";
import { RateLimiterMemory } from "rate-limiter-flexible";
import { container, type DependencyContainer, type InjectionToken, instanceCachingFactory } from "tsyringe";
import type { Settings } from "./config/settings.ts";
import { createApp } from "./http/app.ts";
import type { Flights } from "./ingest/flights.ts";
import type { IngestDependencies } from "./ingest/ingest.ts";
import type { Observe } from "./ingest/observe.ts";
import { type RefusalRecorder, recordRefusals } from "./ingest/refusals.ts";
import { type Replayer, replay } from "./ingest/replay.ts";
import { type SourceTester, sourceTester } from "./ingest/test-source.ts";
import { noWorker, type QueueWorker, startWorker } from "./ingest/work.ts";
import { type HttpGet, httpGet } from "./outbound/http-get.ts";
import { rememberingFetch } from "./outbound/remembering-fetch.ts";
import type { Plugins } from "./registry/plugins.ts";
import { type Sweeper, startSweeper } from "./retention/sweep.ts";
import { type Sealer, sealer } from "./sources/seal.ts";
import { Sources } from "./sources/sources.ts";
import { type SourceWatch, watchSources } from "./sources/watch-sources.ts";
import type { Store } from "./store/ports.ts";
import { token } from "./token.ts";

export const SETTINGS = token<Settings>("Settings");
export const LOG = token<Logger>("Log");
export const NOW = token<() => Date>("Now");
export const STORE = token<Store>("Store");
export const PLUGINS = token<Plugins>("Plugins");
export const FLIGHTS = token<Flights>("Flights");
export const STOPPING = token<() => boolean>("Stopping");
export const OBSERVE = token<Observe>("Observe");
export const FETCH = token<Fetch>("Fetch");
export const SEALER = token<Sealer>("Sealer");
export const SOURCES = token<Sources>("Sources");
export const SOURCE_WATCH = token<SourceWatch>("SourceWatch");
export const REFUSALS = token<RefusalRecorder>("Refusals");
export const WORKER = token<QueueWorker>("Worker");
export const SWEEPER = token<Sweeper>("Sweeper");
export const INGEST = token<IngestDependencies>("Ingest");
export const REPLAY = token<Replayer>("Replay");
export const TEST_SOURCE = token<SourceTester>("TestSource");
export const HANDLER = token<RequestListener>("Handler");

/** What has to be opened before anything can be composed. */
export interface Opened {
  readonly settings: Settings;
  readonly log: Logger;
  readonly store: Store;
  readonly plugins: Plugins;
  readonly masterKey: Buffer;
  readonly flights: Flights;
  readonly now: () => Date;
  readonly isStopping: () => boolean;
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
  value(STOPPING, opened.isStopping);

  made(OBSERVE, () => () => {});
  made(FETCH, (c) => rememberingFetch({ get: opened.httpGet ?? httpGet(), now: c.resolve(NOW), log: c.resolve(LOG) }));
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
      log: c.resolve(LOG),
      clock: () => performance.now(),
    }),
  );
  made(REFUSALS, (c) => recordRefusals(c.resolve(STORE).deliveries, c.resolve(LOG)));
  made(WORKER, (c) => {
    if (!c.resolve(SETTINGS).work) return noWorker;
    return startWorker({
      queue: c.resolve(STORE).queue,
      commits: c.resolve(STORE).commits,
      sources: c.resolve(SOURCES),
      plugins: c.resolve(PLUGINS),
      flights: c.resolve(FLIGHTS),
      leaseMs: c.resolve(SETTINGS).queueLeaseMs,
      observe: c.resolve(OBSERVE),
      log: c.resolve(LOG),
      now: c.resolve(NOW),
      clock: () => performance.now(),
      random: Math.random,
    });
  });
  made(SWEEPER, (c) =>
    startSweeper({
      deliveries: c.resolve(STORE).deliveries,
      incidents: c.resolve(STORE).incidents,
      log: c.resolve(LOG),
      now: c.resolve(NOW),
      clock: () => performance.now(),
    }),
  );
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
    log: c.resolve(LOG),
    now: c.resolve(NOW),
    clock: () => performance.now(),
  }));
  made(REPLAY, (c) => {
    const { deliveries, queue } = c.resolve(STORE);
    const onQueued = (): void => c.resolve(WORKER).wake();
    return (id) => replay(id, { deliveries, queue, onQueued, log: c.resolve(LOG), now: c.resolve(NOW) });
  });
  made(TEST_SOURCE, (c) => sourceTester({ ...c.resolve(INGEST), find: (name) => c.resolve(SOURCES).find(name) }));
  made(HANDLER, (c) => {
    const { maxBodyBytes, receiveTimeoutMs, trustedProxies } = c.resolve(SETTINGS);
    const app = createApp({
      store: c.resolve(STORE),
      sources: c.resolve(SOURCES),
      plugins: c.resolve(PLUGINS),
      ingest: c.resolve(INGEST),
      refreshSources: () => c.resolve(SOURCE_WATCH).refresh(),
      testSource: c.resolve(TEST_SOURCE),
      replay: c.resolve(REPLAY),
      limits: { maxBodyBytes, timeoutMs: receiveTimeoutMs },
      proxies: addressList(trustedProxies),
      log: c.resolve(LOG),
      now: c.resolve(NOW),
      isStopping: c.resolve(STOPPING),
    });
    const handle = app.callback();
    return (request, response) => void handle(request, response);
  });
  return c;
}
