import type { Kept, SpoolStatus } from "../spool-port.ts";
import type { Database } from "../sqlite/database.ts";

/** A commit on its way to the disk; `work` is everything but the bytes, as JSON. */
export interface SpooledCommit {
  readonly id: string;
  readonly key: string;
  readonly outcome: string;
  readonly work: string;
  readonly body: Uint8Array;
}

/** One wait for the disk for all of them; when it is full, none is kept. */
function append(db: Database, commits: readonly SpooledCommit[]): readonly Kept[] {
  return db.transaction(() =>
    commits.map(({ id, key, outcome, work, body }) => {
      const there = db.get("SELECT id FROM spooled WHERE id = ?1 OR (key = ?2 AND outcome = ?3)", id, key, outcome);
      if (there !== undefined) return { id: String(there.id), duplicate: there.id !== id };
      db.run(
        "INSERT INTO spooled (id, key, outcome, work, body) VALUES (?, ?, ?, ?, ?)",
        ...[id, key, outcome, work, body],
      );
      return { id, duplicate: false };
    }),
  );
}

/** The oldest that nobody has refused. */
function oldest(db: Database, limit: number): readonly SpooledCommit[] {
  return db
    .all("SELECT id, key, outcome, work, body FROM spooled WHERE refused IS NULL ORDER BY place LIMIT ?", limit)
    .map(commitOf);
}

function find(db: Database, id: string): SpooledCommit | undefined {
  const row = db.get("SELECT id, key, outcome, work, body FROM spooled WHERE id = ?", id);
  return row && commitOf(row);
}

function commitOf(row: Readonly<Record<string, unknown>>): SpooledCommit {
  const { id, key, outcome, work, body } = row;
  return { id: String(id), key: String(key), outcome: String(outcome), work: String(work), body: body as Uint8Array };
}

function remove(db: Database, ids: readonly string[]): void {
  db.transaction(() => {
    for (const id of ids) db.run("DELETE FROM spooled WHERE id = ?", id);
  });
}

/** It stays, for a person to look at, and holds up nobody behind it. */
function refuse(db: Database, id: string, reason: string): void {
  db.run("UPDATE spooled SET refused = ? WHERE id = ?", reason, id);
}

function status(db: Database): SpoolStatus {
  const row = db.get("SELECT count(*) AS deliveries, count(refused) AS refused FROM spooled");
  const pages = Number(db.get("PRAGMA page_count")?.page_count);
  const free = Number(db.get("PRAGMA freelist_count")?.freelist_count);
  const size = Number(db.get("PRAGMA page_size")?.page_size);
  return { deliveries: Number(row?.deliveries), refused: Number(row?.refused), bytes: (pages - free) * size };
}

function keep(db: Database, name: string, value: string): void {
  db.run("INSERT OR REPLACE INTO kept (name, value) VALUES (?, ?)", name, value);
}

function kept(db: Database, name: string): string | undefined {
  const row = db.get("SELECT value FROM kept WHERE name = ?", name);
  return row && String(row.value);
}

function forget(db: Database, name: string): void {
  db.run("DELETE FROM kept WHERE name = ?", name);
}

/** Of several processes of one data folder one forwards, so that the order is kept. Times in milliseconds since 1970. */
function mayForward(db: Database, owner: string, now: number, until: number): boolean {
  const changed = db.run(
    `INSERT INTO forwarder (only, owner, until) VALUES (1, ?1, ?3)
     ON CONFLICT (only) DO UPDATE SET owner = ?1, until = ?3 WHERE owner = ?1 OR until < ?2`,
    ...[owner, now, until],
  );
  return changed === 1;
}

export const operations = { append, find, forget, keep, kept, mayForward, oldest, refuse, remove, status };
export type Operations = typeof operations;
