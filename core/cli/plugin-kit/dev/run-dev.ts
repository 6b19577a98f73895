import { relative } from "node:path";
import type { Plugin } from "@thruway/sdk";
import { mapSample, type Sample } from "@thruway/sdk/testing";
import { messageOf, UserError } from "../../../errors.ts";
import { loadPlugin } from "../../../registry/load.ts";
import { type Located, locateNamed } from "../../../registry/locate.ts";
import { reloading } from "../../../registry/reload.ts";
import type { Cli } from "../../cli.ts";
import { registrationOf, type SampleSource, sampleSource, sendSample } from "../../sample-source.ts";
import type { ShownDelivery } from "../../shown-delivery.ts";
import { stopSignal } from "../../stop-signal.ts";
import { type ThrowAway, throwAwayGateway } from "../../throw-away.ts";
import type { Options } from "../../values.ts";
import { samplesOf } from "../check/check-plugin.ts";
import { sendingScript } from "./curl.ts";
import type { Journey, Tell } from "./events.ts";
import { bodyOf, follow } from "./follow.ts";
import { readKeys } from "./keys.ts";
import { type Replaceable, replaceable } from "./replaceable.ts";
import { retell } from "./retell.ts";
import { stateOf, watchFiles } from "./watch-files.ts";

/** How a plugin is to be run. */
export interface DevOptions {
  /** The source's name. */
  readonly source: string;
  /** Left out, one is made up. */
  readonly secret?: string;
  readonly options?: Options;
  readonly port?: string;
}

/** Everything that is there while it runs. */
interface Dev {
  readonly located: Located;
  readonly plugins: Replaceable;
  readonly source: SampleSource;
  readonly own: ThrowAway;
  readonly tell: Tell;
  readonly cli: Cli;
}

/**
 * Runs a plugin in a gateway of its own until Ctrl-C: takes every change of its modules without a restart, and tells the story
 * of each delivery.
 *
 * @throws {UserError} for a plugin that does not load at the start
 */
export async function runDev(path: string, wanted: DevOptions, cli: Cli, tell: Tell): Promise<void> {
  const stop = stopSignal();
  const ended = new AbortController();
  const located = locateNamed(path, process.cwd());
  const modules = reloading(located.folder);
  try {
    const load = (): Promise<Plugin> => loadPlugin(located, modules.fresh(located.url));
    const loaded = await stateOf(located.folder);
    const plugins = replaceable(await load());
    const env = wanted.port === undefined ? cli.env : { ...cli.env, TW_PORT: wanted.port };
    const own = await throwAwayGateway(env, false, { plugins });
    try {
      const source = sampleSource(wanted.source, plugins.current, wanted.options, wanted.secret);
      const dev: Dev = { located, plugins, source, own, tell, cli };
      await own.api.post("/api/webhooks", registrationOf(source, plugins.current));
      begin(dev, wanted.secret === undefined);
      const failed = Promise.all([
        follow(own.api, ended.signal, (delivery) => show(delivery, dev)),
        watchFiles(located.folder, loaded, ended.signal, () => reload(dev, load)),
      ]);
      await untilStopped(dev, [stop.received, failed]);
      ended.abort();
      await failed;
    } finally {
      ended.abort();
      await own.close();
    }
  } finally {
    modules.close();
    stop.forget();
  }
}

/** Until a signal or a key ends it, or something fails that must not. */
async function untilStopped(dev: Dev, ends: readonly Promise<unknown>[]): Promise<void> {
  const stopped = Promise.withResolvers<void>();
  const keys = readKeys(dev.cli, {
    onSend: () => void sendAll(dev),
    onStop: () => stopped.resolve(),
  });
  try {
    await Promise.race([stopped.promise, ...ends]);
  } finally {
    keys.close();
  }
}

function begin({ located, plugins, source, own, tell, cli }: Dev, isMadeUp: boolean): void {
  const plugin = plugins.current;
  const sample = firstAlert(plugin, ownSamples(located, source), source.options);
  const bytes = sample?.body ?? Buffer.from(JSON.stringify(plugin.example));
  const body =
    sample === undefined
      ? { text: bytes.toString() }
      : { file: relative(process.cwd(), `${located.folder}/samples/${sample.name}.json`) };
  tell({
    event: "listening",
    url: own.gateway.url,
    plugin: plugin.name,
    source: source.name,
    secret: isMadeUp ? source.secret : null,
    script: sendingScript({ gatewayUrl: own.gateway.url, source, plugin, body, bytes, at: cli.now() }),
  });
}

/** Those of sources with this one's preset, or without one. */
function ownSamples(located: Located, { options }: SampleSource): readonly Sample[] {
  return samplesOf(located).filter(({ preset }) => preset === options.preset);
}

/** One that shows more than an event that is ignored. */
function firstAlert(plugin: Plugin, samples: readonly Sample[], options: Options): Sample | undefined {
  return samples.find(({ body }) => {
    try {
      return Array.isArray(mapSample(plugin, body, options));
    } catch {
      return false;
    }
  });
}

async function sendAll({ located, plugins, source, own, tell, cli }: Dev): Promise<void> {
  try {
    const samples = ownSamples(located, source);
    for (const { body } of samples) await sendSample(own.gateway.url, source, plugins.current, body, cli.now());
    tell({ event: "sent", samples: samples.length });
  } catch (error) {
    tell({ event: "not_sent", message: messageOf(error) });
  }
}

async function reload({ plugins, own, tell }: Dev, load: () => Promise<Plugin>): Promise<void> {
  try {
    const plugin = await load();
    const { name } = plugins.current;
    if (plugin.name !== name) {
      throw new UserError(`"${name}" is now named "${plugin.name}"; end this and start again`);
    }
    plugins.replace(plugin);
    const [broken] = own.gateway.recompileSources();
    tell({ event: "reloaded", plugin: name, ...(broken?.problem !== undefined && { problem: broken.problem }) });
  } catch (error) {
    tell({ event: "not_reloaded", message: messageOf(error) });
  }
}

async function show(delivery: ShownDelivery, { located, plugins, source, own, tell }: Dev): Promise<void> {
  const body = await bodyOf(delivery, own.api);
  const told =
    body === undefined
      ? undefined
      : retell(plugins.current, body, {
          source: source.name,
          options: source.options,
          receivedAt: new Date(delivery.received_at),
          contentType: delivery.content_type,
          folder: located.folder,
        });
  tell({ event: "delivery", delivery: { ...journeyOf(delivery), ...(told && { told }) } });
}

function journeyOf(delivery: ShownDelivery): Journey {
  const { id, received_at, outcome, code, reason, details, stages, incidents } = delivery;
  return {
    id,
    received_at,
    outcome,
    code,
    reason,
    details: details ?? [],
    stages,
    incidents: incidents.map(({ incident_number: number }) => number),
  };
}
