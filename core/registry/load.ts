import { fileURLToPath } from "node:url";
import { isPlugin, type Plugin } from "@thruway/sdk";
import { messageOf, UserError } from "../errors.ts";
import type { Located } from "./locate.ts";
import { placeIn } from "./place.ts";
import { sdkFault } from "./sdk-version.ts";

/** What a source names to let the payload decide. */
export const auto = "auto";

/**
 * Imports a plugin's module, and checks that it is a plugin and goes with this core.
 *
 * @param url another one than where it was found, to have it imported anew
 * @throws {UserError} with one line: what is wrong, where in the module, and what to do
 */
export async function loadPlugin({ named, url: found, folder }: Located, url = found): Promise<Plugin> {
  let loaded: Record<string, unknown>;
  try {
    loaded = (await import(url)) as Record<string, unknown>;
  } catch (cause) {
    throw new UserError(`"${named}" ${whyNotLoaded(cause, folder)}`, { cause });
  }
  const plugin = loaded.default;
  if (!isPlugin(plugin)) {
    throw new UserError(`"${named}" has no default export made by definePlugin; found ${describe(loaded, plugin)}`);
  }
  const fault = sdkFault(plugin);
  if (fault !== undefined) throw new UserError(`"${named}" cannot be used: ${fault}`);
  if (plugin.name === auto) throw new UserError(`"${named}" is named "${auto}", which means any plugin`);
  return plugin;
}

function whyNotLoaded(error: unknown, folder: string): string {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  if (code === "ERR_UNSUPPORTED_NODE_MODULES_TYPE_STRIPPING") {
    return 'is TypeScript in node_modules, which Node does not run: a package ships JavaScript, built by tsc, and its "exports" lead there';
  }
  const message = firstLine(messageOf(error)).replace(importedHere, "");
  const [, missing] = /^Cannot find package '([^']+)'/.exec(message) ?? [];
  if (missing !== undefined)
    return `failed to load: the package "${missing}" is not installed; run npm install in ${folder}`;
  const place = placeIn(error, folder);
  return `failed to load: ${message}${place === undefined ? "" : ` (${place})`}`;
}

function describe(loaded: Record<string, unknown>, found: unknown): string {
  if (found !== undefined) return `a default export of type ${found === null ? "null" : typeof found}`;
  const names = Object.keys(loaded);
  return names.length === 0 ? "no exports" : `exports named ${names.map((name) => `"${name}"`).join(", ")}`;
}

/** What a file that is missing is called by whoever imports it; here that is always us. */
const importedHere = ` imported from ${fileURLToPath(import.meta.url)}`;

function firstLine(message: string): string {
  return message.split("\n")[0] ?? message;
}
