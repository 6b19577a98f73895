import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, isAbsolute, join, resolve } from "node:path";
import type { Plugin } from "@thruway/sdk";
import { optionsFor, readSamples, type Sample, type SampleOptions } from "@thruway/sdk/testing";
import { readSettings } from "../../config/settings.ts";
import type { Answer } from "../../ingest/answer.ts";
import { loadPlugins } from "../../registry/plugins.ts";
import type { Api } from "../client.ts";

/** What became of one sample. */
export interface Delivered {
  readonly source: string;
  readonly sample: string;
  /** What the gateway answered: `accepted`, `ignored`, `queued`, or the code of an error. */
  readonly status: string;
  /** The reason, where it was not accepted. */
  readonly message?: string;
  readonly incident_number?: string;
}

/** Registers a source for every installed plugin and every preset, and sends it their samples, signed as its sender would. */
export async function sendSamples(api: Api, env: NodeJS.ProcessEnv, now: () => Date): Promise<readonly Delivered[]> {
  const { pluginsFile } = readSettings(env);
  const { all } = await loadPlugins(pluginsFile);
  const folders = await sampleFolders(pluginsFile);
  const sent: Delivered[] = [];
  for (const [index, plugin] of all.entries()) {
    const folder = folders[index];
    if (folder === undefined || !existsSync(folder)) continue;
    const byPreset = Map.groupBy(readSamples(folder), ({ preset }) => preset);
    for (const [preset, samples] of byPreset) {
      const send = await register(`demo-${preset ?? plugin.name}`, plugin, optionsFor(samples[0] ?? {}), { api, now });
      for (const sample of samples) sent.push(await send(sample));
    }
  }
  return sent;
}

/** Beside each plugin, in the order of `plugins.json`. */
async function sampleFolders(pluginsFile: string): Promise<readonly string[]> {
  const specifiers: readonly string[] = JSON.parse(await readFile(pluginsFile, "utf8"));
  const require = createRequire(pluginsFile);
  return specifiers.map((specifier) => {
    const local = specifier.startsWith(".") || isAbsolute(specifier);
    const file = local ? resolve(dirname(pluginsFile), specifier) : require.resolve(specifier);
    return join(dirname(file), "samples");
  });
}

async function register(
  source: string,
  plugin: Plugin,
  options: SampleOptions,
  { api, now }: { readonly api: Api; readonly now: () => Date },
): Promise<(sample: Sample) => Promise<Delivered>> {
  const secret = randomBytes(32).toString("hex");
  const scheme = plugin.signature(options);
  const proof =
    scheme.minimumSecretLength > 0 ? { secret, options } : { options: { ...options, allow_unsigned: true } };
  await api.post("/api/webhooks", { source, plugin: plugin.name, ...proof });

  return async ({ name, body }) => {
    const { url, headers } = scheme.sign({ url: `/api/webhooks/${source}`, body }, secret, now());
    const response = await fetch(`${api.url}${url}`, {
      method: "POST",
      headers: { "content-type": "application/json", ...headers },
      body: Uint8Array.from(body),
    });
    return { source, sample: name, ...outcomeOf(await response.json()) };
  };
}

type ErrorAnswer = { readonly error: { readonly code: string; readonly message: string } };

function outcomeOf(answer: unknown): Pick<Delivered, "status" | "message" | "incident_number"> {
  const given = answer as Answer | ErrorAnswer;
  if ("error" in given) return { status: given.error.code, message: given.error.message };
  if (given.status !== "accepted") return { status: given.status, message: given.message };
  const { status, incident_number: number } = given;
  return { status, ...(number !== undefined && { incident_number: number }) };
}
