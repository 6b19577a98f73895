/** What lists and counts are asked for, as conditions on `indexed` (called `x`) and as the inverted index's own language. */
import type { SQLInputValue } from "node:sqlite";
import { type Severity, severities } from "@thruway/sdk/alert";
import { termOf } from "../../incidents/terms.ts";
import { type Cursor, cursorIn, fieldTermsIn, looseTermsIn, type Terms } from "../incident-query.ts";
import type { IncidentFilter, IncidentQuery } from "../ports.ts";
import { placeAt, placeOf } from "./incident-index.ts";

/** What an order is sorted by. */
export const orders = {
  created: "x.place DESC",
  updated: "x.updated_at DESC, x.place DESC",
  occurred: "x.occurred_at DESC, x.place DESC",
  // Its rank: the gravest is 0.
  severity: "x.severity, x.place DESC",
} as const;

/** What an order needs beside the place. */
export const keys = {
  created: "",
  updated: ", x.updated_at",
  occurred: ", x.occurred_at",
  severity: ", x.severity",
} as const;

/** With the values of its question marks. */
export type Condition = readonly [sql: string, values: readonly SQLInputValue[]];

/** A WHERE, or nothing where there are none. */
export function all(conditions: readonly Condition[]): {
  readonly where: string;
  readonly values: readonly SQLInputValue[];
} {
  const where = conditions.length === 0 ? "" : `WHERE ${conditions.map(([sql]) => sql).join(" AND ")}`;
  return { where, values: conditions.flatMap(([, values]) => values) };
}

/** The inverted index's own language; terms hold nothing that means something in it but are quoted all the same. */
function matchIn(terms: Terms): string | undefined {
  if (terms.length === 0) return undefined;
  return terms.map((group) => `(${group.map((term) => `"${term}"`).join(" OR ")})`).join(" AND ");
}

/** A WHERE of the inverted index. */
export function found(matching: string, query: IncidentQuery): ReturnType<typeof all> {
  return all([["incident_terms MATCH ?", [matching]], ...boundsOfAge(query, "rowid")]);
}

/** What only the inverted index knows: words, tags, entities, and what one incident has. */
export function rareIn(query: IncidentQuery): string | undefined {
  return matchIn([...looseTermsIn(query), ...fieldTermsIn({ ...exactIn(query), limit: 0, includeTests: true })]);
}

/** Where the index of the order that is wanted begins. */
export function beginning(query: IncidentQuery): readonly Condition[] {
  const { sort = "created" } = query;
  const cursor = cursorIn(query);
  if (sort === "created") return boundsOfAge(query, "x.place", cursor);
  return [...(sort === "severity" ? boundsOfAge(query, "x.place") : []), ...behind(query, cursor)];
}

/** All that is asked for of times, and what stands behind the cursor. */
export function bounds(query: IncidentQuery): readonly Condition[] {
  return [...beginning(query), ...boundsOfAge(query, "+x.place"), ...rangesOf(query)];
}

/** Tests are few, and so cheaper to leave out than everything else is to be found. */
export function matchOf(query: IncidentQuery): string | undefined {
  const matching = matchIn([...looseTermsIn(query), ...fieldTermsIn({ ...query, includeTests: true })]);
  if (matching === undefined || query.includeTests) return matching;
  return `(${matching}) NOT "${termOf("test", "true")}"`;
}

/** @param place the column of either table */
export function boundsOfAge({ since, until }: IncidentFilter, place: string, cursor?: Cursor): readonly Condition[] {
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
function behind({ sort, severity = severities }: IncidentQuery, cursor: Cursor | undefined): readonly Condition[] {
  if (sort === "severity") {
    const last = cursor === undefined ? 0 : severities.indexOf(cursor.key as Severity);
    const ranks = severity.map((each) => severities.indexOf(each)).filter((rank) => rank >= last);
    // With each of them written out, its index gives them in the order of age, and begins where a time does.
    const isOf = [`x.severity IN (${ranks.join(", ")})`, []] as const;
    if (cursor === undefined) return [isOf];
    return [isOf, [`(x.severity > ? OR x.place < ${placeOfCursor})`, [last, cursor.id, placeOf(cursor.id)]]];
  }
  if (cursor === undefined) return [];
  const { key, id } = cursor;
  const column = sort === "updated" ? "x.updated_at" : "x.occurred_at";
  return [[`${column} <= ? AND (${column} < ? OR x.place < ${placeOfCursor})`, [key, key, id, placeOf(id)]]];
}

/** How a table is read from one end of a time to the other. */
export const indexesOfTime = {
  created: "NOT INDEXED",
  updated: "INDEXED BY indexed_by_update",
  occurred: "INDEXED BY indexed_by_occurrence",
} as const;

/** @param only of what is sorted by this */
export function rangesOf(filter: IncidentFilter, only?: string): readonly Condition[] {
  const bounds = [
    ["updated", "x.updated_at >= ?", filter.updated_since],
    ["updated", "x.updated_at < ?", filter.updated_until],
    ["occurred", "x.occurred_at >= ?", filter.occurred_since],
    ["occurred", "x.occurred_at < ?", filter.occurred_until],
  ] as const;
  return bounds.flatMap(([of, sql, time]) =>
    time === undefined || (only !== undefined && of !== only) ? [] : [[sql, [new Date(time).toISOString()]] as const],
  );
}

/** The fields are in the rows that are looked at, and are kept away from the indexes by the `+`. */
export function fieldsIn(query: IncidentQuery): readonly Condition[] {
  const fields = [
    ["status", query.status],
    ["severity", query.severity?.map((severity) => severities.indexOf(severity))],
    ["verdict", query.verdict],
    ["source", query.source],
    ["plugin", query.plugin],
    ["type", query.type],
    ["assignee", query.assignee],
    ["test", query.includeTests ? undefined : 0],
  ] as const;
  return fields.flatMap(([name, said]): readonly Condition[] => {
    if (said === undefined) return [];
    const values = [said].flat();
    return [[`+x.${name} IN (${values.map(() => "?").join(", ")})`, values]];
  });
}

function exactIn({ external_id, number }: IncidentQuery): Partial<IncidentQuery> {
  return { ...(external_id !== undefined && { external_id }), ...(number !== undefined && { number }) };
}
