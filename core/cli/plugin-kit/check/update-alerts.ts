import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Plugin } from "@thruway/sdk";
import {
  alertsFile,
  type Made,
  mapSample,
  optionsFor,
  plain,
  readSamples,
  resultFault,
  type SampleOptions,
} from "@thruway/sdk/testing";

/**
 * Writes down what a plugin makes of its samples, where that is sound and not written down yet. What is refused or malformed
 * stays as it was: a check says so.
 *
 * @returns the files that were written, from the plugin's folder
 */
export function updateAlerts(plugin: Plugin, folder: string, options: SampleOptions): readonly string[] {
  const samples = join(folder, "samples");
  if (!existsSync(samples)) return [];
  return readSamples(samples).flatMap((sample) => {
    const made = madeOf(plugin, sample.body, optionsFor(sample, options));
    if (made === undefined) return [];
    const file = join(samples, alertsFile(sample));
    const text = `${JSON.stringify(made, null, 2)}\n`;
    if (existsSync(file) && isSame(readFileSync(file, "utf8"), made)) return [];
    writeFileSync(file, text);
    return [join("samples", alertsFile(sample))];
  });
}

function madeOf(plugin: Plugin, body: Uint8Array, options: SampleOptions): Made | undefined {
  try {
    const made = plain(mapSample(plugin, body, options));
    return resultFault(made) === undefined ? made : undefined;
  } catch {
    return undefined;
  }
}

/** However it is written: a file that says the same stays as its author formatted it. */
function isSame(text: string, made: Made): boolean {
  return JSON.stringify(JSON.parse(text)) === JSON.stringify(made);
}
