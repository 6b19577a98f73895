import { readFile } from "node:fs/promises";
import { dirname } from "node:path";
import type { Plugin } from "@thruway/sdk";
import { messageOf, UserError } from "../errors.ts";
import { loadPlugin } from "./load.ts";
import { type Located, locateListed } from "./locate.ts";

export { auto } from "./load.ts";

export interface Plugins {
  readonly all: readonly Plugin[];
  get(name: string): Plugin | undefined;
  /** The plugin whose declared shape fits the payload best; `undefined` when none does. */
  bestFor(payload: unknown): Plugin | undefined;
}

/** A plugin, and where it came from. */
export interface Installed extends Located {
  readonly plugin: Plugin;
}

/**
 * Loads the plugins that a `plugins.json` lists: paths beside it (`./plugins/splunk/index.ts`) or names of installed packages.
 *
 * @throws {UserError} with one line that says which failed, why, and what was found instead
 */
export async function loadPlugins(file: string): Promise<Plugins> {
  return pluginsOf((await loadInstalled(file)).map(({ plugin }) => plugin));
}

/** The same, with where each came from, in the order of the list. */
export async function loadInstalled(file: string): Promise<readonly Installed[]> {
  const installed: Installed[] = [];
  for (const entry of await readList(file)) {
    const found = await load(entry, file);
    if (installed.some(({ plugin }) => plugin.name === found.plugin.name)) {
      throw new UserError(`${file}: "${entry}" is a second plugin named "${found.plugin.name}"; names must differ`);
    }
    installed.push(found);
  }
  return installed;
}

async function load(entry: string, file: string): Promise<Installed> {
  try {
    const located = locateListed(entry, dirname(file));
    return { ...located, plugin: await loadPlugin(located) };
  } catch (error) {
    if (error instanceof UserError) throw new UserError(`${file}: ${error.message}`, { cause: error.cause });
    throw error;
  }
}

/** @param plugins of distinct names; of equally good fits the first wins */
export function pluginsOf(plugins: readonly Plugin[]): Plugins {
  const byName = new Map(plugins.map((plugin) => [plugin.name, plugin]));
  return Object.freeze({
    all: Object.freeze([...plugins]),
    get: (name: string) => byName.get(name),
    bestFor(payload: unknown) {
      let best: { readonly plugin: Plugin; readonly fit: number } | undefined;
      for (const plugin of plugins) {
        const fit = plugin.fits(payload);
        if (fit > (best?.fit ?? 0)) best = { plugin, fit };
      }
      return best?.plugin;
    },
  });
}

/**
 * The entries of a `plugins.json`.
 *
 * @throws {UserError}
 */
export async function readList(file: string): Promise<readonly string[]> {
  let parsed: unknown;
  try {
    parsed = JSON.parse(await readFile(file, "utf8"));
  } catch (cause) {
    throw new UserError(`${file}: cannot be read as JSON: ${inOneLine(messageOf(cause))}`, { cause });
  }
  if (!Array.isArray(parsed) || parsed.length === 0 || !parsed.every((entry) => typeof entry === "string")) {
    throw new UserError(`${file}: must be a list of paths or package names, like ["./plugins/generic/index.ts"]`);
  }
  return parsed;
}

function inOneLine(message: string): string {
  return message.replaceAll(/\s+/g, " ");
}
