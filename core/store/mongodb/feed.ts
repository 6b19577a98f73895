import type { AnyBulkWriteOperation, Filter } from "mongodb";
import { StoreError } from "../../errors.ts";
import type { Announcement, Unannounced } from "../feed-port.ts";
import { insertAll, writeAll } from "./bulk.ts";
import type { Collections } from "./database.ts";
import type { IncidentDocument } from "./documents.ts";
import { wholes } from "./incidents.ts";
import { messageDocument } from "./triage.ts";

/** Said so that the partial index serves it. */
const marked = { unannounced: { $type: "number" } } as unknown as Filter<IncidentDocument>;

/** One that changes all the time holds up nobody: what was changed last comes last. */
export async function unannouncedIncidents(collections: Collections, limit: number): Promise<readonly Unannounced[]> {
  const found = await collections.incidents.find(marked).sort({ updated_at: 1 }).limit(limit).toArray();
  const incidents = await wholes(collections, found);
  return incidents.map((incident, index) => ({
    key: found[index]?._id ?? "",
    incident,
    since: found[index]?.unannounced ?? 0,
  }));
}

/** The messages first: were this to stop in between, they would be put there again, under the same ids. */
export async function announce({ outbox, incidents }: Collections, given: readonly Announcement[]): Promise<void> {
  const keys = given.map(({ key }) => key);
  const there = await incidents.find({ _id: { $in: keys }, ...marked }, { projection: { unannounced: 1 } }).toArray();
  const marks = new Map(there.map(({ _id, unannounced }) => [_id, unannounced ?? 0]));
  // Another gateway was quicker.
  const all = given.filter(({ key, version }) => (marks.get(key) ?? version) < version);
  const messages = all.flatMap((each) => each.messages);
  const { refused } = await insertAll(outbox, messages.map(messageDocument));
  for (const why of refused.values()) throw new StoreError(`A message cannot be stored: ${why}`);
  await writeAll(
    incidents,
    all.flatMap(({ key: _id, version }): AnyBulkWriteOperation<IncidentDocument>[] => [
      { updateOne: { filter: { _id, version }, update: { $unset: { unannounced: true } } } },
      { updateOne: { filter: { _id, unannounced: { $lt: version } }, update: { $set: { unannounced: version } } } },
    ]),
  );
}
