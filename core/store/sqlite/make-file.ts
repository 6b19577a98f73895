import { mkdir, open } from "node:fs/promises";
import { dirname } from "node:path";

/** Makes a database file and its folder where they are missing: SQLite would make it readable by everybody. */
export async function makeFile(path: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  // The files that SQLite puts beside it take over its mode.
  await (await open(path, "a", 0o600)).close();
}
