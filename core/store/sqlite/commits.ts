import { messageOf } from "../../errors.ts";
import { folded, takes } from "../../incidents/fold.ts";
import type { IncidentDraft, IncidentRef } from "../../incidents/incident.ts";
import { incidentNumber } from "../../incidents/number.ts";
import { noticedIn, withEntry } from "../../incidents/timeline.ts";
import { updated } from "../../incidents/update.ts";
import type { CommitResult, NewDelivery } from "../ports.ts";
import type { Database, Row } from "./database.ts";
import { noteChanged } from "./incident-index.ts";
import { startWith } from "./incident-triage.ts";
import { bringUp, replaceIncident, timelineOf } from "./incidents.ts";
import { numberKey, numberOf } from "./number-key.ts";
import {
  type PackedBatch,
  type PackedCommit,
  type PackedDelivery,
  type PackedDraft,
  type PackedResult,
  packDraft,
} from "./packed.ts";

/**
 * One transaction for the whole batch; where one of its commits makes that impossible, each gets its own, so that one cannot
 * spoil the rest. What is nobody's fault (a lock, a full disk) fails the batch at once.
 */
export function commitBatch(db: Database, { commits, bodies }: PackedBatch): readonly PackedResult[] {
  const body = ({ bodyFrom, bodyTo }: PackedCommit): Uint8Array => bodies.subarray(bodyFrom, bodyTo);
  try {
    return db.transaction(() => commits.map((commit) => apply(db, commit, body(commit))));
  } catch (error) {
    if (isOfDatabase(error)) throw error;
    return commits.map((commit) => {
      try {
        return db.transaction(() => apply(db, commit, body(commit)));
      } catch (error) {
        return { kind: "failed", message: messageOf(error) };
      }
    });
  }
}

/** Primary result codes (https://www.sqlite.org/rescode.html) that a commit's own data can cause. */
const codesOfData: readonly number[] = [18, 19, 20];

function isOfDatabase(error: unknown): boolean {
  if (!(error instanceof Error) || !("errcode" in error)) return false;
  return !codesOfData.includes(Number(error.errcode) & 0xff);
}

function apply(db: Database, commit: PackedCommit, body: Uint8Array): CommitResult {
  const known = db.get(`SELECT ${columns}, epoch, key, event_key FROM deliveries WHERE id = ?`, commit.id);
  if (commit.epoch !== undefined) {
    if (known?.outcome !== "queued" || known.epoch !== commit.epoch) return { kind: "lost" };
  } else if (known !== undefined) {
    if (known.key !== commit.key && known.event_key !== commit.key)
      throw new Error("Another delivery of this id is stored already");
    return resultOf(db, known);
  }

  const original = originalOf(db, commit);
  if (original !== undefined && !mayTryAgain(original, commit)) {
    write(db, commit, { outcome: "duplicate", duplicateOf: String(original.id), body: null });
    return { kind: "duplicate", original: summary(original) };
  }
  db.run("INSERT OR REPLACE INTO keys (key, delivery) VALUES (?, ?)", commit.key, commit.id);

  const incidents = commit.drafts.map((draft) => store(db, draft, commit.id));
  write(db, commit, { outcome: commit.outcome, incidents, body });
  return { kind: "committed", incidents };
}

const columns = "id, outcome, incidents, record, duplicate_of";

/** What a commit was told whose delivery is stored already. */
function resultOf(db: Database, stored: Row): CommitResult {
  const { duplicate_of: id } = stored;
  const original = typeof id === "string" ? db.get(`SELECT ${columns} FROM deliveries WHERE id = ?`, id) : undefined;
  if (original !== undefined) return { kind: "duplicate", original: summary(original) };
  return { kind: "committed", incidents: summary(stored).incidents };
}

/** Another delivery that has or had this key, or the one that such a one turned out to be a duplicate of. */
function originalOf(db: Database, { key, id }: PackedCommit): Row | undefined {
  return db.get(
    `SELECT ${columns} FROM deliveries WHERE id <> ?1 AND id =
       (SELECT coalesce(duplicate_of, id) FROM deliveries WHERE id = (SELECT delivery FROM keys WHERE key = ?2))`,
    id,
    key,
  );
}

/** A delivery that failed before gives its key to one that does not fail any more. */
function mayTryAgain(original: Row, delivery: PackedDelivery): boolean {
  const failed = (outcome: unknown): boolean => outcome === "rejected" || outcome === "dead";
  return failed(original.outcome) && !failed(delivery.outcome);
}

function summary(row: Row): Extract<CommitResult, { kind: "duplicate" }>["original"] {
  const { reason } = JSON.parse(String(row.record)) as NewDelivery;
  const incidents = JSON.parse(String(row.incidents)) as IncidentRef[];
  return { id: String(row.id), outcome: row.outcome as NewDelivery["outcome"], reason, incidents };
}

interface Written {
  readonly outcome: NewDelivery["outcome"];
  readonly incidents?: readonly IncidentRef[];
  readonly duplicateOf?: string;
  readonly body: Uint8Array | null;
}

function write(
  db: Database,
  delivery: PackedDelivery & Partial<Pick<PackedCommit, "key" | "epoch" | "settledAt">>,
  written: Written,
): void {
  const { id, key = null, source, code, record } = delivery;
  const { outcome, duplicateOf = null, body } = written;
  const incidents = JSON.stringify(written.incidents ?? []);
  if (delivery.epoch !== undefined) {
    // Queued under the key of its bytes; once its event is known it also has the event's.
    db.run(
      `UPDATE deliveries SET event_key = nullif(?1, key), outcome = ?2, code = ?3, record = ?4, incidents = ?5,
         duplicate_of = ?6, due_at = NULL, settled_at = ?7, body = ?8
       WHERE id = ?9`,
      ...[key, outcome, code, record, incidents, duplicateOf, delivery.settledAt ?? null, body, id],
    );
    return;
  }
  const due = outcome === "queued" ? 0 : null;
  db.run(
    `INSERT INTO deliveries (id, key, source, outcome, code, record, incidents, duplicate_of, attempts, due_at, epoch, body)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, 0, ?, 0, ?)`,
    ...[id, key, source, outcome, code, record, incidents, duplicateOf, due, body],
  );
}

function store(db: Database, draft: PackedDraft, delivery: string): IncidentRef {
  const ref = place(db, draft);
  db.run("INSERT OR IGNORE INTO incident_deliveries (incident, delivery) VALUES (?, ?)", ref.incident_id, delivery);
  if (draft.triage !== null) startWith(db, ref, draft);
  return ref;
}

const stored = "number, version, draft";

/** The incident of an alert: the one of its vendor's id, the one that this alert was folded into before, the one of its group. */
function place(db: Database, draft: PackedDraft): IncidentRef {
  const { source, external_id, group } = draft;
  if (external_id !== null) {
    const same = db.get(`SELECT ${stored} FROM incidents WHERE source = ? AND external_id = ?`, source, external_id);
    if (same !== undefined) return update(db, same, alertIn(draft));
    const alias = db.get(
      `SELECT ${stored} FROM incidents WHERE number =
         (SELECT number FROM incident_aliases WHERE source = ? AND external_id = ?)`,
      ...[source, external_id],
    );
    if (alias !== undefined) return update(db, alias, folded(alertIn(draft)));
  }
  if (group === undefined) return insert(db, draft);
  const last = db.get(`SELECT ${stored} FROM incidents WHERE group_key = ?`, group.key);
  if (last === undefined) return insert(db, draft, group.key);

  const incident = JSON.parse(String(last.draft)) as IncidentDraft;
  const alert = alertIn(draft);
  if (takes(incident, alert, group)) {
    if (external_id !== null) {
      db.run(
        "INSERT INTO incident_aliases (source, external_id, number) VALUES (?, ?, ?)",
        ...[source, external_id, Number(last.number)],
      );
    }
    return update(db, last, folded(alert));
  }
  // One of long ago that comes late is no successor.
  if (alert.last_seen_at < incident.last_seen_at) return insert(db, draft);
  db.run("UPDATE incidents SET group_key = NULL WHERE number = ?", Number(last.number));
  const previous = { incident_id: incident.id, incident_number: numberOf(last.number) };
  return insert(db, packDraft({ ...alert, previous }), group.key);
}

function alertIn({ json }: PackedDraft): IncidentDraft {
  return JSON.parse(json) as IncidentDraft;
}

function insert(db: Database, draft: PackedDraft, groupKey: string | null = null): IncidentRef {
  const { id, year, source, external_id, type, severity, status, test, json } = draft;
  const row = db.get(
    "INSERT INTO numbers (year, last) VALUES (?, 1) ON CONFLICT (year) DO UPDATE SET last = last + 1 RETURNING last",
    year,
  );
  const sequence = Number(row?.last);
  db.run(
    `INSERT INTO incidents (number, id, source, external_id, type, severity, status, test, draft, group_key)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    ...[numberKey(year, sequence), id, source, external_id, type, severity, status, test, json, groupKey],
  );
  noteChanged(db, numberKey(year, sequence));
  return { incident_id: id, incident_number: incidentNumber(year, sequence) };
}

function update(db: Database, stored: Row, alert: IncidentDraft): IncidentRef {
  const before = JSON.parse(String(stored.draft)) as IncidentDraft;
  const at = alert.created_at;
  const after = updated(before, alert, at);
  const number = Number(stored.number);
  const version = Number(stored.version) + 1;
  const entry = noticedIn(before, after, version, at);
  const timeline = entry && withEntry(timelineOf(db, number), entry);
  replaceIncident(db, number, { draft: after, version, ...(timeline && { timeline }) });
  if (after.merged_into) {
    const part = { number: numberOf(number), draft: after };
    bringUp(db, after.merged_into.incident_id, part, { by: `source:${after.source}`, at: new Date(at) });
  }
  return { incident_id: after.id, incident_number: numberOf(number) };
}

/** Refused deliveries carry no key and no bytes; each source keeps its newest `keep`, so that a flood cannot fill the disk. */
export function recordRefused(db: Database, records: readonly PackedDelivery[], keep: number): void {
  db.transaction(() => {
    for (const record of records) write(db, record, { outcome: "refused", body: null });
    for (const source of new Set(records.map((record) => record.source))) {
      db.run(
        `DELETE FROM deliveries WHERE outcome = 'refused' AND outcome <> 'accepted' AND source = ? AND id <
           (SELECT id FROM deliveries WHERE outcome = 'refused' AND outcome <> 'accepted' AND source = ?
            ORDER BY id DESC LIMIT 1 OFFSET ?)`,
        ...[source, source, keep - 1],
      );
    }
  });
}
