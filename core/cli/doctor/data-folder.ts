import { stat } from "node:fs/promises";
import { join } from "node:path";
import { adminTokenFile, masterKeyFile, readMasterKey } from "../../config/keyring.ts";
import type { Settings } from "../../config/settings.ts";
import { isMissing, messageOf } from "../../errors.ts";
import { type Check, warning, worst } from "./check.ts";

/** Whoever is neither the owner nor root. */
const others = 0o077;

export const dataFolder: Check = {
  name: "data folder",
  async run({ settings }) {
    const all = await settings();
    const folder = await modeOf(all.dataDir);
    if (folder === undefined) return warning(`${all.dataDir} is not there yet; the first start makes it: tw-cli serve`);
    const files = await Promise.all([
      keyFile(all, masterKeyFile, all.masterKey !== undefined),
      keyFile(all, adminTokenFile, all.adminToken !== undefined),
    ]);
    const open = (folder & others) === 0 ? [] : [`other users can look into it: chmod 700 ${all.dataDir}`];
    const broken = files.every((problem) => problem === undefined) ? await keyProblem(all) : [];
    return worst(all.dataDir, [...files.filter((problem) => problem !== undefined), ...broken], open);
  },
};

async function keyFile({ dataDir }: Settings, name: string, isGiven: boolean): Promise<string | undefined> {
  if (isGiven) return undefined;
  const file = join(dataDir, name);
  const mode = await modeOf(file);
  if (mode === undefined) return `there is no ${name}: restore it from a backup, or let a first start make one`;
  return (mode & others) === 0 ? undefined : `other users can read ${name}: chmod 600 ${file}`;
}

async function keyProblem(settings: Settings): Promise<readonly string[]> {
  try {
    await readMasterKey(settings);
    return [];
  } catch (error) {
    return [messageOf(error)];
  }
}

async function modeOf(path: string): Promise<number | undefined> {
  try {
    return (await stat(path)).mode;
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}
