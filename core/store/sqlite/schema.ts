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
  // Keys in a table of their own: a delivery can have two, and keeps its own when another one takes it over.
  `
  CREATE TABLE keys (
    key TEXT PRIMARY KEY,
    delivery TEXT NOT NULL
  ) STRICT, WITHOUT ROWID;
  INSERT INTO keys (key, delivery) SELECT key, id FROM deliveries WHERE key IS NOT NULL;
  INSERT OR IGNORE INTO keys (key, delivery) SELECT key, delivery FROM former_keys;
  DROP INDEX deliveries_by_key;
  ALTER TABLE deliveries ADD COLUMN event_key TEXT;
  UPDATE deliveries SET event_key = key, key = (SELECT key FROM former_keys WHERE delivery = deliveries.id)
    WHERE id IN (SELECT delivery FROM former_keys);
  DROP TABLE former_keys;
  ALTER TABLE deliveries ADD COLUMN settled_at INTEGER;
  CREATE INDEX deliveries_settled ON deliveries (settled_at) WHERE settled_at IS NOT NULL;
  `,
  // Timelines in a table of their own: lists do without them. What lists look at is in `indexed` and `incident_terms`, which are
  // written from `unindexed`, beside the intake; the fields of old are not looked at any more.
  `
  ALTER TABLE incidents ADD COLUMN version INTEGER NOT NULL DEFAULT 1;
  CREATE TABLE timelines (
    number INTEGER PRIMARY KEY,
    entries TEXT NOT NULL
  ) STRICT;

  ALTER TABLE incidents ADD COLUMN group_key TEXT;
  CREATE UNIQUE INDEX incidents_by_group ON incidents (group_key) WHERE group_key IS NOT NULL;
  CREATE TABLE incident_aliases (
    source TEXT NOT NULL,
    external_id TEXT NOT NULL,
    number INTEGER NOT NULL,
    PRIMARY KEY (source, external_id)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX incident_aliases_by_incident ON incident_aliases (number);

  DROP INDEX incidents_by_source;
  DROP INDEX incidents_by_severity;
  DROP INDEX incidents_by_status;
  CREATE TABLE unindexed (
    number INTEGER PRIMARY KEY
  ) STRICT;
  INSERT INTO unindexed SELECT number FROM incidents;
  CREATE TABLE indexed (
    place INTEGER PRIMARY KEY,
    number INTEGER NOT NULL UNIQUE,
    status TEXT NOT NULL,
    severity INTEGER NOT NULL,
    verdict TEXT NOT NULL,
    source TEXT NOT NULL,
    plugin TEXT NOT NULL,
    type TEXT NOT NULL,
    assignee TEXT NOT NULL,
    test INTEGER NOT NULL,
    updated_at TEXT NOT NULL,
    occurred_at TEXT NOT NULL
  ) STRICT;
  -- These hold all that is filtered by: what is looked at one by one stands together there.
  CREATE INDEX indexed_by_update ON indexed (
    updated_at, place, occurred_at, status, severity, verdict, source, plugin, type, assignee, test
  );
  CREATE INDEX indexed_by_occurrence ON indexed (
    occurred_at, place, updated_at, status, severity, verdict, source, plugin, type, assignee, test
  );
  CREATE INDEX indexed_by_severity ON indexed (severity, place DESC);
  CREATE VIRTUAL TABLE incident_terms USING fts5 (
    terms, content='', contentless_delete=1, detail=none, tokenize="unicode61 tokenchars '_'"
  );
  `,
  // Triage: runs, what they ask people, what they say outside, and the playbooks that the API was given.
  `
  CREATE TABLE triage_runs (
    id TEXT NOT NULL UNIQUE,
    incident TEXT NOT NULL,
    due_at INTEGER,
    epoch INTEGER NOT NULL,
    attempts INTEGER NOT NULL,
    -- The run in short, from the first time that it is written down: lists then need not read the whole one behind it.
    short TEXT,
    run TEXT NOT NULL
  ) STRICT;
  CREATE INDEX triage_runs_by_incident ON triage_runs (incident, id);
  CREATE INDEX triage_runs_due ON triage_runs (due_at) WHERE due_at IS NOT NULL;

  CREATE TABLE approvals (
    id TEXT NOT NULL UNIQUE,
    incident TEXT NOT NULL,
    state TEXT NOT NULL,
    approval TEXT NOT NULL
  ) STRICT;
  CREATE INDEX approvals_by_incident ON approvals (incident);
  CREATE INDEX approvals_by_state ON approvals (state, id);

  CREATE TABLE outbox (
    id TEXT NOT NULL UNIQUE,
    incident TEXT NOT NULL,
    due_at INTEGER,
    epoch INTEGER NOT NULL,
    attempts INTEGER NOT NULL,
    message TEXT NOT NULL,
    channel TEXT GENERATED ALWAYS AS (message ->> '$.channel') VIRTUAL
  ) STRICT;
  CREATE INDEX outbox_by_incident ON outbox (incident);
  -- Messages are sent channel by channel.
  CREATE INDEX outbox_due_by_channel ON outbox (channel, due_at) WHERE due_at IS NOT NULL;

  -- Incidents that a feed has to tell of, written by triggers and only while there is a feed.
  CREATE TABLE unannounced (
    place INTEGER PRIMARY KEY,
    number INTEGER NOT NULL UNIQUE,
    since INTEGER NOT NULL
  ) STRICT;

  CREATE TABLE playbooks (
    name TEXT NOT NULL,
    version TEXT NOT NULL,
    record TEXT NOT NULL,
    PRIMARY KEY (name, version)
  ) STRICT, WITHOUT ROWID;
  `,
];

/** The version that `migrate` brings a database to. */
export const newestSchema = migrations.length;

/**
 * Brings a database to the newest schema, all of it or nothing; of processes that open it at once, one does.
 *
 * @returns the version that it had
 * @throws {UserError} where the file was written by a newer Thruway
 */
export function migrate(db: DatabaseSync): number {
  if (versionOf(db) === newestSchema) return newestSchema;
  db.exec("BEGIN IMMEDIATE");
  try {
    const version = versionOf(db);
    if (version > newestSchema) {
      throw new UserError(
        `The database has schema version ${version}, this Thruway knows up to ${newestSchema}: start a newer Thruway, or name another file in TW_STORE_URL`,
      );
    }
    for (const statements of migrations.slice(version)) db.exec(statements);
    db.exec(`PRAGMA user_version = ${newestSchema}; COMMIT;`);
    return version;
  } catch (error) {
    if (db.isTransaction) db.exec("ROLLBACK");
    throw error;
  }
}

/** 0 for an empty database. */
export function versionOf(db: DatabaseSync): number {
  return Number(db.prepare("PRAGMA user_version").get()?.user_version ?? 0);
}
