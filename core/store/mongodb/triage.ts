import { hash } from "node:crypto";
import type { Filter } from "mongodb";
import type { IncidentDraft, IncidentRef } from "../../incidents/incident.ts";
import { type Approval, mayBeDecided } from "../../runs/approval.ts";
import type { StoredMessage } from "../../runs/message.ts";
import { newRun, type StoredRun, shortRun, summaryOf, type TriageSummary } from "../../runs/run.ts";
import { page } from "../pages.ts";
import type { Page } from "../ports.ts";
import type { ApprovalQuery, ClaimedMessage, ClaimedRun, Decision, StoredPlaybook } from "../triage-port.ts";
import { insertAll } from "./bulk.ts";
import type { Collections } from "./database.ts";
import type { ApprovalDocument, JobDocument, PlaybookDocument } from "./documents.ts";

const mostShown = 50;
const anytime = new Date(0);

/**
 * Starts the runs of what was just committed. A run that starts with an incident has its id, so that whoever finishes the
 * commit starts it, and nobody starts a second one.
 */
export async function startWith(
  { triage_runs }: Collections,
  all: readonly { readonly drafts: readonly IncidentDraft[] }[],
  refs: readonly (readonly IncidentRef[])[],
): Promise<void> {
  const documents = new Map<string, JobDocument>();
  for (const [index, { drafts }] of all.entries()) {
    for (const [place, { triage, created_at }] of drafts.entries()) {
      const ref = refs[index]?.[place];
      if (triage === undefined || ref === undefined) continue;
      const { playbook } = triage;
      const run = newRun({ id: ref.incident_id, ...ref, playbook, asked_by: "auto", created_at });
      documents.set(run.id, jobDocument(run));
    }
  }
  await insertAll(triage_runs, [...documents.values()]);
}

/** A run or a message that is due at once. */
export function jobDocument(record: { readonly id: string; readonly incident_id: string }): JobDocument {
  const { id, incident_id: incident } = record;
  return { _id: id, incident, due_at: anytime, epoch: 0, attempts: 0, record: JSON.stringify(record) };
}

export async function startRun({ triage_runs }: Collections, run: StoredRun): Promise<boolean> {
  return (await insertAll(triage_runs, [jobDocument(run)])).taken.size === 0;
}

interface Claiming {
  readonly limit: number;
  readonly now: Date;
  readonly leaseMs: number;
}

export async function claimRuns({ triage_runs }: Collections, claiming: Claiming): Promise<readonly ClaimedRun[]> {
  const claimed = await claim(triage_runs, {}, claiming);
  return claimed.map(({ record, epoch, attempts }) => ({ run: JSON.parse(record) as StoredRun, epoch, attempts }));
}

/** Each by itself, under the epoch that it was seen with, so that of several who saw it one gets it. */
async function claim(
  jobs: Collections["triage_runs"],
  of: Pick<JobDocument, "channel">,
  { limit, now, leaseMs }: Claiming,
): Promise<readonly JobDocument[]> {
  const due: Filter<JobDocument> = { ...of, due_at: { $type: "date", $lte: now } };
  const seen = await jobs
    .find(due, { projection: { epoch: 1 } })
    .sort({ due_at: 1, _id: 1 })
    .limit(limit)
    .toArray();
  const claimed = await Promise.all(
    seen.map(({ _id, epoch }) =>
      jobs.findOneAndUpdate(
        { ...due, _id, epoch },
        { $set: { due_at: new Date(now.getTime() + leaseMs) }, $inc: { epoch: 1, attempts: 1 } },
        { returnDocument: "after" },
      ),
    ),
  );
  return claimed.filter((document) => document !== null);
}

export async function saveRun(
  { triage_runs }: Collections,
  run: StoredRun,
  epoch: number,
  due: Date | null,
): Promise<boolean> {
  const fields = {
    record: JSON.stringify(run),
    short: JSON.stringify(shortRun(run)),
    due_at: due,
    attempts: 0,
  };
  return (await triage_runs.updateOne({ _id: run.id, epoch }, { $set: fields })).matchedCount === 1;
}

export async function renewRun({ triage_runs }: Collections, id: string, epoch: number, due: Date): Promise<boolean> {
  return (
    (await triage_runs.updateOne({ _id: id, epoch, due_at: { $type: "date" } }, { $set: { due_at: due } }))
      .matchedCount === 1
  );
}

export async function getRun({ triage_runs }: Collections, id: string): Promise<StoredRun | undefined> {
  const found = await triage_runs.findOne({ _id: id });
  return found === null ? undefined : (JSON.parse(found.record) as StoredRun);
}

export async function runsOf({ triage_runs }: Collections, incident: string): Promise<readonly StoredRun[]> {
  const found = await triage_runs.find({ incident }).limit(mostShown).toArray();
  return found.map(({ record }) => JSON.parse(record) as StoredRun).toSorted(byAge);
}

/** The newest run of each of these incidents that has any, in short, by the id of the incident. */
export async function newestRuns(
  { triage_runs }: Collections,
  incidents: readonly string[],
): Promise<ReadonlyMap<string, TriageSummary>> {
  if (incidents.length === 0) return new Map();
  const found = await triage_runs
    .aggregate<{ readonly incident: string; readonly short: string }>([
      { $match: { incident: { $in: incidents } } },
      // One that is not begun is short itself.
      { $project: { incident: 1, short: { $ifNull: ["$short", "$record"] } } },
    ])
    .toArray();
  const runs = found.map(({ short }) => JSON.parse(short) as StoredRun).toSorted(byAge);
  return new Map(runs.toReversed().map((run) => [run.incident_id, summaryOf(run)]));
}

/** The newest first. */
function byAge(one: StoredRun, other: StoredRun): number {
  return one.created_at > other.created_at ? -1 : 1;
}

export async function askApproval({ approvals }: Collections, approval: Approval): Promise<Approval> {
  await insertAll(approvals, [approvalDocument(approval)]);
  const found = await approvals.findOne({ _id: approval.id });
  return found === null ? approval : (JSON.parse(found.record) as Approval);
}

export function approvalDocument(approval: Approval): ApprovalDocument {
  const { id, incident_id: incident, run_id: run, state } = approval;
  return { _id: id, incident, run, state, record: JSON.stringify(approval) };
}

export async function getApproval({ approvals }: Collections, id: string): Promise<Approval | undefined> {
  const found = await approvals.findOne({ _id: id });
  return found === null ? undefined : (JSON.parse(found.record) as Approval);
}

export async function listApprovals(
  { approvals }: Collections,
  { state, after, limit }: ApprovalQuery,
): Promise<Page<Approval>> {
  const filter = {
    ...(state !== undefined && { state: { $in: [...state] } }),
    ...(after !== undefined && { _id: { $lt: after } }),
  };
  const found = await approvals
    .find(filter)
    .sort({ _id: -1 })
    .limit(limit + 1)
    .toArray();
  return page(
    found.map(({ record }) => JSON.parse(record) as Approval),
    limit,
  );
}

/** The decision first: were this to stop before the run is due, the run would look for it by itself. */
export async function decideApproval(
  { approvals, triage_runs }: Collections,
  id: string,
  { state, by, comment, at }: Decision,
): Promise<Approval | undefined> {
  const found = await approvals.findOne({ _id: id, state: "pending" });
  if (found === null) return undefined;
  const pending = JSON.parse(found.record) as Approval;
  if (!mayBeDecided(pending, state, at)) return undefined;
  const decided = { ...pending, state, decided_at: at.toISOString(), decided_by: by, comment };
  const { matchedCount } = await approvals.updateOne(
    { _id: id, state: "pending" },
    { $set: { state, record: JSON.stringify(decided) } },
  );
  if (matchedCount === 0) return undefined;
  await triage_runs.updateOne({ _id: pending.run_id, due_at: { $type: "date", $gt: at } }, { $set: { due_at: at } });
  return decided;
}

/** A message as it is put into the outbox. */
export function messageDocument(message: StoredMessage): JobDocument {
  return { ...jobDocument(message), channel: message.channel };
}

export async function postMessage({ outbox }: Collections, message: StoredMessage): Promise<boolean> {
  return (await insertAll(outbox, [messageDocument(message)])).taken.size === 0;
}

export async function dueChannels({ outbox }: Collections, now: Date): Promise<readonly string[]> {
  const found = await outbox.distinct("channel", { due_at: { $type: "date", $lte: now } });
  return found.filter((channel) => channel !== undefined);
}

export async function claimMessages(
  { outbox }: Collections,
  channel: string,
  claiming: Claiming,
): Promise<readonly ClaimedMessage[]> {
  const claimed = await claim(outbox, { channel }, claiming);
  return claimed.map(({ record, epoch, attempts }) => ({
    message: JSON.parse(record) as StoredMessage,
    epoch,
    attempts,
  }));
}

export async function saveMessage(
  { outbox }: Collections,
  message: StoredMessage,
  epoch: number,
  due: Date | null,
): Promise<boolean> {
  const fields = { record: JSON.stringify(message), due_at: due };
  return (await outbox.updateOne({ _id: message.id, epoch }, { $set: fields })).matchedCount === 1;
}

export async function removeMessage({ outbox }: Collections, id: string, epoch: number): Promise<boolean> {
  return (await outbox.deleteOne({ _id: id, epoch })).deletedCount === 1;
}

export async function messagesOf({ outbox }: Collections, incident: string): Promise<readonly StoredMessage[]> {
  const found = await outbox.find({ incident }).sort({ _id: 1 }).limit(mostShown).toArray();
  return found.map(({ record }) => JSON.parse(record) as StoredMessage);
}

export async function allPlaybooks({ playbooks }: Collections): Promise<readonly StoredPlaybook[]> {
  const found = await playbooks.find({}).toArray();
  return found
    .map(({ record }) => JSON.parse(record) as StoredPlaybook)
    .toSorted((a, b) => (a.created_at < b.created_at ? -1 : 1));
}

export async function playbooksRevision({ playbooks }: Collections): Promise<string> {
  const seen = await playbooks
    .find({}, { projection: { hash: 1 } })
    .sort({ _id: 1 })
    .toArray();
  return hash("sha256", JSON.stringify(seen));
}

export async function putPlaybook({ playbooks }: Collections, playbook: StoredPlaybook): Promise<boolean> {
  return (await insertAll(playbooks, [playbookDocument(playbook)])).taken.size === 0;
}

export function playbookDocument(playbook: StoredPlaybook): PlaybookDocument {
  const { name, version } = playbook;
  const record = JSON.stringify(playbook);
  return { _id: `${name}/${version}`, name, record, hash: hash("sha256", record) };
}

export async function removePlaybook({ playbooks }: Collections, name: string): Promise<boolean> {
  return (await playbooks.deleteMany({ name })).deletedCount > 0;
}

/** What belongs to incidents goes with them. */
export async function pruneTriage(
  { triage_runs, approvals, outbox }: Collections,
  incidents: readonly string[],
): Promise<void> {
  const of = { incident: { $in: [...incidents] } };
  await Promise.all([triage_runs.deleteMany(of), approvals.deleteMany(of), outbox.deleteMany(of)]);
}
