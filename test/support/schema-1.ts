/** The database of the first schema, as the first Thruway made it: what a migration starts from. */
export const firstSchema = `
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
  PRAGMA user_version = 1;
`;
