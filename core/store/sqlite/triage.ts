import { hash } from "node:crypto";
import { type Approval, mayBeDecided } from "../../runs/approval.ts";
import type { StoredMessage } from "../../runs/message.ts";
import { type StoredRun, shortRun } from "../../runs/run.ts";
import { page } from "../pages.ts";
import type { Page } from "../ports.ts";
import type { ApprovalQuery, ClaimedMessage, ClaimedRun, Decision, StoredPlaybook } from "../triage-port.ts";
import type { Database, Row } from "./database.ts";
import { conditions } from "./query.ts";

const mostShown = 50;

export function startRun(db: Database, run: StoredRun): boolean {
  const made = db.run(
    "INSERT OR IGNORE INTO triage_runs (id, incident, due_at, epoch, attempts, run) VALUES (?, ?, 0, 0, 0, ?)",
    ...[run.id, run.incident_id, JSON.stringify(run)],
  );
  return made === 1;
}

export function claimRuns(db: Database, limit: number, now: number, leaseMs: number): readonly ClaimedRun[] {
  return claim(db, "triage_runs", "run", { limit, now, leaseMs }).map(({ record, epoch, attempts }) => ({
    run: JSON.parse(record) as StoredRun,
    epoch,
    attempts,
  }));
}

interface Claiming {
  readonly limit: number;
  readonly now: number;
  readonly leaseMs: number;
  /** Left out, of any. */
  readonly channel?: string;
}

function claim(
  db: Database,
  table: "triage_runs" | "outbox",
  record: "run" | "message",
  { limit, now, leaseMs, channel }: Claiming,
): readonly { readonly record: string; readonly epoch: number; readonly attempts: number }[] {
  return db.transaction(() => {
    const { where, values } = conditions([
      ["channel = ?", channel],
      ["due_at <= ?", now],
    ]);
    const due = db.all(`SELECT id FROM ${table} ${where} ORDER BY due_at, id LIMIT ?`, ...values, limit);
    return due.map(({ id }) => {
      const row = db.get(
        `UPDATE ${table} SET due_at = ?, epoch = epoch + 1, attempts = attempts + 1 WHERE id = ?
         RETURNING ${record} AS record, epoch, attempts`,
        ...[now + leaseMs, String(id)],
      ) as Row;
      return { record: String(row.record), epoch: Number(row.epoch), attempts: Number(row.attempts) };
    });
  });
}

export function saveRun(db: Database, run: StoredRun, epoch: number, due: number | null): boolean {
  const changed = db.run(
    "UPDATE triage_runs SET run = ?, short = ?, due_at = ?, attempts = 0 WHERE id = ? AND epoch = ?",
    ...[JSON.stringify(run), JSON.stringify(shortRun(run)), due, run.id, epoch],
  );
  return changed === 1;
}

export function renewRun(db: Database, id: string, epoch: number, due: number): boolean {
  return (
    db.run("UPDATE triage_runs SET due_at = ? WHERE id = ? AND epoch = ? AND due_at IS NOT NULL", due, id, epoch) === 1
  );
}

export function getRun(db: Database, id: string): StoredRun | undefined {
  const row = db.get("SELECT run FROM triage_runs WHERE id = ?", id);
  return row && JSON.parse(String(row.run));
}

export function runsOf(db: Database, incident: string): readonly StoredRun[] {
  return db
    .all("SELECT run FROM triage_runs WHERE incident = ? ORDER BY rowid DESC LIMIT ?", incident, mostShown)
    .map(({ run }) => JSON.parse(String(run)));
}

export function askApproval(db: Database, approval: Approval): Approval {
  db.run(
    "INSERT OR IGNORE INTO approvals (id, incident, state, approval) VALUES (?, ?, ?, ?)",
    ...[approval.id, approval.incident_id, approval.state, JSON.stringify(approval)],
  );
  return getApproval(db, approval.id) ?? approval;
}

export function getApproval(db: Database, id: string): Approval | undefined {
  const row = db.get("SELECT approval FROM approvals WHERE id = ?", id);
  return row && JSON.parse(String(row.approval));
}

export function listApprovals(db: Database, { state, after, limit }: ApprovalQuery): Page<Approval> {
  const { where, values } = conditions([
    ["state", state],
    ["id < ?", after],
  ]);
  const rows = db.all(`SELECT approval FROM approvals ${where} ORDER BY id DESC LIMIT ?`, ...values, limit + 1);
  return page(
    rows.map(({ approval }) => JSON.parse(String(approval)) as Approval),
    limit,
  );
}

/** @param at milliseconds since 1970 */
export function decideApproval(
  db: Database,
  id: string,
  { state, by, comment }: Omit<Decision, "at">,
  at: number,
): Approval | undefined {
  return db.transaction(() => {
    const pending = getApproval(db, id);
    if (pending === undefined || !mayBeDecided(pending, state, new Date(at))) return undefined;
    const decided = { ...pending, state, decided_at: new Date(at).toISOString(), decided_by: by, comment };
    db.run("UPDATE approvals SET state = ?, approval = ? WHERE id = ?", state, JSON.stringify(decided), id);
    db.run("UPDATE triage_runs SET due_at = min(due_at, ?) WHERE id = ? AND due_at IS NOT NULL", at, pending.run_id);
    return decided;
  });
}

export function postMessage(db: Database, message: StoredMessage): boolean {
  const made = db.run(
    "INSERT OR IGNORE INTO outbox (id, incident, due_at, epoch, attempts, message) VALUES (?, ?, 0, 0, 0, ?)",
    ...[message.id, message.incident_id, JSON.stringify(message)],
  );
  return made === 1;
}

export function dueChannels(db: Database, now: number): readonly string[] {
  return db.all("SELECT DISTINCT channel FROM outbox WHERE due_at <= ?", now).map(({ channel }) => String(channel));
}

export function claimMessages(
  db: Database,
  channel: string,
  limit: number,
  now: number,
  leaseMs: number,
): readonly ClaimedMessage[] {
  return claim(db, "outbox", "message", { channel, limit, now, leaseMs }).map(({ record, epoch, attempts }) => ({
    message: JSON.parse(record) as StoredMessage,
    epoch,
    attempts,
  }));
}

export function saveMessage(db: Database, message: StoredMessage, epoch: number, due: number | null): boolean {
  const changed = db.run(
    "UPDATE outbox SET message = ?, due_at = ? WHERE id = ? AND epoch = ?",
    ...[JSON.stringify(message), due, message.id, epoch],
  );
  return changed === 1;
}

export function removeMessage(db: Database, id: string, epoch: number): boolean {
  return db.run("DELETE FROM outbox WHERE id = ? AND epoch = ?", id, epoch) === 1;
}

export function messagesOf(db: Database, incident: string): readonly StoredMessage[] {
  return db
    .all("SELECT message FROM outbox WHERE incident = ? ORDER BY rowid LIMIT ?", incident, mostShown)
    .map(({ message }) => JSON.parse(String(message)));
}

export function allPlaybooks(db: Database): readonly StoredPlaybook[] {
  return db
    .all("SELECT record FROM playbooks")
    .map(({ record }) => JSON.parse(String(record)) as StoredPlaybook)
    .toSorted((a, b) => (a.created_at < b.created_at ? -1 : 1));
}

export function playbooksRevision(db: Database): string {
  return hash("sha256", JSON.stringify(db.all("SELECT record FROM playbooks ORDER BY name, version")));
}

export function putPlaybook(db: Database, playbook: StoredPlaybook): boolean {
  const made = db.run(
    "INSERT OR IGNORE INTO playbooks (name, version, record) VALUES (?, ?, ?)",
    ...[playbook.name, playbook.version, JSON.stringify(playbook)],
  );
  return made === 1;
}

export function removePlaybook(db: Database, name: string): boolean {
  return db.run("DELETE FROM playbooks WHERE name = ?", name) > 0;
}
