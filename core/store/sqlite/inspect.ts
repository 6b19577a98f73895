import { constants } from "node:fs";
import { access } from "node:fs/promises";
import { isMissing, messageOf } from "../../errors.ts";
import type { Inspection } from "../inspection.ts";
import { type Database, openDatabase } from "./database.ts";
import { queueStatus } from "./deliveries.ts";
import { newestSchema, versionOf } from "./schema.ts";
import { allSources } from "./sources.ts";

/** Looks at the embedded store, also while a gateway has it open. @throws where the file is no database */
export async function inspectFile(path: string, now: Date): Promise<Inspection> {
  const unusable = await problemOf(path);
  if (unusable === "missing") {
    return { what: "", failures: [], warnings: ["there is no database yet; the first start makes it: tw-cli serve"] };
  }
  if (unusable !== undefined) {
    const remedy = "let this user read and write it and its folder, or name another in TW_STORE_URL";
    return { what: "", failures: [`${unusable}; ${remedy}`], warnings: [] };
  }
  return reading(path, (db) => {
    const version = versionOf(db.handle);
    const what = `schema version ${version}`;
    if (version > newestSchema) {
      return { what, failures: [`this Thruway knows up to ${newestSchema}; start a newer one`], warnings: [] };
    }
    if (version < newestSchema) {
      const warning = `version ${newestSchema} is the newest; the next start, or tw-cli store migrate, brings it there`;
      return { what, failures: [], warnings: [warning] };
    }
    const dead = db.get("SELECT count(*) AS dead FROM deliveries WHERE outcome = 'dead' AND outcome <> 'accepted'");
    const content = { sources: allSources(db), queue: queueStatus(db, now.getTime()), dead: Number(dead?.dead) };
    return { what, failures: [], warnings: [], content };
  });
}

async function problemOf(path: string): Promise<string | undefined> {
  try {
    await access(path, constants.R_OK | constants.W_OK);
    return undefined;
  } catch (error) {
    if (isMissing(error)) return "missing";
    return messageOf(error);
  }
}

function reading<T>(path: string, look: (db: Database) => T): T {
  const db = openDatabase(path, "read");
  try {
    return look(db);
  } finally {
    db.close();
  }
}
