import { statfs } from "node:fs/promises";
import { dirname } from "node:path";
import { type Check, failure, ok, type Verdict, warning } from "./check.ts";

const mebibyte = 1_048_576;
const low = 1_024 * mebibyte;
const tooLow = 100 * mebibyte;

export const disk: Check = {
  name: "disk",
  async run({ settings }) {
    const { dataDir } = await settings();
    const { bavail, bsize } = await statfs(dataDir).catch(() => statfs(dirname(dataDir)));
    return room(bavail * bsize, dataDir);
  },
};

/** @param free bytes */
export function room(free: number, folder: string): Verdict {
  const said = `${Math.floor(free / mebibyte)} MiB are free at ${folder}`;
  const remedy = "make room, or let retention remove more (docs/operations.md, Disk growth)";
  if (free < tooLow) return failure(`${said}; ${remedy}`);
  return free < low ? warning(`${said}; ${remedy}`) : ok(said);
}
