import type { Filter } from "mongodb";
import type { ClaimedDelivery, QueueStatus, Why } from "../ports.ts";
import type { Collections } from "./database.ts";
import { bytesOf, shown } from "./deliveries.ts";
import type { DeliveryDocument } from "./documents.ts";

/** Where several gateways want the same head of the queue, one that got nothing looks this many times further along. */
const spread = 16;

/**
 * Leases deliveries. Each is taken by itself, under the epoch that it was seen with, so that of several who saw it one gets
 * it; who got none although there are some looks again, somewhere else.
 */
export async function claimDeliveries(
  { deliveries }: Collections,
  limit: number,
  now: Date,
  leaseMs: number,
): Promise<readonly ClaimedDelivery[]> {
  const due: Filter<DeliveryDocument> = { outcome: "queued", due_at: { $lte: now } };
  for (let far = 1; ; far = spread) {
    const seen = await deliveries
      .find(due, { projection: { epoch: 1 } })
      .sort({ due_at: 1, _id: 1 })
      .limit(limit * far)
      .toArray();
    if (seen.length === 0) return [];
    const from = far === 1 ? 0 : Math.floor(Math.random() * Math.max(1, seen.length - limit + 1));
    const claimed = await Promise.all(
      seen.slice(from, from + limit).map(({ _id, epoch }) =>
        deliveries.findOneAndUpdate(
          { ...due, _id, epoch },
          {
            $set: { due_at: new Date(now.getTime() + leaseMs) },
            $inc: { epoch: 1, attempts: 1 },
          },
          { returnDocument: "after" },
        ),
      ),
    );
    const got = claimed.filter((document) => document !== null);
    if (got.length > 0) return got.map(claimedOf);
  }
}

function claimedOf(document: DeliveryDocument): ClaimedDelivery {
  return {
    delivery: shown(document),
    key: document.keys[0] ?? "",
    body: bytesOf(document) ?? new Uint8Array(),
    epoch: document.epoch,
  };
}

export async function retryDelivery(
  { deliveries }: Collections,
  id: string,
  epoch: number,
  at: Date,
  { reason, code = null }: Why,
): Promise<boolean> {
  const { matchedCount } = await deliveries.updateOne(
    { _id: id, epoch, outcome: "queued" },
    { $set: { due_at: at, code, why: JSON.stringify({ code, reason, details: null }) } },
  );
  return matchedCount === 1;
}

/** A worker that had it before is fenced off by the epoch. */
export async function requeueDelivery({ deliveries }: Collections, id: string, now: Date): Promise<boolean> {
  const { matchedCount } = await deliveries.updateOne(
    { _id: id, outcome: { $in: ["rejected", "dead", "ignored"] }, keys: { $ne: [] }, body: { $ne: null } },
    {
      $inc: { epoch: 1 },
      $set: {
        outcome: "queued",
        code: null,
        why: JSON.stringify({ code: null, reason: null, details: null }),
        due_at: now,
        attempts: 0,
        settled_at: null,
      },
    },
  );
  return matchedCount === 1;
}

const minuteMs = 60_000;

export async function queueStatus({ deliveries }: Collections, now: Date): Promise<QueueStatus> {
  const queued = { outcome: "queued" } as const;
  const [all, committing, due, first, settled] = await Promise.all([
    deliveries.countDocuments(queued),
    // What a gateway is just committing does not wait for anybody.
    deliveries.countDocuments({ ...queued, attempts: 0, due_at: { $gt: now } }),
    deliveries.countDocuments({ ...queued, due_at: { $lte: now } }),
    // Only what an index holds: a long queue is not read as a whole.
    deliveries.findOne(queued, { projection: { _id: 1 }, sort: { _id: 1 } }),
    deliveries.countDocuments({ settled_at: { $gt: new Date(now.getTime() - minuteMs) } }),
  ]);
  const depth = Math.max(0, all - committing);
  const oldest = depth === 0 || first === null ? null : await deliveries.findOne({ _id: first._id }, withoutBytes);
  return {
    depth,
    due,
    oldest_received_at: oldest === null ? null : shown(oldest).received_at,
    settled_last_minute: settled,
  };
}

const withoutBytes = { projection: { body: 0 } } as const;
