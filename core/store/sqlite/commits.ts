import type { IncidentDraft, IncidentRef } from "../../incidents/incident.ts";
import { incidentNumber } from "../../incidents/number.ts";
import { updated } from "../../incidents/update.ts";
import type { Commit, CommitResult, NewDelivery, RefusedDelivery } from "../ports.ts";
import type { Database, Row } from "./database.ts";

/** One transaction for the whole batch; where one commit of it is impossible, each gets its own, so that one cannot spoil the rest. */
export function commitBatch(db: Database, batch: readonly Commit[]): readonly CommitResult[] {
  if (batch.length === 1) return db.transaction(() => batch.map((commit) => apply(db, commit)));
  try {
    return db.transaction(() => batch.map((commit) => apply(db, commit)));
  } catch {
    return batch.map((commit) => db.transaction(() => apply(db, commit)));
  }
}

function apply(db: Database, { delivery, drafts, claim }: Commit): CommitResult {
  if (claim !== undefined && !holds(db, delivery.id, claim.epoch)) return { kind: "lost" };

  const original = db.get(
    "SELECT id, outcome, incidents, record FROM deliveries WHERE key = ? AND id <> ?",
    delivery.key,
    delivery.id,
  );
  if (original !== undefined) {
    if (!mayTryAgain(original, delivery)) {
      write(db, delivery, { key: null, outcome: "duplicate", duplicateOf: String(original.id), body: null }, claim);
      return { kind: "duplicate", original: summary(original) };
    }
    db.run("UPDATE deliveries SET key = NULL WHERE id = ?", String(original.id));
  }

  const incidents = drafts.map((draft) => store(db, draft, delivery.id));
  write(db, delivery, { key: delivery.key, outcome: delivery.outcome, incidents, body: delivery.body }, claim);
  return { kind: "committed", incidents };
}

/** A delivery that failed before gives its key to one that does not fail any more. */
function mayTryAgain(original: Row, delivery: NewDelivery): boolean {
  const failed = (outcome: unknown): boolean => outcome === "rejected" || outcome === "dead";
  return failed(original.outcome) && !failed(delivery.outcome);
}

function holds(db: Database, id: string, epoch: number): boolean {
  const row = db.get("SELECT epoch FROM deliveries WHERE id = ? AND outcome = 'queued'", id);
  return row !== undefined && row.epoch === epoch;
}

function summary(row: Row): Extract<CommitResult, { kind: "duplicate" }>["original"] {
  const record = JSON.parse(String(row.record)) as NewDelivery;
  return {
    id: String(row.id),
    outcome: row.outcome as NewDelivery["outcome"],
    reason: record.reason,
    incidents: JSON.parse(String(row.incidents)) as IncidentRef[],
  };
}

interface Written {
  readonly key: string | null;
  readonly outcome: NewDelivery["outcome"];
  readonly incidents?: readonly IncidentRef[];
  readonly duplicateOf?: string;
  readonly body: Uint8Array | null;
}

function write(db: Database, delivery: NewDelivery, written: Written, claim: Commit["claim"]): void {
  const { key: _, body: __, ...record } = delivery;
  const incidents = JSON.stringify(written.incidents ?? []);
  const text = JSON.stringify({ ...record, outcome: written.outcome });
  if (claim !== undefined) {
    db.run(
      `UPDATE deliveries SET key = ?, outcome = ?, code = ?, record = ?, incidents = ?, duplicate_of = ?, due_at = NULL WHERE id = ?`,
      written.key,
      written.outcome,
      delivery.code,
      text,
      incidents,
      written.duplicateOf ?? null,
      delivery.id,
    );
    return;
  }
  db.run(
    `INSERT INTO deliveries (id, key, source, outcome, code, record, incidents, duplicate_of, attempts, due_at, epoch, body)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, 0, ?, 0, ?)`,
    delivery.id,
    written.key,
    delivery.source,
    written.outcome,
    delivery.code,
    text,
    incidents,
    written.duplicateOf ?? null,
    written.outcome === "queued" ? 0 : null,
    written.body,
  );
}

function store(db: Database, draft: IncidentDraft, delivery: string): IncidentRef {
  const stored =
    draft.external_id === null
      ? undefined
      : db.get(
          "SELECT id, year, sequence, draft FROM incidents WHERE source = ? AND external_id = ?",
          draft.source,
          draft.external_id,
        );
  const ref = stored === undefined ? insert(db, draft) : update(db, stored, draft);
  db.run("INSERT OR IGNORE INTO incident_deliveries (incident, delivery) VALUES (?, ?)", ref.incident_id, delivery);
  return ref;
}

function insert(db: Database, draft: IncidentDraft): IncidentRef {
  const year = Number(draft.created_at.slice(0, 4));
  const row = db.get(
    "INSERT INTO numbers (year, last) VALUES (?, 1) ON CONFLICT (year) DO UPDATE SET last = last + 1 RETURNING last",
    year,
  );
  const sequence = Number(row?.last);
  db.run(
    `INSERT INTO incidents (id, year, sequence, source, external_id, type, severity, status, test, draft)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    draft.id,
    year,
    sequence,
    draft.source,
    draft.external_id,
    draft.type,
    draft.severity,
    draft.status,
    isTest(draft),
    JSON.stringify(draft),
  );
  return { incident_id: draft.id, incident_number: incidentNumber(year, sequence) };
}

function update(db: Database, stored: Row, draft: IncidentDraft): IncidentRef {
  const before = JSON.parse(String(stored.draft)) as IncidentDraft;
  const after = updated(before, draft, draft.received_at);
  db.run(
    "UPDATE incidents SET type = ?, severity = ?, status = ?, test = ?, draft = ? WHERE id = ?",
    after.type,
    after.severity,
    after.status,
    isTest(after),
    JSON.stringify(after),
    after.id,
  );
  return { incident_id: after.id, incident_number: incidentNumber(Number(stored.year), Number(stored.sequence)) };
}

function isTest(draft: IncidentDraft): number {
  return draft.tags.includes("test") ? 1 : 0;
}

/** Refused deliveries carry no key and no bytes; each source keeps its newest `keep`, so that a flood cannot fill the disk. */
export function recordRefused(db: Database, records: readonly RefusedDelivery[], keep: number): void {
  db.transaction(() => {
    for (const record of records) {
      const delivery: NewDelivery = { ...record, key: "", body: new Uint8Array() };
      write(db, delivery, { key: null, outcome: "refused", body: null }, undefined);
    }
    for (const source of new Set(records.map((record) => record.source))) {
      db.run(
        `DELETE FROM deliveries WHERE outcome = 'refused' AND outcome <> 'accepted' AND source = ? AND id <
           (SELECT id FROM deliveries WHERE outcome = 'refused' AND outcome <> 'accepted' AND source = ?
            ORDER BY id DESC LIMIT 1 OFFSET ?)`,
        source,
        source,
        keep - 1,
      );
    }
  });
}
