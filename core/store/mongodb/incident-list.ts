import { type Severity, severities } from "@thruway/sdk/alert";
import type { Filter } from "mongodb";
import type { Incident } from "../../incidents/incident.ts";
import { shownIncident } from "../../incidents/show.ts";
import { none } from "../../incidents/terms.ts";
import { countsOf } from "../incident-counts.ts";
import { cursorIn, looseTermsIn, nextOf } from "../incident-query.ts";
import { mostCounted } from "../limits.ts";
import { earliestId } from "../pages.ts";
import type { IncidentCounts, IncidentFacet, IncidentFilter, IncidentQuery, Page } from "../ports.ts";
import type { Collections } from "./database.ts";
import type { IncidentDocument } from "./documents.ts";
import { withTriage } from "./incidents.ts";

export async function listIncidents(collections: Collections, query: IncidentQuery): Promise<Page<Incident>> {
  const { sort = "created", limit } = query;
  const documents = await collections.incidents
    .find(filterOf(query), { projection: { timeline: 0, applied: 0, terms: 0 } })
    .sort(orders[sort])
    .limit(limit + 1)
    .toArray();
  const shown = await withTriage(collections, documents.slice(0, limit));
  const data = shown.map(({ draft, kept }) => shownIncident(draft, kept));
  const last = data.at(-1);
  return { data, next: documents.length > limit && last !== undefined ? nextOf(last, sort) : undefined };
}

const orders = {
  created: { id: -1 },
  updated: { updated_at: -1, id: -1 },
  occurred: { occurred_at: -1, id: -1 },
  severity: { severity_rank: 1, id: -1 },
} as const;

export async function countIncidents(
  { incidents }: Collections,
  filter: IncidentFilter,
  facets: readonly IncidentFacet[],
): Promise<IncidentCounts> {
  const groups = await incidents
    .aggregate<{ readonly _id: Readonly<Record<string, string | null>>; readonly rows: number }>([
      { $match: filterOf({ ...filter, limit: 0 }) },
      { $sort: orders.created },
      // One more is read than is counted, to know whether there are more.
      { $limit: mostCounted + 1 },
      { $group: { _id: Object.fromEntries(facets.map((facet) => [facet, `$${facet}`])), rows: { $sum: 1 } } },
    ])
    .toArray();
  return countsOf(facets, groups, { rows: ({ rows }) => rows, value: ({ _id }, facet) => _id[facet] ?? none });
}

function filterOf(query: IncidentQuery): Filter<IncidentDocument> {
  const { source, plugin, severity, status, verdict, type, external_id, number, assignee } = query;
  const all = [
    ...looseTermsIn(query).map(([term, ...others]) =>
      others.length === 0 ? { terms: term } : { terms: { $in: [term, ...others] } },
    ),
    ...behind(query),
  ] as Filter<IncidentDocument>[];
  return {
    ...(source !== undefined && { source }),
    ...(plugin !== undefined && { plugin }),
    ...(severity !== undefined && { severity: { $in: [...severity] } }),
    ...(status !== undefined && { status: { $in: [...status] } }),
    ...(verdict !== undefined && { verdict: { $in: verdict.map((each) => (each === none ? null : each)) } }),
    ...(type !== undefined && { type }),
    ...(external_id !== undefined && { external_id }),
    ...(number !== undefined && { number: number.toUpperCase() }),
    ...(assignee !== undefined && { assignee: assignee === none ? null : assignee }),
    ...(!query.includeTests && { test: false }),
    ...within("id", { ...query, after: cursorOfAge(query) }),
    ...timesIn("updated_at", query.updated_since, query.updated_until),
    ...timesIn("occurred_at", query.occurred_since, query.occurred_until),
    ...(all.length > 0 && { $and: all }),
  };
}

function cursorOfAge(query: IncidentQuery): string | undefined {
  return (query.sort ?? "created") === "created" ? cursorIn(query)?.id : undefined;
}

/** What stands behind a cursor in another order than by age. */
function behind(query: IncidentQuery): readonly object[] {
  const { sort = "created" } = query;
  const cursor = cursorIn(query);
  if (cursor === undefined || sort === "created") return [];
  const { key, id } = cursor;
  if (sort === "severity") {
    const rank = severities.indexOf(key as Severity);
    return [{ $or: [{ severity_rank: { $gt: rank } }, { severity_rank: rank, id: { $lt: id } }] }];
  }
  const field = sort === "updated" ? "updated_at" : "occurred_at";
  return [{ $or: [{ [field]: { $lt: key } }, { [field]: key, id: { $lt: id } }] }];
}

function timesIn(
  field: string,
  since: string | undefined,
  until: string | undefined,
): Readonly<Record<string, object>> {
  const bounds = {
    ...(since && { $gte: new Date(since).toISOString() }),
    ...(until && { $lt: new Date(until).toISOString() }),
  };
  return Object.keys(bounds).length === 0 ? {} : { [field]: bounds };
}

/** The ids of a page: a field that holds UUIDs of version 7, bounded by time and by the page before. */
export function within(
  field: string,
  { since, until, after }: Readonly<Partial<Record<"since" | "until" | "after", string | undefined>>>,
): Readonly<Record<string, unknown>> {
  const below = [after, until && earliestId(until)].filter((bound) => bound !== undefined).toSorted()[0];
  const bounds = { ...(since && { $gte: earliestId(since) }), ...(below && { $lt: below }) };
  return Object.keys(bounds).length === 0 ? {} : { [field]: bounds };
}
