/** The gateway as a process: open, wire, serve, and close in reverse. */
import type { Logger } from "pino";
import { tokenRecord } from "./access/api-token.ts";
import {
  compose,
  type DependencyContainer,
  HANDLER,
  type Opened,
  REFUSALS,
  SOURCE_WATCH,
  SOURCES,
  SWEEPER,
  WORKER,
} from "./compose.ts";
import { type Keyring, readKeyring, readMasterKey } from "./config/keyring.ts";
import type { Settings } from "./config/settings.ts";
import { watchConfig } from "./config/watch-config.ts";
import { serve } from "./http/server.ts";
import { loadPlugins } from "./registry/plugins.ts";
import type { SourceView } from "./sources/sources.ts";
import { openGatewayStore } from "./store/open.ts";
import { alone, type Host } from "./supervise/host.ts";
import { createLog, flushed } from "./telemetry/log.ts";

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

/** What a process can be given instead of what its settings name, or of what reaches out of this machine. */
export type Ports = Partial<Pick<Opened, "plugins" | "httpGet">>;

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
      log.info({ url: server.url, ...about }, "Thruway takes webhooks");
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
    ({ log, about }) => {
      log.info({ ...about }, "Thruway works off the queue");
      return Promise.resolve({});
    },
  );
}

/** What is open when a process begins to do what it is for. */
interface Started {
  readonly wired: DependencyContainer;
  readonly log: Logger;
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
    const log = createLog(settings.logLevel, host.logged);
    closing.push(() => flushed(log));

    const plugins = ports.plugins ?? (await loadPlugins(settings.pluginsFile));
    const keyring = await keys();
    for (const file of keyring.made) log.info({ file }, "Made on the first start; keep it, and keep it secret");

    const store = await openGatewayStore(settings, log, now);
    closing.push(() => store.close());
    const { adminToken } = keyring;
    if (adminToken !== undefined) await store.tokens.put(tokenRecord(adminToken, "admin", now()));

    const wired = compose({
      ...ports,
      settings,
      log,
      store,
      plugins,
      masterKey: keyring.masterKey,
      flights: host.openFlights(log),
      now,
      isStopping: () => stopping,
    });
    const sources = wired.resolve(SOURCES);
    for (const { source, problem } of await sources.load()) log.error({ source, problem }, "Source takes nothing");
    const sweeper = wired.resolve(SWEEPER);
    closing.push(() => sweeper.close());
    const watch = await watchConfig(settings, env, { sources, sweeper, log });
    closing.push(() => watch.close());
    // From now on, also where nobody asks for it: a worker hears of sources by nothing else.
    const sourceWatch = wired.resolve(SOURCE_WATCH);
    closing.push(() => sourceWatch.close());

    closing.push(await host.recover(store, log, now));
    closing.push(() => wired.resolve(REFUSALS).close());
    closing.push(() => wired.resolve(WORKER).close());
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
