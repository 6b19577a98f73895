import { existsSync } from "node:fs";
import { join } from "node:path";
import { type Plugin, PluginError } from "@thruway/sdk";
import { CheckFailure, type CheckOptions, checks, readSamples, type Sample } from "@thruway/sdk/testing";
import { messageOf, UserError } from "../../../errors.ts";
import { loadPlugin } from "../../../registry/load.ts";
import { type Located, locateNamed } from "../../../registry/locate.ts";
import { placeIn } from "../../../registry/place.ts";
import { updateAlerts } from "./update-alerts.ts";

/** What came of one check. */
export interface CheckResult {
  readonly name: string;
  readonly ok: boolean;
  /** One sentence. */
  readonly wrong?: string;
  /** Where in the plugin's files: `index.ts:12:5`. */
  readonly place?: string;
  /** What shows it: a difference, or what was done to a payload. */
  readonly details?: readonly string[];
  /** What to do about it. */
  readonly mend?: string;
}

/** What came of a plugin. */
export interface CheckedPlugin {
  /** As it was named. */
  readonly path: string;
  readonly plugin: string | null;
  readonly ok: boolean;
  /** The files of alerts that were written. */
  readonly updated: readonly string[];
  readonly checks: readonly CheckResult[];
}

export interface CheckingOptions extends CheckOptions {
  /** Writes down what the samples become before it is checked. */
  readonly update?: boolean;
}

/** Is told how it goes on. */
export interface Listener {
  began(path: string, plugin: Plugin): void;
  updated(file: string): void;
  checked(result: CheckResult): void;
}

/** Finds a plugin, loads it and runs its checks. What is wrong is in the result, even where it cannot be found. */
export async function checkPlugin(
  path: string,
  { update = false, ...options }: CheckingOptions,
  cwd: string,
  listener: Listener,
): Promise<CheckedPlugin> {
  const results: CheckResult[] = [];
  const note = (result: CheckResult): void => {
    results.push(result);
    listener.checked(result);
  };
  let plugin: Plugin | undefined;
  let updated: readonly string[] = [];
  try {
    const located = locateNamed(path, cwd);
    plugin = await loadPlugin(located);
    listener.began(path, plugin);
    if (update) updated = updateAlerts(plugin, located.folder, options.options ?? {});
    for (const file of updated) listener.updated(file);
    const samples = samplesOf(located);
    for (const { name, run } of checks(plugin, samples, options)) note(await resultOf(name, run, located.folder));
  } catch (error) {
    if (error instanceof UserError) note({ name: "can be loaded", ok: false, wrong: error.message });
    else if (error instanceof PluginError)
      note({ name: "has samples that can be read", ok: false, wrong: error.message });
    else throw error;
  }
  return { path, plugin: plugin?.name ?? null, ok: results.every(({ ok }) => ok), updated, checks: results };
}

export function samplesOf({ folder }: Located): readonly Sample[] {
  const samples = join(folder, "samples");
  return existsSync(samples) ? readSamples(samples) : [];
}

async function resultOf(name: string, run: () => void | Promise<void>, folder: string): Promise<CheckResult> {
  try {
    await run();
    return { name, ok: true };
  } catch (error) {
    const isExplained = error instanceof CheckFailure;
    const place = placeIn(isExplained ? error.cause : error, folder);
    return {
      name,
      ok: false,
      wrong: isExplained ? error.wrong : messageOf(error),
      ...(place !== undefined && { place }),
      ...(isExplained && { details: error.details, mend: error.mend }),
    };
  }
}
