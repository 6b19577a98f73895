import type { DatabaseSync } from "node:sqlite";

const version = 1;

const statements = `
  CREATE TABLE spooled (
    place INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    key TEXT NOT NULL,
    outcome TEXT NOT NULL,
    work TEXT NOT NULL,
    body BLOB NOT NULL,
    refused TEXT
  ) STRICT;
  CREATE UNIQUE INDEX spooled_by_key ON spooled (key, outcome);
  CREATE TABLE kept (
    name TEXT PRIMARY KEY,
    value TEXT NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE forwarder (
    only INTEGER PRIMARY KEY CHECK (only = 1),
    owner TEXT NOT NULL,
    until INTEGER NOT NULL
  ) STRICT;
`;

/** Makes the tables where they are missing. Several processes of one data folder may do so at once. */
export function migrate(db: DatabaseSync): void {
  db.exec("PRAGMA journal_size_limit = 16777216");
  db.exec("BEGIN IMMEDIATE");
  const { user_version: found } = db.prepare("PRAGMA user_version").get() ?? {};
  if (Number(found) === 0) db.exec(`${statements}; PRAGMA user_version = ${version}`);
  db.exec("COMMIT");
}
