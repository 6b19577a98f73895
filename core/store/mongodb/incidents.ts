import { hash } from "node:crypto";
import { setTimeout as pause } from "node:timers/promises";
import type { AnyBulkWriteOperation, Filter } from "mongodb";
import { StoreError } from "../../errors.ts";
import {
  type Incident,
  type IncidentDraft,
  type IncidentRef,
  mostDeliveries,
  testTag,
} from "../../incidents/incident.ts";
import { parseIncidentNumber } from "../../incidents/number.ts";
import { updated } from "../../incidents/update.ts";
import { earliestId, page } from "../pages.ts";
import type { IncidentQuery, Page } from "../ports.ts";
import { writeAll } from "./bulk.ts";
import type { Collections } from "./database.ts";
import type { IncidentDocument } from "./documents.ts";
import type { Numbers } from "./numbers.ts";

/** The alerts of one delivery. */
export interface Alerts {
  readonly delivery: string;
  readonly drafts: readonly IncidentDraft[];
}

/**
 * The `_id` of the incident that an alert is about: of the vendor's alert where it names one, else of this alert alone. The
 * same delivery gives the same ones however often it is worked off, so that none is made twice.
 */
export function incidentKey({ source, external_id }: IncidentDraft, delivery: string, index: number): string {
  return external_id === null
    ? `delivery ${delivery} ${index}`
    : `alert ${hash("sha256", `${source}\0${external_id}`, "base64url")}`;
}

/** Every incident that alerts are about, as far as there are any. */
export async function findKnown(
  { incidents }: Collections,
  all: readonly Alerts[],
): Promise<Map<string, IncidentDocument>> {
  const keys = all.flatMap(({ delivery, drafts }) => drafts.map((draft, index) => incidentKey(draft, delivery, index)));
  return found(incidents, keys);
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

/**
 * Makes and updates incidents. Each delivery is applied to each incident once, however often and by however many gateways
 * this is begun: an incident names the deliveries of its last write, a version fences its writers, and before a writer
 * replaces those names it puts them down in `incident_deliveries`.
 *
 * @param known what was read of these incidents, perhaps a while ago
 * @returns for each delivery the incident of each of its alerts, in their order
 */
export async function applyAlerts(
  collections: Collections,
  all: readonly Alerts[],
  known: ReadonlyMap<string, IncidentDocument>,
  numbers: Numbers,
): Promise<readonly (readonly IncidentRef[])[]> {
  const updates = new Map<string, Update[]>();
  for (const { delivery, drafts } of all) {
    for (const [index, draft] of drafts.entries()) {
      const key = incidentKey(draft, delivery, index);
      const of = updates.get(key) ?? [];
      const last = of.at(-1);
      if (last?.delivery === delivery) of[of.length - 1] = { delivery, drafts: [...last.drafts, draft] };
      else of.push({ delivery, drafts: [draft] });
      updates.set(key, of);
    }
  }
  const refs = await settleAll(collections, updates, known, numbers);
  return all.map(({ delivery, drafts }) =>
    drafts.map((draft, index) => refs.get(incidentKey(draft, delivery, index)) as IncidentRef),
  );
}

async function settleAll(
  collections: Collections,
  updates: ReadonlyMap<string, readonly Update[]>,
  known: ReadonlyMap<string, IncidentDocument>,
  numbers: Numbers,
): Promise<ReadonlyMap<string, IncidentRef>> {
  const refs = new Map<string, IncidentRef>();
  let read = known;
  for (let tries = 0; tries < mostTries; tries++) {
    const left = [...updates].filter(([key]) => !refs.has(key));
    if (left.length === 0) return refs;
    if (tries > 0) {
      await pause(Math.random() * longestPauseMs);
      read = await found(
        collections.incidents,
        left.map(([key]) => key),
      );
    }
    for (const [key, ref] of await applyOnce(collections, left, read, numbers)) refs.set(key, ref);
  }
  throw new StoreError("Too many gateways change the same incidents at once");
}

/** One attempt at each; those that another writer was quicker at are left out of what it returns. */
async function applyOnce(
  collections: Collections,
  updates: readonly (readonly [string, readonly Update[]])[],
  known: ReadonlyMap<string, IncidentDocument>,
  numbers: Numbers,
): Promise<readonly (readonly [string, IncidentRef])[]> {
  const linked = await putDown(collections, updates, known);
  const settled: [string, IncidentRef][] = [];
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
    if (missing.length === 0) settled.push([key, refOf(stored)]);
    else replacements.push([key, changed(stored, missing), stored.version]);
  }
  const operations: AnyBulkWriteOperation<IncidentDocument>[] = [
    ...inserts.map(([, document]) => ({ insertOne: { document } })),
    ...replacements.map(([, { _id, ...fields }, version]) => ({
      updateOne: { filter: { _id, version }, update: { $set: fields } },
    })),
  ];
  const { taken, refused, matched } = await writeAll(collections.incidents, operations);
  for (const why of refused.values()) throw new StoreError(`An incident cannot be stored: ${why}`);
  for (const [index, [key, document]] of inserts.entries()) {
    if (!taken.has(index)) settled.push([key, refOf(document)]);
  }
  // Which of them were not matched is not told: then all are looked at again, and those that are applied say so themselves.
  if (matched === replacements.length) {
    for (const [key, document] of replacements) settled.push([key, refOf(document)]);
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
  return {
    _id: key,
    number: numbers.get(key) ?? "",
    ...columnsOf(draft),
    deliveries: namedOf(deliveries),
    applied: deliveries,
    version: 1,
  };
}

function changed(stored: IncidentDocument, updates: readonly Update[]): IncidentDocument {
  const before = JSON.parse(stored.draft) as IncidentDraft;
  const draft = updates
    .flatMap((update) => update.drafts)
    .reduce((draft, alert) => updated(draft, alert, alert.created_at), before);
  const applied = updates.map(({ delivery }) => delivery);
  return {
    ...stored,
    ...columnsOf(draft),
    deliveries: namedOf([...stored.deliveries, ...applied]),
    applied,
    version: stored.version + 1,
  };
}

/** What an incident is looked up by, and its draft. */
export function columnsOf(
  draft: IncidentDraft,
): Omit<IncidentDocument, "_id" | "number" | "deliveries" | "applied" | "version"> {
  const { id, source, external_id, type, severity, status, updated_at } = draft;
  const test = draft.tags.includes(testTag);
  return { id, source, external_id, type, severity, status, test, updated_at, draft: JSON.stringify(draft) };
}

/** Oldest first: an id carries its time. */
function namedOf(deliveries: readonly string[]): readonly string[] {
  return [...new Set(deliveries)].toSorted().slice(0, mostDeliveries);
}

function refOf({ id, number }: IncidentDocument): IncidentRef {
  return { incident_id: id, incident_number: number };
}

export async function getIncident({ incidents }: Collections, idOrNumber: string): Promise<Incident | undefined> {
  const isNumber = parseIncidentNumber(idOrNumber) !== undefined;
  const found = await incidents.findOne(
    isNumber ? { number: idOrNumber.toUpperCase() } : { id: idOrNumber.toLowerCase() },
  );
  return found === null ? undefined : shown(found);
}

export async function listIncidents({ incidents }: Collections, query: IncidentQuery): Promise<Page<Incident>> {
  const { source, severity, status, type, external_id } = query;
  const filter: Filter<IncidentDocument> = {
    ...(source !== undefined && { source }),
    ...(severity !== undefined && { severity: { $in: [...severity] } }),
    ...(status !== undefined && { status: { $in: [...status] } }),
    ...(type !== undefined && { type }),
    ...(external_id !== undefined && { external_id }),
    ...(!query.includeTests && { test: false }),
    ...within("id", query),
  };
  const documents = await incidents
    .find(filter)
    .sort({ id: -1 })
    .limit(query.limit + 1)
    .toArray();
  return page(documents.map(shown), query.limit);
}

/** The ids of a page: a field that holds UUIDs of version 7, bounded by time and by the page before. */
export function within(
  field: string,
  { since, until, after }: Pick<IncidentQuery, "since" | "until" | "after">,
): Readonly<Record<string, unknown>> {
  const below = [after, until && earliestId(until)].filter((bound) => bound !== undefined).toSorted()[0];
  const bounds = { ...(since && { $gte: earliestId(since) }), ...(below && { $lt: below }) };
  return Object.keys(bounds).length === 0 ? {} : { [field]: bounds };
}

export async function pruneIncidents(collections: Collections, before: Date, limit: number): Promise<number> {
  const { incidents, incident_deliveries } = collections;
  const cutoff = before.toISOString();
  const old = await incidents
    .find({ id: { $lt: earliestId(cutoff) }, updated_at: { $lt: cutoff } }, { projection: { id: 1 } })
    .sort({ id: 1 })
    .limit(limit)
    .toArray();
  if (old.length === 0) return 0;
  for (const { id } of old) await incident_deliveries.deleteMany({ _id: { $gte: `${id}/`, $lt: `${id}0` } });
  const { deletedCount } = await incidents.deleteMany({
    _id: { $in: old.map(({ _id }) => _id) },
    updated_at: { $lt: cutoff },
  });
  return deletedCount;
}

function shown({ number, draft, deliveries }: IncidentDocument): Incident {
  const { id, said: _, ...rest } = JSON.parse(draft) as IncidentDraft;
  return { id, number, ...rest, trace_id: rest.trace_id ?? null, deliveries };
}
