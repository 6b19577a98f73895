import { Binary, type Filter } from "mongodb";
import { earliestId, page } from "../pages.ts";
import type { DeliveryQuery, DeliveryRecord, NewDelivery, Page, RefusedDelivery, StoredDelivery } from "../ports.ts";
import { insertAll } from "./bulk.ts";
import type { Collections } from "./database.ts";
import type { DeliveryDocument } from "./documents.ts";
import { within } from "./incident-list.ts";

/** A delivery as it is inserted, before anything is known of its incidents. */
export function documentOf(delivery: RefusedDelivery & Partial<Pick<NewDelivery, "key" | "body">>): DeliveryDocument {
  const { id, key, body, source, outcome, code, reason, details, ...record } = delivery;
  return {
    _id: id,
    keys: key === undefined ? [] : [key],
    source,
    outcome,
    code,
    why: JSON.stringify({ code, reason, details }),
    record: JSON.stringify(record),
    incidents: [],
    duplicate_of: null,
    attempts: 0,
    due_at: outcome === "queued" ? new Date(0) : null,
    epoch: 0,
    settled_at: null,
    body: body === undefined ? null : new Binary(body),
  };
}

type Shown = Omit<DeliveryDocument, "body">;

/** A delivery as it is shown. */
export function shown({ _id: id, source, outcome, why, record, ...document }: Shown): DeliveryRecord {
  const rest = JSON.parse(record) as Omit<
    DeliveryRecord,
    "id" | "source" | "outcome" | "code" | "reason" | "details" | "diagnosis"
  >;
  const due = document.due_at;
  return {
    diagnosis: null,
    ...rest,
    ...(JSON.parse(why) as Pick<DeliveryRecord, "code" | "reason" | "details">),
    id,
    source,
    outcome,
    incidents: document.incidents,
    duplicate_of: document.duplicate_of,
    attempts: document.attempts,
    next_attempt_at:
      due === null ? null : new Date(Math.max(due.getTime(), Date.parse(rest.received_at))).toISOString(),
  };
}

export function bytesOf({ body }: Pick<DeliveryDocument, "body">): Uint8Array | null {
  return body === null ? null : body.value();
}

export async function getDelivery({ deliveries }: Collections, id: string): Promise<StoredDelivery | undefined> {
  const found = await deliveries.findOne({ _id: id });
  return found === null ? undefined : { ...shown(found), body: bytesOf(found) };
}

export async function listDeliveries({ deliveries }: Collections, query: DeliveryQuery): Promise<Page<DeliveryRecord>> {
  const { source, outcome, code } = query;
  const filter: Filter<DeliveryDocument> = {
    ...(source !== undefined && { source }),
    ...(outcome !== undefined && { outcome: { $in: [...outcome] } }),
    ...(code !== undefined && { code }),
    ...within("_id", query),
  };
  const documents = await deliveries
    .find(filter, { projection: { body: 0 } })
    .sort({ _id: -1 })
    .limit(query.limit + 1)
    .toArray();
  return page(documents.map(shown), query.limit);
}

/** Refused deliveries carry no key and no bytes; each source keeps its newest `keep`, so that a flood cannot fill the disk. */
export async function recordRefused(
  { deliveries }: Collections,
  records: readonly RefusedDelivery[],
  keep: number,
): Promise<void> {
  await insertAll(deliveries, records.map(documentOf));
  const sources = new Set(records.map(({ source }) => source));
  await Promise.all(
    [...sources].map(async (source) => {
      const of = { source, outcome: "refused" } as const;
      const oldest = await deliveries.findOne(of, { projection: { _id: 1 }, sort: { _id: -1 }, skip: keep - 1 });
      if (oldest !== null) await deliveries.deleteMany({ ...of, _id: { $lt: oldest._id } });
    }),
  );
}

/** The keys go first: one that leads nowhere would be taken over, but one that is gone need not be looked at. */
export async function pruneDeliveries(
  { deliveries, delivery_keys }: Collections,
  before: Date,
  limit: number,
): Promise<number> {
  const of = { _id: { $lt: earliestId(before.toISOString()) }, outcome: { $ne: "queued" } } as const;
  const old = await deliveries
    .find(of, { projection: { keys: 1 } })
    .sort({ _id: 1 })
    .limit(limit)
    .toArray();
  if (old.length === 0) return 0;
  const ids = old.map(({ _id }) => _id);
  await delivery_keys.deleteMany({ _id: { $in: old.flatMap(({ keys }) => keys) }, delivery: { $in: ids } });
  const { deletedCount } = await deliveries.deleteMany({ _id: { $in: ids }, outcome: { $ne: "queued" } });
  return deletedCount;
}
