import { realpathSync } from "node:fs";
import { registerHooks } from "node:module";
import { join, sep } from "node:path";
import { pathToFileURL } from "node:url";

/** Lets modules of one folder be imported more than once in a process. */
export interface Reloading {
  /** The module under an address of its own, from which everything that it imports of its folder is fresh as well. */
  fresh(url: string): string;
  close(): void;
}

/**
 * Node keeps a module for its address, and a query makes another address: the hook hands the query on to what the module
 * imports. What the old modules held stays in memory until the process ends, so this is for development.
 */
export function reloading(folder: string): Reloading {
  const home = pathToFileURL(join(realpathSync(folder), sep)).href;
  const isOwn = (url: string): boolean => url.startsWith(home) && !url.slice(home.length).includes("node_modules/");
  let version = 0;

  const hooks = registerHooks({
    resolve(specifier, context, next) {
      const resolved = next(specifier, context);
      const query = context.parentURL === undefined ? undefined : /\?fresh=\d+$/.exec(context.parentURL)?.[0];
      if (query === undefined || !isOwn(resolved.url)) return resolved;
      return { ...resolved, url: `${resolved.url}${query}` };
    },
  });

  return {
    fresh(url) {
      version += 1;
      return `${url}?fresh=${version}`;
    },
    close: () => hooks.deregister(),
  };
}
