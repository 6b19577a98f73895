import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Plugin } from "@thruway/sdk";
import { optionsFor, readSamples, type Sample, type SampleOptions } from "@thruway/sdk/testing";
import { readSettings } from "../../config/settings.ts";
import type { Answer } from "../../ingest/answer.ts";
import { loadInstalled } from "../../registry/plugins.ts";
import type { Api } from "../client.ts";
import { registrationOf, sampleSource, sendSample } from "../sample-source.ts";

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
  const sent: Delivered[] = [];
  for (const { plugin, folder } of await loadInstalled(pluginsFile)) {
    const samples = join(folder, "samples");
    if (!existsSync(samples)) continue;
    for (const [preset, own] of Map.groupBy(readSamples(samples), ({ preset }) => preset)) {
      const send = await register(`demo-${preset ?? plugin.name}`, plugin, optionsFor(own[0] ?? {}), { api, now });
      for (const sample of own) sent.push(await send(sample));
    }
  }
  return sent;
}

async function register(
  name: string,
  plugin: Plugin,
  options: SampleOptions,
  { api, now }: { readonly api: Api; readonly now: () => Date },
): Promise<(sample: Sample) => Promise<Delivered>> {
  const source = sampleSource(name, plugin, options);
  await api.post("/api/webhooks", registrationOf(source, plugin));
  return async (sample) => {
    const answer = await sendSample(api.url, source, plugin, sample.body, now());
    return { source: source.name, sample: sample.name, ...outcomeOf(answer) };
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
