import { join, sep } from "node:path";
import { pathToFileURL } from "node:url";

/**
 * Where in a folder an error arose: `index.ts:12:5`, of the innermost call that is written there; for a mistake of syntax the line.
 * What is below its `node_modules` is not its own.
 */
export function placeIn(error: unknown, folder: string): string | undefined {
  if (!(error instanceof Error) || error.stack === undefined) return undefined;
  for (const line of error.stack.split("\n")) {
    for (const home of [pathToFileURL(join(folder, sep)).href, join(folder, sep)]) {
      const at = line.indexOf(home);
      if (at < 0) continue;
      // A module that was imported anew has a query.
      const [, file, place] = /^([^?:()]+)(?:\?[^:]*)?(:\d+(?::\d+)?)/.exec(line.slice(at + home.length)) ?? [];
      if (file !== undefined && !file.includes("node_modules/")) return `${decodeURIComponent(file)}${place}`;
    }
  }
  return undefined;
}
