/** What the suites of the queue have in common: deliveries that wait, and workers that take them up. */
import assert from "node:assert/strict";
import type { ClaimedDelivery, Commit, NewDelivery, QueueStore, Store } from "../../core/store/ports.ts";
import { aDelivery, aDraft, afterNoon, aName, incidentsOf } from "./builders.ts";

export const leaseMs = 30_000;

/** So many milliseconds after noon. */
export function at(milliseconds: number): Date {
  return new Date(afterNoon(milliseconds));
}

/** A queued delivery of a source of its own. */
export async function queued(store: Store, given: Partial<NewDelivery> = {}): Promise<NewDelivery> {
  const delivery = aDelivery({ source: aName(), outcome: "queued", ...given });
  incidentsOf(await store.commits.commit({ delivery, drafts: [] }));
  return delivery;
}

export async function claimOne(queue: QueueStore, now: Date): Promise<ClaimedDelivery> {
  const [job, ...others] = await queue.claim(10, now, leaseMs);
  assert.ok(job, "something is due");
  assert.deepEqual(others, []);
  return job;
}

export function settling({ delivery, key, body, epoch }: ClaimedDelivery, given: Partial<NewDelivery> = {}): Commit {
  const { incidents: _, duplicate_of: __, attempts: ___, next_attempt_at: ____, ...record } = delivery;
  return {
    delivery: { ...record, key, body, outcome: "accepted", ...given },
    drafts: [aDraft({ source: delivery.source })],
    claim: { epoch, at: at(0) },
  };
}

export function idsOf(jobs: readonly ClaimedDelivery[]): readonly string[] {
  return jobs.map(({ delivery }) => delivery.id);
}
