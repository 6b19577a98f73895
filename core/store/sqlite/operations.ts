import { commitBatch, recordRefused } from "./commits.ts";
import type { Database } from "./database.ts";
import { claimDeliveries, getDelivery, listDeliveries, retryDelivery } from "./deliveries.ts";
import { getIncident, listIncidents } from "./incidents.ts";
import { addSource, allSources, getToken, putToken, removeSource, replaceSource } from "./sources.ts";

/** Writes, since a full disk still reads; what it writes is the version that stands there. */
function check(db: Database): void {
  const version = Number(db.get("PRAGMA user_version")?.user_version);
  db.transaction(() => db.handle.exec(`PRAGMA user_version = ${version}`));
}

/** Moves what is committed from the log into the database, and holds up nobody who writes. */
function checkpoint(db: Database): void {
  db.get("PRAGMA wal_checkpoint(PASSIVE)");
}

/** Everything that may be asked of a database thread. */
export const operations = {
  addSource,
  allSources,
  check,
  checkpoint,
  claimDeliveries,
  commitBatch,
  getDelivery,
  getIncident,
  getToken,
  listDeliveries,
  listIncidents,
  putToken,
  recordRefused,
  removeSource,
  replaceSource,
  retryDelivery,
};

export type Operations = typeof operations;
export type Operation = keyof Operations;

type Tail<T extends readonly unknown[]> = T extends readonly [unknown, ...infer Rest] ? Rest : [];
export type Arguments<Op extends Operation> = Tail<Parameters<Operations[Op]>>;
export type Answer<Op extends Operation> = ReturnType<Operations[Op]>;

export interface Request {
  readonly id: number;
  readonly operation: Operation;
  readonly values: readonly unknown[];
}

export type Response =
  | { readonly id: number; readonly value: unknown }
  | { readonly id: number; readonly error: string };
