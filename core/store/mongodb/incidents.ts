import { setTimeout as pause } from "node:timers/promises";
import { severities } from "@thruway/sdk/alert";
import type { AnyBulkWriteOperation, Filter } from "mongodb";
import { Refusal, StoreError } from "../../errors.ts";
import {
  type Changeable,
  type ChangeContext,
  type Changed,
  changedBy,
  type IncidentChange,
} from "../../incidents/change.ts";
import { folded } from "../../incidents/fold.ts";
import {
  type IncidentDraft,
  type IncidentRef,
  mostDeliveries,
  type TimelineEntry,
  testTag,
  type WholeIncident,
} from "../../incidents/incident.ts";
import { combined, placed, withPart } from "../../incidents/merge.ts";
import { parseIncidentNumber } from "../../incidents/number.ts";
import { type Kept, shownWhole } from "../../incidents/show.ts";
import { looseTermsOf } from "../../incidents/terms.ts";
import { noticedIn, withEntry } from "../../incidents/timeline.ts";
import { updated } from "../../incidents/update.ts";
import { earliestId } from "../pages.ts";
import { type Alerts, incidentKey, type Known } from "./alerts.ts";
import { writeAll } from "./bulk.ts";
import type { Collections, Writable } from "./database.ts";
import type { IncidentDocument } from "./documents.ts";
import { group } from "./groups.ts";
import type { Numbers } from "./numbers.ts";
import { newestRuns, pruneTriage } from "./triage.ts";

/** Every incident that alerts are about, as far as there are any. */
export async function findKnown(collections: Collections, all: readonly Alerts[]): Promise<Known> {
  const keys = all.flatMap(({ delivery, drafts }) => drafts.map((draft, index) => incidentKey(draft, delivery, index)));
  if (keys.length === 0) return { incidents: new Map(), aliases: new Map() };
  // Nobody was told of an alert that has neither an id nor a group.
  const told = all.flatMap(({ delivery, drafts }) =>
    drafts.flatMap((draft, index) =>
      draft.external_id === null && draft.group === undefined ? [] : [incidentKey(draft, delivery, index)],
    ),
  );
  const [own, aliases] = await Promise.all([
    found(collections.incidents, keys),
    told.length === 0 ? [] : collections.incident_aliases.find({ _id: { $in: [...new Set(told)] } }).toArray(),
  ]);
  const others = await found(
    collections.incidents,
    aliases.map(({ incident }) => incident),
  );
  return {
    incidents: new Map([...own, ...others]),
    aliases: new Map(aliases.map(({ _id, incident }) => [_id, incident])),
  };
}

async function found(
  incidents: Collections["incidents"],
  keys: readonly string[],
): Promise<Map<string, IncidentDocument>> {
  const _ids = [...new Set(keys)];
  if (_ids.length === 0) return new Map();
  const documents = await incidents.find({ _id: { $in: _ids } }).toArray();
  return new Map(documents.map((document) => [document._id, document]));
}

interface Update {
  readonly delivery: string;
  readonly drafts: readonly IncidentDraft[];
}

/** Another gateway that updates the same incidents at the same time is met again and again, but not for ever. */
const mostTries = 100;
const longestPauseMs = 20;
const searchableAtOnce = 250;

/**
 * Makes and updates incidents. Each delivery is applied to each incident once, however often and by however many gateways
 * this is begun: an incident names the deliveries of its last write, a version fences its writers, and before a writer
 * replaces those names it puts them down in `incident_deliveries`.
 *
 * @param known what was read of these incidents, perhaps a while ago
 * @returns for each delivery the incident of each of its alerts, in their order
 */
export async function applyAlerts(
  collections: Writable,
  all: readonly Alerts[],
  before: Known,
  numbers: Numbers,
): Promise<readonly (readonly IncidentRef[])[]> {
  const { targets, known } = await group(collections, all, before);
  const updates = new Map<string, Update[]>();
  for (const { delivery, drafts } of all) {
    for (const [index, alert] of drafts.entries()) {
      const own = incidentKey(alert, delivery, index);
      const { key, previous } = targets.get(own) ?? { key: own };
      const draft = key === own ? { ...alert, ...(previous && { previous }) } : folded(alert);
      const of = updates.get(key) ?? [];
      const last = of.at(-1);
      if (last?.delivery === delivery) of[of.length - 1] = { delivery, drafts: [...last.drafts, draft] };
      else of.push({ delivery, drafts: [draft] });
      updates.set(key, of);
    }
  }
  const settled = await settleAll(collections, updates, known, numbers);
  for (const { id, merged_into: into, source, updated_at } of settled.values()) {
    if (into) await bringUp(collections, into, id, { by: `source:${source}`, at: new Date(updated_at) });
  }
  return all.map(({ delivery, drafts }) =>
    drafts.map((draft, index) => {
      const own = incidentKey(draft, delivery, index);
      return refOf(settled.get(targets.get(own)?.key ?? own) as IncidentDocument);
    }),
  );
}

async function settleAll(
  collections: Writable,
  updates: ReadonlyMap<string, readonly Update[]>,
  known: ReadonlyMap<string, IncidentDocument>,
  numbers: Numbers,
): Promise<ReadonlyMap<string, IncidentDocument>> {
  const settled = new Map<string, IncidentDocument>();
  let read = known;
  for (let tries = 0; tries < mostTries; tries++) {
    const left = [...updates].filter(([key]) => !settled.has(key));
    if (left.length === 0) return settled;
    if (tries > 0) {
      await pause(Math.random() * longestPauseMs);
      read = await found(
        collections.incidents,
        left.map(([key]) => key),
      );
    }
    for (const [key, document] of await applyOnce(collections, left, read, numbers)) settled.set(key, document);
  }
  throw new StoreError("Too many gateways change the same incidents at once");
}

/** One attempt at each; those that another writer was quicker at are left out of what it returns. */
async function applyOnce(
  collections: Writable,
  updates: readonly (readonly [string, readonly Update[]])[],
  known: ReadonlyMap<string, IncidentDocument>,
  numbers: Numbers,
): Promise<readonly (readonly [string, IncidentDocument])[]> {
  const linked = await putDown(collections, updates, known);
  const settled: [string, IncidentDocument][] = [];
  const inserts: [string, IncidentDocument][] = [];
  const replacements: [string, IncidentDocument, number][] = [];
  const isMade = await numbered(collections, updates, known, numbers);
  for (const [key, of] of updates) {
    const stored = known.get(key);
    if (stored === undefined) {
      inserts.push([key, made(key, of, isMade)]);
      continue;
    }
    const missing = of.filter(
      ({ delivery }) => !stored.applied.includes(delivery) && !linked.has(linkOf(stored, delivery)),
    );
    if (missing.length === 0) settled.push([key, stored]);
    else replacements.push([key, changed(stored, missing), stored.version]);
  }
  const isFollowed = collections.follows();
  const operations: AnyBulkWriteOperation<IncidentDocument>[] = [
    ...inserts.map(([, document]) => ({
      insertOne: { document: isFollowed ? { ...document, unannounced: 0 } : document },
    })),
    ...replacements.map(([, { _id, unannounced: _, ...fields }, version]) => ({
      updateOne: { filter: { _id, version }, update: { $set: fields, ...(isFollowed && marking(version)) } },
    })),
  ];
  const { taken, refused, matched } = await writeAll(collections.incidents, operations);
  for (const why of refused.values()) throw new StoreError(`An incident cannot be stored: ${why}`);
  for (const [index, [key, document]] of inserts.entries()) {
    if (!taken.has(index)) settled.push([key, document]);
  }
  // Which of them were not matched is not told: then all are looked at again, and those that are applied say so themselves.
  if (matched === replacements.length) {
    for (const [key, document] of replacements) settled.push([key, document]);
  }
  return settled;
}

/** Marks an incident, where it is not marked already: what is written together with the change cannot be forgotten. */
function marking(version: number): { readonly $min: { readonly unannounced: number } } {
  return { $min: { unannounced: version } };
}

/** Puts the last deliveries of incidents down that are about to be changed, and finds which updates stand there already. */
async function putDown(
  { incident_deliveries }: Collections,
  updates: readonly (readonly [string, readonly Update[]])[],
  known: ReadonlyMap<string, IncidentDocument>,
): Promise<ReadonlySet<string>> {
  const [last, wanted]: [string[], string[]] = [[], []];
  for (const [key, of] of updates) {
    const stored = known.get(key);
    if (stored === undefined) continue;
    last.push(...stored.applied.map((delivery) => linkOf(stored, delivery)));
    wanted.push(...of.map(({ delivery }) => linkOf(stored, delivery)));
  }
  if (wanted.length === 0) return new Set();
  const [links] = await Promise.all([
    incident_deliveries.find({ _id: { $in: wanted } }).toArray(),
    writeAll(
      incident_deliveries,
      last.map((_id) => ({ insertOne: { document: { _id } } })),
    ),
  ]);
  return new Set(links.map(({ _id }) => _id));
}

function linkOf(incident: Pick<IncidentDocument, "id">, delivery: string): string {
  return `${incident.id}/${delivery}`;
}

/** A number for each incident that is to be made. */
async function numbered(
  collections: Collections,
  updates: readonly (readonly [string, readonly Update[]])[],
  known: ReadonlyMap<string, IncidentDocument>,
  numbers: Numbers,
): Promise<ReadonlyMap<string, string>> {
  const years = new Map<number, string[]>();
  for (const [key, [first]] of updates) {
    const draft = first?.drafts[0];
    if (known.has(key) || draft === undefined) continue;
    const year = Number(draft.created_at.slice(0, 4));
    years.set(year, [...(years.get(year) ?? []), key]);
  }
  const taken = await Promise.all(
    [...years].map(async ([year, keys]) => {
      const all = await numbers.take(collections, year, keys.length);
      return keys.map((key, index) => [key, all[index] ?? ""] as const);
    }),
  );
  return new Map(taken.flat());
}

function made(key: string, updates: readonly Update[], numbers: ReadonlyMap<string, string>): IncidentDocument {
  const drafts = updates.flatMap((update) => update.drafts);
  const [first, ...rest] = drafts as [IncidentDraft, ...IncidentDraft[]];
  const draft = rest.reduce((stored, alert) => updated(stored, alert, alert.created_at), first);
  const deliveries = updates.map(({ delivery }) => delivery);
  const number = numbers.get(key) ?? "";
  return {
    _id: key,
    number,
    ...columnsOf(draft, number),
    deliveries: namedOf(deliveries),
    applied: deliveries,
    version: 1,
  };
}

function changed(stored: IncidentDocument, updates: readonly Update[]): IncidentDocument {
  const before = JSON.parse(stored.draft) as IncidentDraft;
  const alerts = updates.flatMap((update) => update.drafts);
  const draft = alerts.reduce((draft, alert) => updated(draft, alert, alert.created_at), before);
  const applied = updates.map(({ delivery }) => delivery);
  const version = stored.version + 1;
  const entry = noticedIn(before, draft, version, draft.updated_at);
  return {
    ...stored,
    ...columnsOf(draft, stored.number),
    ...(entry && { timeline: JSON.stringify(withEntry(timelineOf(stored), entry)) }),
    deliveries: namedOf([...stored.deliveries, ...applied]),
    applied,
    version,
  };
}

/** Oldest first. */
export function timelineOf({ timeline }: IncidentDocument): readonly TimelineEntry[] {
  return timeline === undefined ? [] : (JSON.parse(timeline) as TimelineEntry[]);
}

/** What an incident is looked up by, and its draft. */
export function columnsOf(
  { triage: _, ...draft }: IncidentDraft,
  number: string,
): Omit<IncidentDocument, "_id" | "number" | "deliveries" | "applied" | "version" | "timeline" | "unannounced"> {
  const all = combined(draft);
  const { id, source, plugin, external_id, type, severity, status, verdict, assignee, updated_at, occurred_at } = all;
  return {
    id,
    source,
    plugin,
    external_id,
    type,
    severity,
    severity_rank: severities.indexOf(severity),
    status,
    verdict,
    assignee,
    test: all.tags.includes(testTag),
    merged_into: draft.merged_into?.incident_id ?? null,
    updated_at,
    occurred_at,
    terms: looseTermsOf(all, number),
    draft: JSON.stringify(draft),
  };
}

/** Gives incidents of an older Thruway the fields that they are found by. @returns how many it gave them */
export async function makeSearchable({ incidents }: Pick<Collections, "incidents">): Promise<number> {
  let made = 0;
  for (;;) {
    const old = await incidents
      .find({ terms: null } as unknown as Filter<IncidentDocument>)
      .limit(searchableAtOnce)
      .toArray();
    if (old.length === 0) return made;
    const operations = old.map(({ _id, version, number, draft }): AnyBulkWriteOperation<IncidentDocument> => {
      const fields = columnsOf(JSON.parse(draft) as IncidentDraft, number);
      return { updateOne: { filter: { _id, version }, update: { $set: fields } } };
    });
    made += (await writeAll(incidents, operations)).matched;
  }
}

/** Oldest first: an id carries its time. */
function namedOf(deliveries: readonly string[]): readonly string[] {
  return [...new Set(deliveries)].toSorted().slice(0, mostDeliveries);
}

function refOf({ id, number }: IncidentDocument): IncidentRef {
  return { incident_id: id, incident_number: number };
}

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
async function bringUp(
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
