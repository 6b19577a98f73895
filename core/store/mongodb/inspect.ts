import { messageOf } from "../../errors.ts";
import type { Inspection } from "../inspection.ts";
import { connectionTo, type Database } from "./database.ts";
import { queueStatus } from "./queue.ts";
import { missingIndexes } from "./schema.ts";
import { allSources } from "./sources.ts";

/** Looks at a database. @throws {StoreError} where it does not answer */
export async function inspectDatabase(url: string, timeoutMs: number, now: Date): Promise<Inspection> {
  const { run, close } = connectionTo(url, timeoutMs);
  try {
    return await run((database) => look(database, now));
  } finally {
    await close();
  }
}

async function look(database: Database, now: Date): Promise<Inspection> {
  const { db, deliveries } = database;
  const [hello, { version }] = await Promise.all([
    // What knows no hello answers to its older name.
    db.command({ hello: 1 }).catch(() => db.command({ isMaster: 1 })),
    db.command({ buildInfo: 1 }),
  ]);
  const members = Array.isArray(hello.hosts) ? hello.hosts.length : 0;
  const isCluster = hello.msg === "isdbgrid";
  const what = isCluster
    ? `a sharded cluster, MongoDB ${version}`
    : members === 0
      ? `a single server, MongoDB ${version}`
      : `replica set ${hello.setName} of ${members}, MongoDB ${version}`;
  const time = hello.localTime instanceof Date ? { time: hello.localTime } : {};
  const missing = await missingIndexes(db);
  const warnings = [
    ...(members > 1 || isCluster
      ? []
      : ["a write is confirmed by one server alone; a replica set of three survives the loss of one"]),
    ...(missing.length > 0 ? [`it lacks the indexes ${missing.join(", ")}: tw-cli store migrate`] : []),
  ];
  const sources = await allSources(database);
  const content = {
    sources,
    queue: await queueStatus(database, now),
    dead: await deliveries.countDocuments({ outcome: "dead" }),
  };
  return { what, failures: await confirmation(database, now, missing), warnings, ...time, content };
}

/** Whether a majority confirms a write; not tried where nothing was made yet. */
async function confirmation({ checks }: Database, at: Date, missing: readonly string[]): Promise<readonly string[]> {
  if (missing.length > 0) return [];
  try {
    await checks.updateOne({ _id: "doctor" }, { $set: { at } }, { upsert: true });
    return [];
  } catch (error) {
    return [
      `a majority does not confirm a write: ${messageOf(error)}; look at its members (rs.status()) and at the rights of the user`,
    ];
  }
}
