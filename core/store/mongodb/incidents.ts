import { setTimeout as pause } from "node:timers/promises";
import { Refusal, StoreError } from "../../errors.ts";
import {
  type Changeable,
  type ChangeContext,
  type Changed,
  changedBy,
  type IncidentChange,
} from "../../incidents/change.ts";
import type { IncidentDraft, WholeIncident } from "../../incidents/incident.ts";
import { placed, withPart } from "../../incidents/merge.ts";
import { parseIncidentNumber } from "../../incidents/number.ts";
import { type Kept, shownWhole } from "../../incidents/show.ts";
import { earliestId } from "../pages.ts";
import type { Collections, Writable } from "./database.ts";
import type { IncidentDocument } from "./documents.ts";
import { columnsOf, marking, timelineOf } from "./incident-document.ts";
import { newestRuns, pruneTriage } from "./triage.ts";

/** Another gateway that updates the same incidents at the same time is met again and again, but not for ever. */
export const mostTries = 100;
export const longestPauseMs = 20;

export async function getIncident(collections: Collections, idOrNumber: string): Promise<WholeIncident | undefined> {
  return whole(collections, (await findOne(collections, idOrNumber)) ?? undefined);
}

function findOne({ incidents }: Collections, idOrNumber: string): Promise<IncidentDocument | null> {
  const isNumber = parseIncidentNumber(idOrNumber) !== undefined;
  return incidents.findOne(isNumber ? { number: idOrNumber.toUpperCase() } : { id: idOrNumber.toLowerCase() });
}

/** @throws {Refusal} */
export async function changeIncident(
  collections: Writable,
  idOrNumber: string,
  change: IncidentChange,
  context: ChangeContext,
): Promise<WholeIncident | undefined> {
  return whole(collections, await rewrite(collections, idOrNumber, (stored) => changedBy(stored, change, context)));
}

/**
 * The incident that is merged says so first; the other one is told after that, and told again whenever this one changes: so
 * whoever finds the one without the other can finish it. @throws {Refusal}
 */
export async function mergeIncident(
  collections: Writable,
  idOrNumber: string,
  into: string | null,
  context: ChangeContext,
): Promise<WholeIncident | undefined> {
  const before = await findOne(collections, idOrNumber);
  if (before === null) return undefined;
  const target = into === null ? null : await findOne(collections, into);
  if (into !== null && target === null) {
    throw new Refusal("not_found", { message: `There is no incident '${into.slice(0, 63)}'` });
  }
  const other = target && changeable(target);
  await rewrite(collections, before.id, (stored) => placed(stored, other, context));
  // Somebody else may have merged the other one meanwhile, perhaps into this one.
  const isMerged = target !== null && (await findOne(collections, target.id))?.merged_into;
  if (isMerged) {
    await rewrite(collections, before.id, (stored) => placed(stored, null, { ...context, version: stored.version }));
    throw new Refusal("merged_incident", { message: `${target.number} was merged meanwhile; read it again` });
  }
  const former = (JSON.parse(before.draft) as IncidentDraft).merged_into;
  const targets = new Set([former?.incident_id, target?.id].filter((id) => id !== undefined));
  for (const id of targets) await bringUp(collections, id, before.id, context);
  return getIncident(collections, before.id);
}

/** Lets an incident know what a part of it is now, and whatever that one is a part of. */
export async function bringUp(
  collections: Writable,
  id: string,
  partId: string,
  context: Parameters<typeof withPart>[2],
): Promise<void> {
  const part = await findOne(collections, partId);
  if (part === null) return;
  const now = await rewrite(collections, id, (stored) => withPart(stored, changeable(part), context));
  if (now?.merged_into) await bringUp(collections, now.merged_into, id, context);
}

function changeable(document: IncidentDocument): Changeable {
  const { number, version } = document;
  return { number, version, timeline: timelineOf(document), draft: JSON.parse(document.draft) as IncidentDraft };
}

/** Compares the version and sets it, as often as it takes. Which deliveries were applied last stays as it is. */
async function rewrite(
  collections: Writable,
  idOrNumber: string,
  change: (stored: Changeable) => Changed | undefined,
): Promise<IncidentDocument | undefined> {
  for (let tries = 0; tries < mostTries; tries++) {
    if (tries > 0) await pause(Math.random() * longestPauseMs);
    const stored = await findOne(collections, idOrNumber);
    if (stored === null) return undefined;
    const changed = change(changeable(stored));
    if (changed === undefined) return stored;
    const { _id, number, version } = stored;
    const fields = {
      ...columnsOf(changed.draft, number),
      timeline: JSON.stringify(changed.timeline),
      version: changed.version,
    };
    const update = { $set: fields, ...(collections.follows() && marking(version)) };
    const { matchedCount } = await collections.incidents.updateOne({ _id, version }, update);
    if (matchedCount === 1) return { ...stored, ...fields };
  }
  throw new StoreError("Too many gateways change the same incident at once");
}

export async function pruneIncidents(collections: Collections, before: Date, limit: number): Promise<number> {
  const { incidents, incident_deliveries, incident_aliases, incident_groups } = collections;
  const cutoff = before.toISOString();
  const old = await incidents
    .find({ id: { $lt: earliestId(cutoff) }, updated_at: { $lt: cutoff } }, { projection: { id: 1 } })
    .sort({ id: 1 })
    .limit(limit)
    .toArray();
  if (old.length === 0) return 0;
  await pruneTriage(
    collections,
    old.map(({ id }) => id),
  );
  for (const { id } of old) await incident_deliveries.deleteMany({ _id: { $gte: `${id}/`, $lt: `${id}0` } });
  const keys = old.map(({ _id }) => _id);
  await incident_aliases.deleteMany({ incident: { $in: keys } });
  await incident_groups.deleteMany({ incident: { $in: keys } });
  const { deletedCount } = await incidents.deleteMany({
    _id: { $in: keys },
    updated_at: { $lt: cutoff },
  });
  return deletedCount;
}

async function whole(
  collections: Collections,
  document: IncidentDocument | undefined,
): Promise<WholeIncident | undefined> {
  return document && (await wholes(collections, [document]))[0];
}

/** Incidents as they are read alone. */
export async function wholes(
  collections: Collections,
  documents: readonly IncidentDocument[],
): Promise<readonly WholeIncident[]> {
  const shown = await withTriage(collections, documents);
  return shown.map(({ draft, kept }, index) => {
    const document = documents[index];
    return shownWhole(draft, kept, document === undefined ? [] : timelineOf(document));
  });
}

/** What incidents are shown from: their documents, and in short their newest runs. */
export async function withTriage(
  collections: Collections,
  documents: readonly IncidentDocument[],
): Promise<readonly { readonly draft: IncidentDraft; readonly kept: Kept }[]> {
  const runs = await newestRuns(
    collections,
    documents.map(({ id }) => id),
  );
  return documents.map(({ id, number, draft, deliveries, version }) => ({
    draft: JSON.parse(draft) as IncidentDraft,
    kept: { number, deliveries, version, triage: runs.get(id) ?? null },
  }));
}
