import { existsSync, readFileSync, statSync } from "node:fs";
import { findPackageJSON, registerHooks } from "node:module";
import { dirname, isAbsolute, join, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { messageOf, UserError } from "../errors.ts";

/** A plugin that is found and not loaded yet. */
export interface Located {
  /** As it was named. */
  readonly named: string;
  /** Of its module. */
  readonly url: string;
  /** Where its samples and its README are: the folder of its module, or of its package. */
  readonly folder: string;
}

/**
 * What an entry of a `plugins.json` names: a path beside the file (`./plugins/splunk/index.ts`), or a package that is installed
 * for the file's folder, or for Thruway.
 *
 * @param folder of the list
 * @throws {UserError} for a package that is not installed
 */
export function locateListed(entry: string, folder: string): Located {
  return isPath(entry) ? moduleAt(resolve(folder, entry), entry) : packageNamed(entry, folder);
}

/**
 * What a person names: a folder with a plugin in it, its module, or an installed package.
 *
 * @throws {UserError} that says what is missing
 */
export function locateNamed(named: string, folder: string): Located {
  const path = resolve(folder, named);
  const found = statSync(path, { throwIfNoEntry: false });
  if (found?.isDirectory()) return { named, url: entryOf(path, named), folder: path };
  if (found !== undefined) return moduleAt(path, named);
  if (isPath(named) || /\.[cm]?[jt]s$/.test(named)) throw new UserError(`"${named}" is neither a file nor a folder`);
  return packageNamed(named, folder);
}

function isPath(named: string): boolean {
  return named.startsWith(".") || isAbsolute(named);
}

function moduleAt(path: string, named: string): Located {
  return { named, url: pathToFileURL(path).href, folder: dirname(path) };
}

function packageNamed(named: string, folder: string): Located {
  for (const from of [folder, import.meta.dirname]) {
    const url = resolveFrom(named, from);
    if (url === undefined) continue;
    const manifest = findPackageJSON(named, pathToFileURL(join(from, "plugins.json")));
    return { named, url, folder: dirname(manifest ?? fileURLToPath(url)) };
  }
  throw new UserError(`"${named}" is not installed; run npm install ${named} in ${folder}`);
}

/** TypeScript first: what is beside it was built of it. A package may keep its module elsewhere, and says so in `exports`. */
function entryOf(folder: string, named: string): string {
  for (const file of ["index.ts", "index.js"]) {
    if (existsSync(join(folder, file))) return pathToFileURL(join(folder, file)).href;
  }
  const url = exportOf(folder);
  if (url !== undefined) return url;
  throw new UserError(`"${named}" has no index.ts, no index.js, and no package.json whose "exports" lead to a module`);
}

/** A package with `exports` can be imported by its own name from within. */
function exportOf(folder: string): string | undefined {
  const name = nameIn(join(folder, "package.json"));
  const url = name === undefined ? undefined : resolveFrom(name, folder);
  return url !== undefined && existsSync(fileURLToPath(url)) ? url : undefined;
}

function nameIn(manifest: string): string | undefined {
  try {
    const { name } = JSON.parse(readFileSync(manifest, "utf8")) as { readonly name?: unknown };
    return typeof name === "string" ? name : undefined;
  } catch {
    return undefined;
  }
}

/** As an `import` in that folder would resolve it. `import.meta.resolve` knows no folder but this one's, so a hook says another. */
function resolveFrom(specifier: string, folder: string): string | undefined {
  const parentURL = pathToFileURL(join(folder, "plugins.json")).href;
  const hooks = registerHooks({ resolve: (given, context, next) => next(given, { ...context, parentURL }) });
  try {
    return import.meta.resolve(specifier);
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ERR_MODULE_NOT_FOUND") return undefined;
    throw new UserError(`"${specifier}" cannot be imported: ${messageOf(error)}`, { cause: error });
  } finally {
    hooks.deregister();
  }
}
