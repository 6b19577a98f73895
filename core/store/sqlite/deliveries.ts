import type { SQLInputValue } from "node:sqlite";
import type { IncidentRef } from "../../incidents/incident.ts";
import type { ClaimedDelivery, DeliveryQuery, DeliveryRecord, NewDelivery, Page, StoredDelivery } from "../ports.ts";
import type { Database, Row } from "./database.ts";
import { conditions, earliestId, page } from "./query.ts";

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

export function retryDelivery(db: Database, id: string, epoch: number, at: number, reason: string): boolean {
  const changed = db.run(
    `UPDATE deliveries SET due_at = ?, record = json_set(record, '$.reason', ?)
     WHERE id = ? AND epoch = ? AND outcome = 'queued'`,
    at,
    reason,
    id,
    epoch,
  );
  return changed === 1;
}

function shown(row: Row): DeliveryRecord {
  const record = JSON.parse(String(row.record)) as Omit<NewDelivery, "key" | "body">;
  const due = row.due_at;
  return {
    ...record,
    outcome: row.outcome as NewDelivery["outcome"],
    incidents: JSON.parse(String(row.incidents)) as IncidentRef[],
    duplicate_of: row.duplicate_of as string | null,
    attempts: Number(row.attempts),
    next_attempt_at:
      due === null ? null : new Date(Math.max(Number(due), Date.parse(record.received_at))).toISOString(),
  };
}
