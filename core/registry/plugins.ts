import { readFile } from "node:fs/promises";
import { dirname, isAbsolute, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { isPlugin, type Plugin } from "@thruway/sdk";
import { messageOf, UserError } from "../errors.ts";

export interface Plugins {
  readonly all: readonly Plugin[];
  get(name: string): Plugin | undefined;
  /** The plugin whose declared shape fits the payload best; `undefined` when none does. */
  bestFor(payload: unknown): Plugin | undefined;
}

/** What a source names to let the payload decide. */
export const auto = "auto";

/**
 * Loads the plugins that a `plugins.json` lists: paths beside it (`./plugins/splunk/index.ts`) or names of installed packages.
 *
 * @throws {UserError} with one line that says which failed, why, and what was found instead
 */
export async function loadPlugins(file: string): Promise<Plugins> {
  const plugins: Plugin[] = [];
  for (const specifier of await readList(file)) {
    const plugin = await loadPlugin(specifier, file);
    if (plugins.some((other) => other.name === plugin.name)) {
      throw new UserError(`${file}: "${specifier}" is a second plugin named "${plugin.name}"; names must differ`);
    }
    if (plugin.name === auto) throw new UserError(`${file}: "${specifier}" is named "${auto}", which means any plugin`);
    plugins.push(plugin);
  }
  return pluginsOf(plugins);
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

async function readList(file: string): Promise<readonly string[]> {
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

async function loadPlugin(specifier: string, file: string): Promise<Plugin> {
  const local = specifier.startsWith(".") || isAbsolute(specifier);
  const target = local ? pathToFileURL(resolve(dirname(file), specifier)).href : specifier;
  let loaded: Record<string, unknown>;
  try {
    loaded = (await import(target)) as Record<string, unknown>;
  } catch (cause) {
    throw new UserError(
      `${file}: "${specifier}" failed to load: ${firstLine(messageOf(cause)).replace(importedHere, "")}`,
      { cause },
    );
  }
  const plugin = loaded.default;
  if (isPlugin(plugin)) return plugin;
  throw new UserError(
    `${file}: "${specifier}" has no default export made by definePlugin; found ${describe(loaded, plugin)}`,
  );
}

function describe(loaded: Record<string, unknown>, found: unknown): string {
  if (found !== undefined) return `a default export of type ${found === null ? "null" : typeof found}`;
  const names = Object.keys(loaded);
  return names.length === 0 ? "no exports" : `exports named ${names.map((name) => `"${name}"`).join(", ")}`;
}

/** What a file that is missing is called by whoever imports it; here that is always us. */
const importedHere = ` imported from ${import.meta.filename}`;

function inOneLine(message: string): string {
  return message.replaceAll(/\s+/g, " ");
}

function firstLine(message: string): string {
  return message.split("\n")[0] ?? message;
}
