import type { SQLInputValue } from "node:sqlite";
import { type Severity, severities } from "@thruway/sdk/alert";
import { Refusal } from "../../errors.ts";
import type { Incident } from "../../incidents/incident.ts";
import { type Cursor, cursorIn, fieldTermsIn, looseTermsIn, nextOf, type Terms } from "../incident-query.ts";
import { mostCounted } from "../limits.ts";
import type { IncidentCounts, IncidentFacet, IncidentFilter, IncidentQuery, Page } from "../ports.ts";
import type { Database } from "./database.ts";
import { placeAt, placeOf, unindexed } from "./incident-index.ts";
import { incidentColumns, shownRow } from "./incidents.ts";

/** Up to so many matches are sorted; where there are more, the next match in the order that is wanted is never far. */
const mostSorted = 20_000;
/** While more than this waits to be indexed, a list would miss too much, and nobody can wait for it. */
const mostWaiting = 20_000;
const retryAfterSeconds = 5;

/**
 * @param isReady whether what the index does not know yet came after the question
 * @returns `undefined` where it does not know what came before
 * @throws {Refusal} where it does not know very many
 */
export function listIncidents(db: Database, query: IncidentQuery, isReady: boolean): Page<Incident> | undefined {
  if (!knowsAll(db) && !isReady) return undefined;
  const { sql, values } = listStatement(query, (statement, all) => db.all(statement, ...all).length);
  const rows = db.all(sql, ...values).map(shownRow);
  const data = rows.slice(0, query.limit);
  const last = data.at(-1);
  return { data, next: rows.length > query.limit && last !== undefined ? nextOf(last, query.sort) : undefined };
}

/** As `listIncidents` is. */
export function countIncidents(
  db: Database,
  filter: IncidentFilter,
  facets: readonly IncidentFacet[],
  isReady: boolean,
): IncidentCounts | undefined {
  if (!knowsAll(db) && !isReady) return undefined;
  const { sql, values } = countStatement(filter, facets);
  const counts = new Map(facets.map((facet) => [facet, new Map<string, number>()]));
  let counted = 0;
  for (const row of db.all(sql, ...values)) {
    const rows = Number(row.rows);
    counted += rows;
    for (const [facet, of] of counts) {
      const value = facet === "severity" ? (severities[Number(row.severity)] ?? "") : String(row[facet]);
      of.set(value, (of.get(value) ?? 0) + rows);
    }
  }
  const sorted = [...counts].map(([facet, of]) => [facet, Object.fromEntries([...of].toSorted(byCount))]);
  // One more is read than is counted, to know whether there are more.
  return {
    facets: Object.fromEntries(sorted),
    counted: Math.min(counted, mostCounted),
    complete: counted <= mostCounted,
  };
}

function byCount([a, one]: readonly [string, number], [b, other]: readonly [string, number]): number {
  return other - one || (a < b ? -1 : 1);
}

function knowsAll(db: Database): boolean {
  const waiting = unindexed(db, mostWaiting + 1);
  if (waiting <= mostWaiting) return waiting === 0;
  const message = "Many incidents are still being made searchable; come back";
  throw new Refusal("store_unavailable", { message, retryAfterSeconds });
}

/** A statement with what stands for its question marks. */
export interface Statement {
  readonly sql: string;
  readonly values: readonly SQLInputValue[];
}

/**
 * How a list is read. By age, or where few match: the inverted index gives the matches. Where many match and another order is
 * wanted: that order's index is walked, and each is looked at whether it matches.
 *
 * @param count how many rows a statement gives
 */
export function listStatement(
  query: IncidentQuery,
  count: (sql: string, values: readonly SQLInputValue[]) => number,
): Statement {
  const { sort = "created", limit } = query;
  const cursor = cursorIn(query);
  const matching = matchIn([...fieldTermsIn(query), ...looseTermsIn(query)]);
  const byAge = sort === "created";
  // The inverted index is read from its newest end on, so that it is slow where a page begins far behind that.
  const isDeep = byAge && (cursor !== undefined || query.until !== undefined);
  const bounds = isDeep ? [] : boundsOfAge(query, "rowid");
  const isWalked = (isDeep || !byAge) && matching !== undefined && isMore(matching, bounds, count);
  const parts = [
    ...(byAge ? boundsOfAge(query, "x.place", cursor) : [...boundsOfAge(query, "x.place"), ...behind(query, cursor)]),
    ...rangesOf(query),
    ...(isWalked ? walkedIn(query) : []),
  ];
  const order = `ORDER BY ${orders[sort]}`;
  if (matching === undefined || isWalked) return paged("indexed x", parts, order, limit);
  if (byAge) {
    // The bounds stand at the inverted index, which then begins where they do.
    const limits = [...boundsOfAge(query, "t.rowid", cursor), ...rangesOf(query)];
    const from = "incident_terms t CROSS JOIN indexed x ON x.place = t.rowid";
    return paged(from, [["t.incident_terms MATCH ?", [matching]], ...limits], "ORDER BY t.rowid DESC", limit, order);
  }
  const isMatch = "x.place IN (SELECT rowid FROM incident_terms WHERE incident_terms MATCH ?)";
  return paged("indexed x", [[isMatch, [matching]], ...parts], order, limit);
}

/** The incidents themselves are read when it is known which: what is sorted before is small. */
function paged(from: string, parts: readonly Condition[], inner: string, limit: number, order = inner): Statement {
  const { where, values } = all(parts);
  return {
    sql: `SELECT ${incidentColumns("i")} FROM (SELECT x.* FROM ${from} ${where} ${inner} LIMIT ?) x
      CROSS JOIN incidents i ON i.number = x.number ${order}`,
    values: [...values, limit + 1],
  };
}

/** @param facets what is counted together */
export function countStatement(filter: IncidentFilter, facets: readonly IncidentFacet[]): Statement {
  const matching = matchIn([...fieldTermsIn({ ...filter, limit: 0 }), ...looseTermsIn({ ...filter, limit: 0 })]);
  const query = { ...filter, limit: 0 };
  const names = facets.join(", ");
  const of =
    matching === undefined
      ? all([...boundsOfAge(query, "x.place"), ...rangesOf(query)])
      : all([["t.incident_terms MATCH ?", [matching]], ...boundsOfAge(query, "t.rowid"), ...rangesOf(query)]);
  const from = matching === undefined ? "indexed x" : "incident_terms t CROSS JOIN indexed x ON x.place = t.rowid";
  const order = matching === undefined ? "x.place" : "t.rowid";
  return {
    sql: `SELECT ${names}, count(*) AS rows FROM (SELECT ${names} FROM ${from} ${of.where} ORDER BY ${order} DESC LIMIT ?)
      GROUP BY ${names}`,
    values: [...of.values, mostCounted + 1],
  };
}

const orders = {
  created: "x.place DESC",
  updated: "x.updated_at DESC, x.place DESC",
  occurred: "x.occurred_at DESC, x.place DESC",
  // Its rank: the gravest is 0.
  severity: "x.severity, x.place DESC",
} as const;

type Condition = readonly [sql: string, values: readonly SQLInputValue[]];

function all(conditions: readonly Condition[]): { readonly where: string; readonly values: readonly SQLInputValue[] } {
  const where = conditions.length === 0 ? "" : `WHERE ${conditions.map(([sql]) => sql).join(" AND ")}`;
  return { where, values: conditions.flatMap(([, values]) => values) };
}

/** The inverted index's own language; terms hold nothing that means something in it but are quoted all the same. */
function matchIn(terms: Terms): string | undefined {
  if (terms.length === 0) return undefined;
  return terms.map((group) => `(${group.map((term) => `"${term}"`).join(" OR ")})`).join(" AND ");
}

function boundsOfAge({ since, until }: IncidentFilter, place: string, cursor?: Cursor): readonly Condition[] {
  return [
    ...(since === undefined ? [] : [[`${place} >= ?`, [placeAt(since)]] as const]),
    ...(until === undefined ? [] : [[`${place} < ?`, [placeAt(until)]] as const]),
    ...(cursor === undefined ? [] : [[`${place} < ${placeOfCursor}`, [cursor.id, placeOf(cursor.id)]] as const]),
  ];
}

/** Of one that is gone meanwhile, where it would stand. */
const placeOfCursor =
  "coalesce((SELECT place FROM indexed WHERE number = (SELECT number FROM incidents WHERE id = ?)), ?)";

/** What stands behind a cursor in another order than by age. */
function behind({ sort }: IncidentQuery, cursor: Cursor | undefined): readonly Condition[] {
  if (cursor === undefined) return [];
  const { key, id } = cursor;
  const place = [id, placeOf(id)];
  if (sort === "severity") {
    const rank = severities.indexOf(key as Severity);
    return [[`x.severity >= ? AND (x.severity > ? OR x.place < ${placeOfCursor})`, [rank, rank, ...place]]];
  }
  const column = sort === "updated" ? "x.updated_at" : "x.occurred_at";
  return [[`${column} <= ? AND (${column} < ? OR x.place < ${placeOfCursor})`, [key, key, ...place]]];
}

function rangesOf(filter: IncidentFilter): readonly Condition[] {
  const bounds = [
    ["x.updated_at >= ?", filter.updated_since],
    ["x.updated_at < ?", filter.updated_until],
    ["x.occurred_at >= ?", filter.occurred_since],
    ["x.occurred_at < ?", filter.occurred_until],
  ] as const;
  return bounds.flatMap(([sql, time]) => (time === undefined ? [] : [[sql, [new Date(time).toISOString()]] as const]));
}

function isMore(
  matching: string,
  bounds: readonly Condition[],
  count: (sql: string, values: readonly SQLInputValue[]) => number,
): boolean {
  const { where, values } = all([["incident_terms MATCH ?", [matching]], ...bounds]);
  return count(`SELECT 1 FROM incident_terms ${where} LIMIT 1 OFFSET ?`, [...values, mostSorted]) > 0;
}

/** The fields are in the rows that are walked; only for the rest the inverted index has to be asked. */
function walkedIn(query: IncidentQuery): readonly Condition[] {
  const ranks = query.severity?.map((severity) => severities.indexOf(severity));
  const fields = [
    ["status", query.status],
    ["severity", ranks],
    ["verdict", query.verdict],
    ["source", query.source],
    ["plugin", query.plugin],
    ["type", query.type],
    ["assignee", query.assignee],
    ["test", query.includeTests ? undefined : 0],
  ] as const;
  const conditions = fields.flatMap(([name, said]): readonly Condition[] => {
    if (said === undefined) return [];
    const values = [said].flat();
    return [[`+x.${name} IN (${values.map(() => "?").join(", ")})`, values]];
  });
  const rest = matchIn([...looseTermsIn(query), ...fieldTermsIn({ ...exactIn(query), limit: 0, includeTests: true })]);
  if (rest === undefined) return conditions;
  return [
    ...conditions,
    ["EXISTS (SELECT 1 FROM incident_terms WHERE incident_terms MATCH ? AND rowid = x.place)", [rest]],
  ];
}

function exactIn({ external_id, number }: IncidentQuery): Partial<IncidentQuery> {
  return { ...(external_id !== undefined && { external_id }), ...(number !== undefined && { number }) };
}
