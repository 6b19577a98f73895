/** The gateway as a process: open, wire, serve, and close in reverse. */
import { tokenRecord } from "./access/api-token.ts";
import {
  compose,
  type DependencyContainer,
  FEED,
  HANDLER,
  OBSERVE,
  type Opened,
  OUTSIDE,
  REFUSALS,
  SENDER,
  SHARED_METRICS,
  SOURCE_WATCH,
  SOURCES,
  SWEEPER,
  TRIAGE,
  TRIAGE_WATCH,
  WORK_HANDLER,
  WORKER,
} from "./compose.ts";
import { type Keyring, readKeyring, readMasterKey } from "./config/keyring.ts";
import type { Settings } from "./config/settings.ts";
import { readFeeds, watchConfig } from "./config/watch-config.ts";
import { serve } from "./http/server.ts";
import { loadPlugins } from "./registry/plugins.ts";
import type { SourceView } from "./sources/sources.ts";
import { openGatewayStore } from "./store/open.ts";
import type { StoreWatch } from "./store/watch.ts";
import { alone, type Host } from "./supervise/host.ts";
import { createLog, type Destination, type Log } from "./telemetry/log.ts";
import { createMeter, noMeter } from "./telemetry/meter.ts";
import { startTracing } from "./telemetry/tracing.ts";
import { feedsIn } from "./triage/outside.ts";

export interface Running {
  /** Answers what is in flight, makes the rest durable, and releases everything. */
  close(): Promise<void>;
}

export interface Gateway extends Running {
  /** Where it listens: `http://127.0.0.1:8080`. */
  readonly url: string;
  /** Compiles the stored sources anew, after a plugin was replaced. Gives those that take nothing until they are mended. */
  recompileSources(): readonly SourceView[];
}

type Close = () => Promise<void> | void;

/** What a process can be given instead of what its settings name, or of what reaches out of it. */
export interface Ports extends Partial<Pick<Opened, "plugins" | "httpGet">> {
  /** Where the log goes instead of standard output. */
  readonly logOutput?: Destination;
}

/** @throws {UserError} with the one line that says what to mend; what was opened before is closed again */
export function startGateway(
  settings: Settings,
  env: NodeJS.ProcessEnv = process.env,
  host: Host = alone,
  ports: Ports = {},
): Promise<Gateway> {
  return start(
    settings,
    { env, host, ports },
    () => readKeyring(settings),
    async ({ wired, log, about, closing }) => {
      const server = await serve(wired.resolve(HANDLER), settings, host.connections);
      closing.push(() => server.close(settings.stopTimeoutMs));
      log.gateway.info({ url: server.url, ...about }, "Thruway takes webhooks");
      return { url: server.url, recompileSources: () => wired.resolve(SOURCES).recompile() };
    },
  );
}

/** A process that only works off the queue, beside gateways on the same store. @throws {UserError} as `startGateway` does */
export function startWorkerProcess(
  settings: Settings,
  env: NodeJS.ProcessEnv = process.env,
  host: Host = alone,
): Promise<Running> {
  return start(
    { ...settings, work: true },
    { env, host, ports: {} },
    () => readMasterKey(settings),
    async ({ wired, log, about, closing }) => {
      const { workPort: port } = settings;
      let url: string | null = null;
      if (port !== undefined) {
        const server = await serve(wired.resolve(WORK_HANDLER), { ...settings, port }, host.connections);
        closing.push(() => server.close(settings.stopTimeoutMs));
        url = server.url;
      }
      log.gateway.info({ url, ...about }, "Thruway works off the queue");
      return {};
    },
  );
}

/** What is open when a process begins to do what it is for. */
interface Started {
  readonly wired: DependencyContainer;
  readonly log: Log;
  /** For the line that says so. */
  readonly about: object;
  readonly closing: Close[];
}

/** What a process starts in. */
interface Around {
  readonly env: NodeJS.ProcessEnv;
  readonly host: Host;
  readonly ports: Ports;
}

async function start<Does>(
  settings: Settings,
  { env, host, ports }: Around,
  keys: () => Promise<Pick<Keyring, "masterKey" | "made"> & Partial<Keyring>>,
  begin: (started: Started) => Promise<Does>,
): Promise<Does & Running> {
  const closing: Close[] = [];
  let stopping = false;
  const now = (): Date => new Date();

  async function close(): Promise<void> {
    stopping = true;
    for (let step = closing.pop(); step !== undefined; step = closing.pop()) await step();
  }

  try {
    const log = createLog(settings, host.logged, ports.logOutput);
    closing.push(() => log.close());

    const plugins = ports.plugins ?? (await loadPlugins(settings.pluginsFile));
    const keyring = await keys();
    for (const file of keyring.made) log.audit.info({ file }, "Made on the first start; keep it, and keep it secret");

    const metrics = settings.metrics === "off" ? noMeter : createMeter(Date.now);
    const tracing = await startTracing(settings, env, log.gateway, { now, clock: () => performance.now() });
    closing.push(() => tracing.close());
    const storeWatch: StoreWatch = {
      onSharedWrite(write) {
        metrics.onSharedWrite(write);
        tracing.onSharedWrite(write);
      },
      onForwarded: metrics.onForwarded,
    };
    const store = await openGatewayStore(settings, log.store, now, storeWatch, tracing);
    closing.push(() => store.close());
    // What waits in the spool may be forwarded before the configuration file is taken.
    await store.feed.follow(await readFeeds(settings, env));
    const { adminToken } = keyring;
    if (adminToken !== undefined) await store.tokens.put(tokenRecord(adminToken, "admin", now()));

    const wired = compose({
      ...ports,
      settings,
      log,
      tracing,
      store,
      plugins,
      masterKey: keyring.masterKey,
      flights: host.openFlights(log.webhook),
      metrics,
      shareMetrics: host.shareMetrics,
      now,
      isStopping: () => stopping,
    });
    const sources = wired.resolve(SOURCES);
    for (const { source, problem } of await sources.load())
      log.gateway.error({ source, problem }, "Source takes nothing");
    const shared = wired.resolve(SHARED_METRICS);
    closing.push(() => shared.close());
    const sweeper = wired.resolve(SWEEPER);
    closing.push(() => sweeper.close());
    const watch = await watchConfig(settings, env, {
      ...{ sources, sweeper, log: log.gateway },
      async reach(outside) {
        wired.resolve(OUTSIDE).current = outside;
        await store.feed.follow(feedsIn(outside).length > 0);
      },
    });
    closing.push(() => watch.close());
    // From now on, also where nobody asks for it: a worker hears of sources by nothing else.
    const sourceWatch = wired.resolve(SOURCE_WATCH);
    closing.push(() => sourceWatch.close());

    const observe = wired.resolve(OBSERVE);
    closing.push(await host.recover({ store, log: log.webhook, now, observe, tracing }));
    closing.push(() => wired.resolve(REFUSALS).close());
    const triageWatch = wired.resolve(TRIAGE_WATCH);
    closing.push(() => triageWatch.close());
    await triageWatch.refresh();
    closing.push(() => wired.resolve(SENDER).close());
    closing.push(() => wired.resolve(FEED).close());
    closing.push(() => wired.resolve(TRIAGE).close());
    closing.push(() => wired.resolve(WORKER).close());
    wired.resolve(TRIAGE).wake();
    wired.resolve(SENDER).wake();
    wired.resolve(FEED).wake();
    wired.resolve(WORKER).wake();

    const about = {
      plugins: plugins.all.map(({ name }) => name),
      sources: sources.list().length,
      node: process.version,
    };
    return { ...(await begin({ wired, log, about, closing })), close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Runs a gateway until its host stops it. */
export function runGateway(settings: Settings, host: Host = alone): Promise<void> {
  return untilStopped(host, () => startGateway(settings, process.env, host));
}

/** Runs a process that works off the queue until its host stops it. */
export function runWorker(settings: Settings, host: Host = alone): Promise<void> {
  return untilStopped(host, () => startWorkerProcess(settings, process.env, host));
}

async function untilStopped(host: Host, start: () => Promise<Running>): Promise<void> {
  // From the beginning: a signal during the start waits for its end instead of cutting it short.
  const stopped = host.stopped();
  try {
    const started = await start();
    host.ready();
    await stopped;
    await started.close();
  } finally {
    host.end();
  }
}
