import type { SQLInputValue } from "node:sqlite";
import type { IncidentRef } from "../../incidents/incident.ts";
import { earliestId, page } from "../pages.ts";
import type {
  ClaimedDelivery,
  DeliveryQuery,
  DeliveryRecord,
  NewDelivery,
  Page,
  QueueStatus,
  StoredDelivery,
  Why,
} from "../ports.ts";
import type { Database, Row } from "./database.ts";
import { conditions } from "./query.ts";

const columns = "id, record, incidents, duplicate_of, attempts, due_at, outcome";

export function getDelivery(db: Database, id: string): StoredDelivery | undefined {
  const row = db.get(`SELECT ${columns}, body FROM deliveries WHERE id = ?`, id);
  return row && { ...shown(row), body: row.body as Uint8Array | null };
}

export function listDeliveries(db: Database, query: DeliveryQuery): Page<DeliveryRecord> {
  const { where, values } = conditions([
    ["source = ?", query.source],
    ["outcome", query.outcome],
    ["code = ?", query.code],
    ["id >= ?", query.since && earliestId(query.since)],
    ["id < ?", query.until && earliestId(query.until)],
    ["id < ?", query.after],
  ]);
  // To the letter what the partial index says, so that SQLite sees that it may use it.
  const troubled = query.outcome?.includes("accepted") === false ? "AND outcome <> 'accepted'" : "";
  const rows = db.all(
    `SELECT ${columns} FROM deliveries ${where} ${troubled} ORDER BY id DESC LIMIT ?`,
    ...(values as SQLInputValue[]),
    query.limit + 1,
  );
  return page(rows.map(shown), query.limit);
}

export function claimDeliveries(db: Database, limit: number, now: number, leaseMs: number): readonly ClaimedDelivery[] {
  return db.transaction(() => {
    const due = db.all(
      `SELECT id FROM deliveries WHERE outcome = 'queued' AND due_at <= ? ORDER BY due_at, id LIMIT ?`,
      now,
      limit,
    );
    return due.map((row) => {
      const claimed = db.get(
        `UPDATE deliveries SET due_at = ?, epoch = epoch + 1, attempts = attempts + 1 WHERE id = ?
         RETURNING ${columns}, key, epoch, body`,
        now + leaseMs,
        String(row.id),
      ) as Row;
      return {
        delivery: shown(claimed),
        key: String(claimed.key),
        body: claimed.body as Uint8Array,
        epoch: Number(claimed.epoch),
      };
    });
  });
}

export function retryDelivery(db: Database, id: string, epoch: number, at: number, { reason, code }: Why): boolean {
  const changed = db.run(
    `UPDATE deliveries SET due_at = ?1, record = json_set(record, '$.reason', ?2, '$.code', ?3), code = ?3
     WHERE id = ?4 AND epoch = ?5 AND outcome = 'queued'`,
    ...[at, reason, code ?? null, id, epoch],
  );
  return changed === 1;
}

export function requeueDelivery(db: Database, id: string, now: number): boolean {
  const changed = db.run(
    // A worker that had it before is fenced off. One without a key gave it away before keys had a table of their own.
    `UPDATE deliveries SET outcome = 'queued', code = NULL, due_at = ?1, attempts = 0, epoch = epoch + 1, settled_at = NULL,
       record = json_set(record, '$.code', NULL, '$.reason', NULL, '$.details', NULL)
     WHERE id = ?2 AND outcome IN ('rejected', 'dead', 'ignored') AND key IS NOT NULL AND body IS NOT NULL`,
    now,
    id,
  );
  return changed === 1;
}

const minuteMs = 60_000;

export function queueStatus(db: Database, now: number): QueueStatus {
  const queued = db.get(
    `SELECT count(*) AS depth, coalesce(sum(due_at <= ?), 0) AS due, min(id) AS oldest
     FROM deliveries WHERE outcome = 'queued' AND due_at IS NOT NULL`,
    now,
  );
  const settled = db.get("SELECT count(*) AS settled FROM deliveries WHERE settled_at > ?", now - minuteMs);
  const oldest = typeof queued?.oldest === "string" ? getDelivery(db, queued.oldest) : undefined;
  return {
    depth: Number(queued?.depth),
    due: Number(queued?.due),
    oldest_received_at: oldest?.received_at ?? null,
    settled_last_minute: Number(settled?.settled),
  };
}

/** @param before milliseconds since 1970 */
export function pruneDeliveries(db: Database, before: number, limit: number): number {
  return db.transaction(() => {
    const old = db.all(
      "SELECT id, key, event_key FROM deliveries WHERE id < ? AND outcome <> 'queued' ORDER BY id LIMIT ?",
      earliestId(new Date(before).toISOString()),
      limit,
    );
    for (const { id, key, event_key: event } of old) {
      for (const each of [key, event]) {
        if (typeof each === "string") db.run("DELETE FROM keys WHERE key = ? AND delivery = ?", each, String(id));
      }
      db.run("DELETE FROM deliveries WHERE id = ?", String(id));
    }
    return old.length;
  });
}

function shown(row: Row): DeliveryRecord {
  const record = JSON.parse(String(row.record)) as Omit<NewDelivery, "key" | "body">;
  const due = row.due_at;
  return {
    diagnosis: null,
    ...record,
    outcome: row.outcome as NewDelivery["outcome"],
    incidents: JSON.parse(String(row.incidents)) as IncidentRef[],
    duplicate_of: row.duplicate_of as string | null,
    attempts: Number(row.attempts),
    next_attempt_at:
      due === null ? null : new Date(Math.max(Number(due), Date.parse(record.received_at))).toISOString(),
  };
}
