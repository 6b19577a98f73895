/**
 * The commit of a batch without a transaction: a sequence that any gateway can begin again, in any state that a crash left it.
 *
 * 1. The deliveries and their keys are written. A delivery that has alerts is written as `queued` and leased to this gateway:
 *    were it to stop here, a worker would find the delivery when the lease has run out, and work it off from its bytes.
 * 2. The incidents are made and updated, each delivery applied to each once, and their runs started. From here on the sender
 *    may be answered.
 * 3. The deliveries get their outcome, beside the next batch. Whoever reads through this store waits for that.
 */
import { setTimeout as pause } from "node:timers/promises";
import type { AnyBulkWriteOperation } from "mongodb";
import type { IncidentRef } from "../../incidents/incident.ts";
import type { Commit, CommitResult, DeliverySummary, Outcome } from "../ports.ts";
import type { Known } from "./alerts.ts";
import { applyAlerts, findKnown } from "./apply-alerts.ts";
import { insertAll, writeAll } from "./bulk.ts";
import type { Collections, Writable } from "./database.ts";
import { documentOf, shown } from "./deliveries.ts";
import type { DeliveryDocument } from "./documents.ts";
import type { Numbers } from "./numbers.ts";
import { startWith } from "./triage.ts";

/** What becomes of one commit of a batch. */
export type Committed = CommitResult | { readonly kind: "failed"; readonly message: string };

export interface CommitOptions {
  readonly numbers: Numbers;
  readonly now: () => Date;
  /** How long a delivery is left to this gateway: longer than a commit may take. */
  readonly leaseMs: number;
}

export interface Batch {
  readonly results: readonly Committed[];
  /** Gives the deliveries their outcome. */
  readonly finish: (collections: Collections) => Promise<void>;
}

/** @throws {StoreError | MongoError} where it is not known what of the batch was written */
export async function commitBatch(
  collections: Writable,
  commits: readonly Commit[],
  options: CommitOptions,
): Promise<Batch> {
  const { numbers, now } = options;
  const results: Committed[] = [];
  const lost = await lostLeases(collections, commits);
  const live = [...commits.entries()].filter(([index]) => !lost.has(index));
  for (const index of lost) results[index] = { kind: "lost" };

  const begun = await begin(
    collections,
    live.map(([, commit]) => commit),
    options,
  );
  const rivals = new Rivals(collections, now);
  const winners: [number, Commit][] = [];
  const duplicates: [number, Commit, DeliverySummary][] = [];
  const win = (index: number, commit: Commit): void => {
    winners.push([index, commit]);
    rivals.win(commit);
  };
  const contested: [number, Commit][] = [];
  for (const [at, [index, commit]] of live.entries()) {
    const settled = begun.settled.get(at);
    if (settled !== undefined) results[index] = settled;
    else if (begun.taken.has(at)) contested.push([index, commit]);
    else win(index, commit);
  }
  await rivals.look(contested.map(([, commit]) => commit));
  for (const [index, commit] of contested) {
    const original = await rivals.originalOf(commit);
    if (original === undefined) win(index, commit);
    else duplicates.push([index, commit, original]);
  }

  const all = winners.map(([, { delivery, drafts }]) => ({ delivery: delivery.id, drafts }));
  const refs = await applyAlerts(collections, all, begun.known, numbers);
  await startWith(collections, all, refs);
  const made = winners.map(([index, commit], at) => ({ index, commit, incidents: refs[at] ?? [] }));
  for (const { index, incidents } of made) results[index] = { kind: "committed", incidents };
  for (const [index, , { id, ...original }] of duplicates) {
    // One of this very batch is known in full by now.
    const here = made.find(({ commit }) => commit.delivery.id === id);
    results[index] = { kind: "duplicate", original: { id, ...original, ...(here && { incidents: here.incidents }) } };
  }

  // A worker is only told that it settled once it did: the lease may have been lost in the meantime.
  const ends: readonly (End & { readonly index: number })[] = [
    ...made,
    ...duplicates.map(([index, commit, { id }]) => ({ index, commit, incidents: [], duplicateOf: id })),
  ];
  const settles = ends.filter(({ commit }) => commit.claim !== undefined);
  const kept = await Promise.all(settles.map((end) => settle(collections, end)));
  for (const [at, { index }] of settles.entries()) if (kept[at] === false) results[index] = { kind: "lost" };
  return { results, finish: (collections) => finishAll(collections, ends) };
}

/** The commits of workers that have lost their lease already. */
async function lostLeases({ deliveries }: Collections, commits: readonly Commit[]): Promise<ReadonlySet<number>> {
  const ids = commits.filter(({ claim }) => claim !== undefined).map(({ delivery }) => delivery.id);
  if (ids.length === 0) return new Set();
  const seen = await deliveries.find({ _id: { $in: ids }, outcome: "queued" }, { projection: { epoch: 1 } }).toArray();
  const epochs = new Map(seen.map(({ _id, epoch }) => [_id, epoch]));
  const lost = new Set<number>();
  const claimed = new Set<string>();
  for (const [index, { delivery, claim }] of commits.entries()) {
    if (claim === undefined) continue;
    if (epochs.get(delivery.id) !== claim.epoch || claimed.has(delivery.id)) lost.add(index);
    else claimed.add(delivery.id);
  }
  return lost;
}

interface Begun {
  /** What can be said already. */
  readonly settled: ReadonlyMap<number, Committed>;
  /** Those whose key somebody has, perhaps they themselves. */
  readonly taken: ReadonlySet<number>;
  readonly known: Known;
}

/** The first round trip: deliveries and keys are written, numbers reserved and incidents read, all at once. */
async function begin(
  collections: Collections,
  commits: readonly Commit[],
  { numbers, now, leaseMs }: CommitOptions,
): Promise<Begun> {
  const fresh = [...commits.entries()].filter(([, { claim }]) => claim === undefined);
  const due = new Date(now().getTime() + leaseMs);
  const alerts = commits.map(({ delivery, drafts }) => ({ delivery: delivery.id, drafts }));
  const [inserted, keys, known] = await Promise.all([
    insertAll(
      collections.deliveries,
      fresh.map(([, commit]) => begunDocument(commit, due)),
    ),
    insertAll(
      collections.delivery_keys,
      commits.map(({ delivery }) => ({ _id: delivery.key, delivery: delivery.id })),
    ),
    findKnown(collections, alerts),
    ...[...yearsOf(commits)].map(([year, count]) => numbers.reserve(collections, year, count)),
  ]);
  for (const why of keys.refused.values()) throw new Error(why);
  const settled = new Map<number, Committed>();
  for (const [at, [index, commit]] of fresh.entries()) {
    const why = inserted.refused.get(at);
    if (why !== undefined) settled.set(index, { kind: "failed", message: why });
    else if (inserted.taken.has(at)) settled.set(index, await againOf(collections, commit, now()));
  }
  return { settled, taken: keys.taken, known };
}

/** With alerts it is not what it will be before they are incidents. */
function begunDocument({ delivery, drafts }: Commit, due: Date): DeliveryDocument {
  const document = documentOf(delivery);
  return drafts.length === 0 ? document : { ...document, outcome: "queued", due_at: due, epoch: 1 };
}

function yearsOf(commits: readonly Commit[]): ReadonlyMap<number, number> {
  const years = new Map<number, number>();
  for (const { drafts } of commits) {
    for (const { created_at } of drafts) {
      const year = Number(created_at.slice(0, 4));
      years.set(year, (years.get(year) ?? 0) + 1);
    }
  }
  return years;
}

/** A commit whose answer was lost: what it began is finished by whoever has the lease, and is told as far as it is known. */
async function againOf({ deliveries }: Collections, { delivery }: Commit, now: Date): Promise<Committed> {
  const stored = await deliveries.findOne({ _id: delivery.id }, { projection: { body: 0 } });
  // Whoever began it has given up: nobody need wait for the end of the lease.
  await deliveries.updateOne(
    { _id: delivery.id, outcome: "queued", attempts: 0, due_at: { $gt: now } },
    { $set: { due_at: now } },
  );
  if (stored === null) return { kind: "failed", message: "The delivery is gone" };
  if (!stored.keys.includes(delivery.key) && stored.duplicate_of === null) {
    return { kind: "failed", message: "Another delivery of this id is stored already" };
  }
  const original =
    stored.duplicate_of === null
      ? null
      : await deliveries.findOne({ _id: stored.duplicate_of }, { projection: { body: 0 } });
  if (original !== null) return { kind: "duplicate", original: summaryOf(original) };
  return { kind: "committed", incidents: stored.incidents };
}

function summaryOf(document: DeliveryDocument): DeliverySummary {
  const { id, outcome, reason, incidents } = shown(document);
  return { id, outcome, reason, incidents };
}

/** How long a duplicate waits for the original, which another gateway is just committing. */
const patienceMs = 2_000;
const pollEveryMs = 10;

/** Decides between deliveries of one key. */
class Rivals {
  readonly #collections: Collections;
  readonly #now: () => Date;
  /** The deliveries of this batch that have their key. */
  readonly #winners = new Map<string, DeliverySummary>();
  /** What was read for the whole batch at once; anything may have changed when it is not enough. */
  readonly #owners = new Map<string, string>();
  readonly #seen = new Map<string, DeliveryDocument>();

  constructor(collections: Collections, now: () => Date) {
    this.#collections = collections;
    this.#now = now;
  }

  win({ delivery: { id, outcome, reason } }: Commit): void {
    this.#winners.set(id, { id, outcome, reason, incidents: [] });
  }

  /** Reads who has the keys of these commits, so that a flood of duplicates costs two round trips. */
  async look(commits: readonly Commit[]): Promise<void> {
    if (commits.length === 0) return;
    const { delivery_keys, deliveries } = this.#collections;
    const owners = await delivery_keys.find({ _id: { $in: commits.map(({ delivery }) => delivery.key) } }).toArray();
    for (const { _id, delivery } of owners) this.#owners.set(_id, delivery);
    const others = owners.map(({ delivery }) => delivery).filter((id) => !this.#winners.has(id));
    if (others.length === 0) return;
    const seen = await deliveries.find({ _id: { $in: others } }, { projection: { body: 0 } }).toArray();
    for (const document of seen) this.#seen.set(document._id, document);
  }

  /** The delivery that a commit is a duplicate of; `undefined` where it has its key, or has got it from one that failed. */
  async originalOf({ delivery }: Commit): Promise<DeliverySummary | undefined> {
    const { delivery_keys } = this.#collections;
    let owner = this.#owners.get(delivery.key);
    for (;;) {
      owner ??= (await delivery_keys.findOne({ _id: delivery.key }))?.delivery;
      if (owner === delivery.id) return undefined;
      const original = owner === undefined ? undefined : await this.#find(owner, delivery.id);
      if (original !== undefined && !mayTryAgain(original.outcome, delivery.outcome)) return original;
      if (await this.#takeOver(delivery.key, delivery.id, owner)) return undefined;
      owner = undefined;
    }
  }

  /** The key of one that failed, or of one that is not stored any more. `false` where another took it over first. */
  async #takeOver(key: string, delivery: string, from: string | undefined): Promise<boolean> {
    const { delivery_keys } = this.#collections;
    if (from === undefined) {
      return (await insertAll(delivery_keys, [{ _id: key, delivery }])).taken.size === 0;
    }
    const { matchedCount } = await delivery_keys.updateOne({ _id: key, delivery: from }, { $set: { delivery } });
    return matchedCount === 1;
  }

  /** @param self whose original is looked for: it cannot be its own */
  async #find(id: string, self: string): Promise<DeliverySummary | undefined> {
    const { deliveries } = this.#collections;
    for (const giveUp = performance.now() + patienceMs; ; await pause(pollEveryMs)) {
      const here = this.#winners.get(id);
      if (here !== undefined) return here;
      const found = this.#seen.get(id) ?? (await deliveries.findOne({ _id: id }, { projection: { body: 0 } }));
      this.#seen.delete(id);
      if (found === null) return undefined;
      if (found.duplicate_of !== null && found.duplicate_of !== self) return this.#find(found.duplicate_of, self);
      if (!this.#isUnderWay(found) || performance.now() > giveUp) return summaryOf(found);
    }
  }

  /** Leased to a gateway that is committing it, and never yet to a worker. */
  #isUnderWay({ outcome, attempts, due_at }: DeliveryDocument): boolean {
    return outcome === "queued" && attempts === 0 && due_at !== null && due_at > this.#now();
  }
}

/** A delivery that failed before gives its key to one that does not fail any more. */
function mayTryAgain(original: Outcome, now: Outcome): boolean {
  const failed = (outcome: Outcome): boolean => outcome === "rejected" || outcome === "dead";
  return failed(original) && !failed(now);
}

interface End {
  readonly commit: Commit;
  readonly incidents: readonly IncidentRef[];
  readonly duplicateOf?: string;
}

/** What a delivery is in the end. */
function ended({ commit: { delivery, claim }, incidents, duplicateOf }: End): Partial<DeliveryDocument> {
  const document = documentOf(delivery);
  const last = { incidents, ...(claim && { settled_at: claim.at }) };
  if (duplicateOf === undefined) {
    // A queued one is due at once, and whoever has taken it up in the meantime keeps it.
    const { _id, keys, attempts, epoch, settled_at, body, ...fields } = document;
    return { ...fields, ...last };
  }
  const { why, record } = document;
  return { why, record, ...last, outcome: "duplicate", duplicate_of: duplicateOf, due_at: null, body: null };
}

/** `false` where the lease was lost. */
async function settle({ deliveries }: Collections, end: End): Promise<boolean> {
  const { delivery, claim } = end.commit;
  const { matchedCount } = await deliveries.updateOne(
    { _id: delivery.id, outcome: "queued", epoch: claim?.epoch ?? 0 },
    {
      $set: ended(end),
      // Queued under the key of its bytes; once its event is known it also has the event's.
      ...(end.duplicateOf === undefined && { $addToSet: { keys: delivery.key } }),
    },
  );
  return matchedCount === 1;
}

/** The third round trip. One that a worker took up in the meantime, since this gateway was slow, is left to the worker. */
async function finishAll({ deliveries }: Collections, ends: readonly End[]): Promise<void> {
  const operations = ends.flatMap((end): AnyBulkWriteOperation<DeliveryDocument>[] => {
    const { commit, duplicateOf } = end;
    const { delivery, drafts, claim } = commit;
    const isWhole = drafts.length === 0 && duplicateOf === undefined;
    if (claim !== undefined || isWhole) return [];
    const filter =
      drafts.length === 0 ? { _id: delivery.id } : { _id: delivery.id, outcome: "queued" as const, epoch: 1 };
    return [{ updateOne: { filter, update: { $set: ended(end) } } }];
  });
  await writeAll(deliveries, operations);
}
