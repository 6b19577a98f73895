import { commitBatch, recordRefused } from "./commits.ts";
import type { Database } from "./database.ts";
import {
  claimDeliveries,
  getDelivery,
  listDeliveries,
  pruneDeliveries,
  queueStatus,
  requeueDelivery,
  retryDelivery,
} from "./deliveries.ts";
import { announce, followIncidents, unannouncedIncidents } from "./feed.ts";
import { indexIncidents } from "./incident-index.ts";
import { countIncidents, listIncidents } from "./incident-list.ts";
import { changeIncident, getIncident, mergeIncident, pruneIncidents } from "./incidents.ts";
import { addSource, allSources, getToken, putToken, removeSource, replaceSource, sourcesRevision } from "./sources.ts";
import * as triage from "./triage.ts";

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
  announce,
  changeIncident,
  check,
  checkpoint,
  claimDeliveries,
  commitBatch,
  countIncidents,
  followIncidents,
  getDelivery,
  getIncident,
  getToken,
  indexIncidents,
  listDeliveries,
  listIncidents,
  mergeIncident,
  pruneDeliveries,
  pruneIncidents,
  putToken,
  queueStatus,
  recordRefused,
  removeSource,
  replaceSource,
  requeueDelivery,
  retryDelivery,
  sourcesRevision,
  unannouncedIncidents,
  ...triage,
};

export type Operations = typeof operations;
