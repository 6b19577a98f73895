import { setTimeout as pause } from "node:timers/promises";
import type { AnyBulkWriteOperation } from "mongodb";
import { StoreError } from "../../errors.ts";
import { folded } from "../../incidents/fold.ts";
import { type IncidentDraft, type IncidentRef, mostDeliveries } from "../../incidents/incident.ts";
import { noticedIn, withEntry } from "../../incidents/timeline.ts";
import { updated } from "../../incidents/update.ts";
import { type Alerts, incidentKey, type Known } from "./alerts.ts";
import { writeAll } from "./bulk.ts";
import type { Collections, Writable } from "./database.ts";
import type { IncidentDocument } from "./documents.ts";
import { group } from "./groups.ts";
import { columnsOf, marking, timelineOf } from "./incident-document.ts";
import { bringUp, longestPauseMs, mostTries } from "./incidents.ts";
import type { Numbers } from "./numbers.ts";

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
/** Oldest first: an id carries its time. */
function namedOf(deliveries: readonly string[]): readonly string[] {
  return [...new Set(deliveries)].toSorted().slice(0, mostDeliveries);
}

function refOf({ id, number }: IncidentDocument): IncidentRef {
  return { incident_id: id, incident_number: number };
}
