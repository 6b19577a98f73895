import { readdir, stat } from "node:fs/promises";
import { extname, join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { UserError } from "../../../errors.ts";

const everyMs = 150;
const mostFiles = 2_000;
const watched = new Set([".ts", ".mts", ".js", ".mjs", ".json"]);
/** What is installed is not edited, and samples are read each time that they are sent. */
const left = new Set(["node_modules", "samples"]);

/**
 * Waits for changes of the modules in a folder, by looking at it now and then: an editor may write in place or put another file
 * there, and not every file system tells of either.
 *
 * @param loaded the state of the folder before its modules were loaded, so that no change since is missed
 * @param onChange is awaited before the next look
 * @throws {UserError} for a folder that holds too much
 */
export async function watchFiles(
  folder: string,
  loaded: string,
  signal: AbortSignal,
  onChange: () => Promise<void>,
): Promise<void> {
  let taken = loaded;
  let last = loaded;
  while (await waited(signal)) {
    const state = await stateOf(folder);
    // Twice the same: what is still being written is half a module.
    const isSettled = state === last;
    last = state;
    if (!isSettled || state === taken) continue;
    taken = state;
    await onChange();
  }
}

/** Names, sizes and times of what is watched. @throws {UserError} for a folder that holds too much */
export async function stateOf(folder: string): Promise<string> {
  const lines: string[] = [];
  for await (const file of filesIn(folder)) {
    if (lines.length === mostFiles)
      throw new UserError(`${folder} holds more than ${mostFiles} modules; name a folder of the plugin's own`);
    // One that has gone since is one less.
    const found = await stat(file).catch(() => undefined);
    if (found !== undefined) lines.push(`${file} ${found.size} ${found.mtimeMs} ${found.ino}`);
  }
  return lines.join("\n");
}

async function* filesIn(folder: string): AsyncGenerator<string> {
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) {
      if (!left.has(entry.name) && !entry.name.startsWith(".")) yield* filesIn(path);
    } else if (watched.has(extname(entry.name))) {
      yield path;
    }
  }
}

async function waited(signal: AbortSignal): Promise<boolean> {
  await pause(everyMs, undefined, { signal }).catch(() => undefined);
  return !signal.aborted;
}
