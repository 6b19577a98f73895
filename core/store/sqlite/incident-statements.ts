/** In which order lists are read, and what is looked at first: see `docs/adr/0028-incidents-are-found-by-terms.md`. */
import type { SQLInputValue } from "node:sqlite";
import { cursorIn } from "../incident-query.ts";
import { mostCounted } from "../limits.ts";
import type { IncidentFacet, IncidentFilter, IncidentQuery } from "../ports.ts";
import {
  all,
  beginning,
  bounds,
  boundsOfAge,
  type Condition,
  fieldsIn,
  found,
  indexesOfTime,
  keys,
  matchOf,
  orders,
  rangesOf,
  rareIn,
} from "./incident-conditions.ts";
import { incidentColumns } from "./incidents.ts";

/** So many are looked at in the order that is wanted, before the matches are asked for. */
const mostWalked = 10_000;
/** Up to so many incidents of a time are looked at, whatever else is asked for; up to `mostOfTime` where walking found too few. */
const mostOfShortTime = 20_000;
const mostOfTime = 200_000;
/** Up to so many incidents with certain words, tags or entities are sorted; where there are more, the next is never far. */
const mostSorted = 20_000;

/** A statement with what stands for its question marks. */
export interface Statement {
  readonly sql: string;
  readonly values: readonly SQLInputValue[];
}

/** Whether a statement gives a row. */
type IsAny = (sql: string, values: readonly SQLInputValue[]) => boolean;

/**
 * How a list is read: a short time is looked at as a whole; what many match fills its page soon in whatever order is wanted;
 * for the rest the inverted index gives the matches.
 *
 * @returns ways of which the last one misses nothing; the others may, unless they give more than the limit
 */
export function* listStatements(query: IncidentQuery, isAny: IsAny): Generator<Statement> {
  const short = ofTime(query, mostOfShortTime, isAny);
  if (short === undefined && isWalkedFirst(query)) yield walked(query, mostWalked);
  yield short ?? thorough(query, isAny);
}

/** The newest come first from the inverted index, too; what is rare is not worth the walk. */
function isWalkedFirst(query: IncidentQuery): boolean {
  const { sort = "created", after, until } = query;
  if (rareIn(query) !== undefined) return false;
  return sort !== "created" || after !== undefined || until !== undefined || isTimed(query);
}

function isTimed(query: IncidentQuery): boolean {
  return rangesOf(query).length > 0;
}

/** Misses nothing. */
function thorough(query: IncidentQuery, isAny: IsAny): Statement {
  const matching = matchOf(query);
  if (matching === undefined) return ofTime(query, mostOfTime, isAny) ?? walked(query);
  const byAge = (query.sort ?? "created") === "created";
  if (isTimed(query) && areMore(query, matching, isAny)) {
    const long = ofTime(query, mostOfTime, isAny);
    if (long !== undefined) return long;
  }
  if (byAge) return newestMatches(query, matching);
  const isFrequent = rareIn(query) !== undefined && areMore(query, matching, isAny);
  return isFrequent ? walked(query) : sortedMatches(query, matching);
}

function areMore(query: IncidentQuery, matching: string, isAny: IsAny): boolean {
  const { where, values } = found(matching, query);
  return isAny(`SELECT 1 FROM incident_terms ${where} LIMIT 1 OFFSET ?`, [...values, mostSorted]);
}

/** All of a time, where they are few. */
function ofTime(query: IncidentQuery, most: number, isAny: IsAny): Statement | undefined {
  const { sort = "created" } = query;
  const rare = rareIn(query);
  for (const [of, index] of Object.entries(indexesOfTime)) {
    if (of === sort) continue;
    const times = of === "created" ? boundsOfAge(query, "x.place") : rangesOf(query, of);
    const { where, values } = all(times);
    const from = `indexed x ${index}`;
    if (times.length === 0 || isAny(`SELECT 1 FROM ${from} ${where} LIMIT 1 OFFSET ?`, [...values, most])) continue;
    const { where: matches, values: terms } = found(rare ?? "", query);
    const isRare = [`x.place IN (SELECT rowid FROM incident_terms ${matches})`, terms] as const;
    return paged(query, from, [
      ...times,
      ...bounds(query),
      ...fieldsIn(query),
      ...(rare === undefined ? [] : [isRare]),
    ]);
  }
  return undefined;
}

/** What the indexes of times have, too. */
const fieldNames = "place, status, severity, verdict, source, plugin, type, assignee, test, updated_at, occurred_at";

/** In the order that is wanted, looking at each. @param most of them; without it, as far as it takes */
function walked(query: IncidentQuery, most?: number): Statement {
  const { sort = "created" } = query;
  const rare = rareIn(query);
  const isRare = "EXISTS (SELECT 1 FROM incident_terms WHERE incident_terms MATCH ? AND rowid = x.place)";
  const parts = [...fieldsIn(query), ...(rare === undefined ? [] : [[isRare, [rare]] as const])];
  if (most === undefined) return paged(query, "indexed x", [...bounds(query), ...parts]);
  const { where, values } = all([...beginning(query), ...rangesOf(query, sort)]);
  const from = `(SELECT ${fieldNames} FROM indexed x ${where} ORDER BY ${orders[sort]} LIMIT ?) x`;
  // They come in their order; sorting them again would look at all of them.
  return paged(query, from, [...bounds(query), ...parts], { first: [...values, most], order: "" });
}

/** By age: the inverted index has its own bounds, and begins where they do. */
function newestMatches(query: IncidentQuery, matching: string): Statement {
  const from = "incident_terms t CROSS JOIN indexed x ON x.place = t.rowid";
  const limits = boundsOfAge(query, "t.rowid", cursorIn(query));
  const parts = [["t.incident_terms MATCH ?", [matching]] as const, ...limits, ...rangesOf(query)];
  return paged(query, from, parts, { order: "ORDER BY t.rowid DESC" });
}

/** In another order, where the matches are too thin for that order's index. */
function sortedMatches(query: IncidentQuery, matching: string): Statement {
  const { where, values } = found(matching, query);
  if (query.sort === "severity") {
    // Its index knows all that is needed of each.
    const isFound = [`x.place IN (SELECT rowid FROM incident_terms ${where})`, values] as const;
    return paged(query, "indexed x", [isFound, ...bounds(query)]);
  }
  const from = "incident_terms t CROSS JOIN indexed x ON x.place = t.rowid";
  const limits = boundsOfAge(query, "t.rowid");
  return paged(query, from, [["t.incident_terms MATCH ?", [matching]], ...limits, ...bounds(query)]);
}

/** The incidents themselves are read when it is known which: what is sorted before is small. */
function paged(
  { sort = "created", limit }: IncidentQuery,
  from: string,
  parts: readonly Condition[],
  {
    first = [],
    order = `ORDER BY ${orders[sort]}`,
  }: { readonly first?: readonly SQLInputValue[]; readonly order?: string } = {},
): Statement {
  const { where, values } = all(parts);
  return {
    sql: `SELECT ${incidentColumns("i")} FROM
      (SELECT x.place${keys[sort]} FROM ${from} ${where} ${order} LIMIT ?) x
      CROSS JOIN indexed n ON n.place = x.place CROSS JOIN incidents i ON i.number = n.number ORDER BY ${orders[sort]}`,
    values: [...first, ...values, limit + 1],
  };
}

/** @param facets what is counted together */
export function countStatement(filter: IncidentFilter, facets: readonly IncidentFacet[]): Statement {
  const query = { ...filter, limit: 0 };
  const matching = matchOf(query);
  const names = facets.join(", ");
  const of =
    matching === undefined
      ? all([...boundsOfAge(query, "x.place"), ...rangesOf(query), ...fieldsIn(query)])
      : all([["t.incident_terms MATCH ?", [matching]], ...boundsOfAge(query, "t.rowid"), ...rangesOf(query)]);
  const from = matching === undefined ? "indexed x" : "incident_terms t CROSS JOIN indexed x ON x.place = t.rowid";
  const order = matching === undefined ? "x.place" : "t.rowid";
  return {
    sql: `SELECT ${names}, count(*) AS rows FROM (SELECT ${names} FROM ${from} ${of.where} ORDER BY ${order} DESC LIMIT ?)
      GROUP BY ${names}`,
    values: [...of.values, mostCounted + 1],
  };
}
