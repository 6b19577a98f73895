/** The gateway as a process: open, wire, serve, and close in reverse. */
import { tokenRecord } from "./access/api-token.ts";
import { compose, HANDLER, REFUSALS, SOURCES, WORKER } from "./compose.ts";
import { readKeyring } from "./config/keyring.ts";
import type { Settings } from "./config/settings.ts";
import { watchConfig } from "./config/watch-config.ts";
import { serve } from "./http/server.ts";
import { loadPlugins } from "./registry/plugins.ts";
import { openStore } from "./store/open.ts";
import { createLog } from "./telemetry/log.ts";

export interface Gateway {
  /** Where it listens: `http://127.0.0.1:8080`. */
  readonly url: string;
  /** Answers what is in flight, makes the rest durable, and releases everything. */
  close(): Promise<void>;
}

type Close = () => Promise<void> | void;

/** @throws {UserError} with the one line that says what to mend; what was opened before is closed again */
export async function startGateway(settings: Settings, env: NodeJS.ProcessEnv = process.env): Promise<Gateway> {
  const closing: Close[] = [];
  let stopping = false;
  const now = (): Date => new Date();

  async function close(): Promise<void> {
    stopping = true;
    for (let step = closing.pop(); step !== undefined; step = closing.pop()) await step();
  }

  try {
    const log = createLog(settings.logLevel);
    closing.push(() => flushed(log));

    const plugins = await loadPlugins(settings.pluginsFile);
    const keyring = await readKeyring(settings);
    for (const file of keyring.made) log.info({ file }, "Made on the first start; keep it, and keep it secret");

    const store = await openStore(settings.storeUrl);
    closing.push(() => store.close());
    await store.tokens.put(tokenRecord(keyring.adminToken, "admin", now()));

    const wired = compose({
      settings,
      log,
      store,
      plugins,
      masterKey: keyring.masterKey,
      now,
      isStopping: () => stopping,
    });
    const sources = wired.resolve(SOURCES);
    for (const { source, problem } of await sources.load()) log.error({ source, problem }, "Source takes nothing");
    const watch = await watchConfig(settings, env, sources, log);
    closing.push(() => watch.close());

    closing.push(() => wired.resolve(REFUSALS).close());
    closing.push(() => wired.resolve(WORKER).close());
    wired.resolve(WORKER).wake();

    const server = await serve(wired.resolve(HANDLER), settings);
    closing.push(() => server.close(settings.stopTimeoutMs));
    log.info(
      {
        url: server.url,
        plugins: plugins.all.map(({ name }) => name),
        sources: sources.list().length,
        node: process.version,
      },
      "Thruway takes webhooks",
    );
    return { url: server.url, close };
  } catch (error) {
    await close();
    throw error;
  }
}

function flushed(log: ReturnType<typeof createLog>): Promise<void> {
  return new Promise((resolve) => {
    log.flush(() => resolve());
  });
}

/** Runs a gateway until SIGTERM or SIGINT; a second signal ends it at once. */
export async function runGateway(settings: Settings): Promise<void> {
  // Listened for from the beginning: a signal during the start waits for its end instead of cutting it short.
  const stopped = new Promise<void>((resolve) => {
    const stop = (): void => {
      process.off("SIGTERM", stop).off("SIGINT", stop);
      resolve();
    };
    process.on("SIGTERM", stop).on("SIGINT", stop);
  });
  const gateway = await startGateway(settings);
  await stopped;
  await gateway.close();
}
