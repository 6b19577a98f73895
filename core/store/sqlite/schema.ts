import type { DatabaseSync } from "node:sqlite";
import { UserError } from "../../errors.ts";

/**
 * One entry per version of the schema, applied in order and never edited once released. The reason for each index stands in
 * `docs/operations.md`.
 */
const migrations: readonly string[] = [
  `
  CREATE TABLE sources (
    source TEXT PRIMARY KEY,
    record TEXT NOT NULL
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE tokens (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    record TEXT NOT NULL
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE numbers (
    year INTEGER PRIMARY KEY,
    last INTEGER NOT NULL
  ) STRICT;

  CREATE TABLE incidents (
    number INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    source TEXT NOT NULL,
    external_id TEXT,
    type TEXT NOT NULL,
    severity TEXT NOT NULL,
    status TEXT NOT NULL,
    test INTEGER NOT NULL,
    draft TEXT NOT NULL
  ) STRICT;
  CREATE UNIQUE INDEX incidents_by_alert ON incidents (source, external_id) WHERE external_id IS NOT NULL;
  CREATE INDEX incidents_by_source ON incidents (source, id);
  CREATE INDEX incidents_by_severity ON incidents (severity, id);
  CREATE INDEX incidents_by_status ON incidents (status, id);

  CREATE TABLE deliveries (
    id TEXT NOT NULL UNIQUE,
    key TEXT,
    source TEXT NOT NULL,
    outcome TEXT NOT NULL,
    code TEXT,
    record TEXT NOT NULL,
    incidents TEXT NOT NULL,
    duplicate_of TEXT,
    attempts INTEGER NOT NULL,
    due_at INTEGER,
    epoch INTEGER NOT NULL,
    body BLOB
  ) STRICT;
  CREATE UNIQUE INDEX deliveries_by_key ON deliveries (key) WHERE key IS NOT NULL;
  CREATE INDEX deliveries_by_source ON deliveries (source, id);
  CREATE INDEX deliveries_troubled ON deliveries (outcome, source, id) WHERE outcome <> 'accepted';
  CREATE INDEX deliveries_due ON deliveries (due_at) WHERE outcome = 'queued';

  CREATE TABLE former_keys (
    key TEXT PRIMARY KEY,
    delivery TEXT NOT NULL
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE incident_deliveries (
    incident TEXT NOT NULL,
    delivery TEXT NOT NULL,
    PRIMARY KEY (incident, delivery)
  ) STRICT, WITHOUT ROWID;
  `,
];

/**
 * Brings a database to the newest schema.
 *
 * @throws {UserError} where the file was written by a newer Thruway
 */
export function migrate(db: DatabaseSync): void {
  const version = Number(db.prepare("PRAGMA user_version").get()?.user_version ?? 0);
  if (version > migrations.length) {
    throw new UserError(
      `The database has schema version ${version}, this Thruway knows up to ${migrations.length}: start a newer Thruway, or name another file in TW_STORE_URL`,
    );
  }
  for (const [index, statements] of migrations.entries()) {
    if (index < version) continue;
    db.exec(`BEGIN IMMEDIATE; ${statements}; PRAGMA user_version = ${index + 1}; COMMIT;`);
  }
}
