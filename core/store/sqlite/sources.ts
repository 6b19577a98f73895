import { hash } from "node:crypto";
import type { SourceRecord, TokenRecord } from "../ports.ts";
import type { Database } from "./database.ts";

export function allSources(db: Database): readonly SourceRecord[] {
  return db.all("SELECT record FROM sources ORDER BY source").map((row) => JSON.parse(String(row.record)));
}

export function sourcesRevision(db: Database): string {
  return hash("sha256", JSON.stringify(db.all("SELECT record FROM sources ORDER BY source")));
}

export function addSource(db: Database, record: SourceRecord): boolean {
  return (
    db.run("INSERT OR IGNORE INTO sources (source, record) VALUES (?, ?)", record.source, JSON.stringify(record)) === 1
  );
}

export function replaceSource(db: Database, record: SourceRecord): boolean {
  return db.run("UPDATE sources SET record = ? WHERE source = ?", JSON.stringify(record), record.source) === 1;
}

export function removeSource(db: Database, source: string): boolean {
  return db.run("DELETE FROM sources WHERE source = ?", source) === 1;
}

export function putToken(db: Database, record: TokenRecord): void {
  // REPLACE removes whatever row is in the way of either key: the same id, or the same name.
  db.run(
    "INSERT OR REPLACE INTO tokens (id, name, record) VALUES (?, ?, ?)",
    record.id,
    record.name,
    JSON.stringify(record),
  );
}

export function getToken(db: Database, id: string): TokenRecord | undefined {
  const row = db.get("SELECT record FROM tokens WHERE id = ?", id);
  return row && JSON.parse(String(row.record));
}
