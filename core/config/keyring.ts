import { randomBytes } from "node:crypto";
import { chmod, link, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { isToken, newToken } from "../access/api-token.ts";
import { messageOf, UserError } from "../errors.ts";
import type { Settings } from "./settings.ts";

/** What a gateway must know and must not tell. */
export interface Keyring {
  readonly masterKey: Buffer;
  readonly adminToken: string;
  /** Files that this start made, for the log. */
  readonly made: readonly string[];
}

export const masterKeyFile = "master.key";
export const adminTokenFile = "admin.token";

/**
 * Reads the master key and the admin token from the environment or the data folder, and makes on the first start what is
 * missing, readable by nobody else.
 *
 * @throws {UserError} where a file holds something else, or the folder cannot be used
 */
export async function readKeyring(settings: Settings): Promise<Keyring> {
  try {
    return await readOrMake(settings);
  } catch (cause) {
    if (cause instanceof UserError) throw cause;
    throw new UserError(
      `The data folder ${settings.dataDir} cannot be used: ${messageOf(cause)}; let this user write there, or name another in TW_DATA_DIR`,
      { cause },
    );
  }
}

/**
 * Reads the master key of a gateway, for a process that works beside it: one that it made itself would open nothing.
 *
 * @throws {UserError} where there is none
 */
export async function readMasterKey(settings: Settings): Promise<Pick<Keyring, "masterKey" | "made">> {
  const { masterKey, dataDir } = settings;
  if (masterKey !== undefined) return { masterKey: checkedKey(masterKey, dataDir), made: [] };
  const path = join(dataDir, masterKeyFile);
  try {
    return { masterKey: checkedKey((await readFile(path, "utf8")).trim(), dataDir), made: [] };
  } catch (cause) {
    if (cause instanceof UserError) throw cause;
    throw new UserError(
      `The master key ${path} cannot be read: ${messageOf(cause)}; name the gateway's data folder in TW_DATA_DIR, or give its key in TW_MASTER_KEY`,
      { cause },
    );
  }
}

function checkedKey(key: string, dataDir: string): Buffer {
  if (/^[0-9a-f]{64}$/i.test(key)) return Buffer.from(key, "hex");
  throw new UserError(`${join(dataDir, masterKeyFile)}: must hold 64 hex digits; restore it from a backup`);
}

async function readOrMake(settings: Settings): Promise<Keyring> {
  await mkdir(settings.dataDir, { recursive: true, mode: 0o700 });
  const made: string[] = [];

  async function keep(name: string, make: () => string): Promise<string> {
    const path = join(settings.dataDir, name);
    if (await createOnce(path, make)) made.push(path);
    return (await readFile(path, "utf8")).trim();
  }

  const key = settings.masterKey ?? (await keep(masterKeyFile, () => randomBytes(32).toString("hex")));
  const masterKey = checkedKey(key, settings.dataDir);
  const adminToken = settings.adminToken ?? (await keep(adminTokenFile, newToken));
  if (!isToken(adminToken)) {
    throw new UserError(
      `${join(settings.dataDir, adminTokenFile)}: must hold a token, tw_<6>_<32>; remove it, and the next start makes a new one`,
    );
  }
  return { masterKey, adminToken, made };
}

/** Written beside and linked into place: a crash leaves no empty file, and two starts at once agree on one. */
async function createOnce(path: string, make: () => string): Promise<boolean> {
  const beside = `${path}.${process.pid}.${randomBytes(4).toString("hex")}`;
  try {
    await readFile(path);
    return false;
  } catch {
    await writeFile(beside, `${make()}\n`, { mode: 0o600, flush: true });
  }
  try {
    await link(beside, path);
    await chmod(path, 0o600);
    return true;
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "EEXIST") return false;
    throw error;
  } finally {
    await rm(beside, { force: true });
  }
}
