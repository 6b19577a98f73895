import { entityTerms, termOf, wordsOf } from "../incidents/terms.ts";
import type { IncidentQuery, IncidentSort } from "./ports.ts";

/** Of each group one term, of all groups. */
export type Terms = readonly (readonly string[])[];

/** What a query asks for that is no field of an incident: words, tags, entities. */
export function looseTermsIn({ search, tag = [], entity = [] }: IncidentQuery): Terms {
  return [
    ...wordsOf(search ?? "").map((word) => [word]),
    ...tag.map((each) => [termOf("tag", each)]),
    ...entity.map(entityTerms),
  ];
}

/** What a query asks for of the fields that have few values each, or one exact one. */
export function fieldTermsIn(query: IncidentQuery): Terms {
  const { status, severity, verdict, source, plugin, type, assignee, external_id, number } = query;
  const groups: Terms = [
    (status ?? []).map((each) => termOf("status", each)),
    (severity ?? []).map((each) => termOf("severity", each)),
    (verdict ?? []).map((each) => termOf("verdict", each)),
    source === undefined ? [] : [termOf("source", source)],
    plugin === undefined ? [] : [termOf("plugin", plugin)],
    type === undefined ? [] : [termOf("type", type)],
    assignee === undefined ? [] : [termOf("assignee", assignee)],
    external_id === undefined ? [] : [termOf("external_id", external_id)],
    number === undefined ? [] : [termOf("number", number.toUpperCase())],
    query.includeTests ? [] : [termOf("test", "false")],
  ];
  return groups.filter((group) => group.length > 0);
}

/** The field that a list is sorted by; those of one value by their age. */
export const sortFields = {
  created: "created_at",
  updated: "updated_at",
  occurred: "occurred_at",
  severity: "severity",
} as const satisfies Record<IncidentSort, string>;

/** Where a page ended: the id, and before it what is sorted by, unless that is the age. */
export interface Cursor {
  readonly key: string;
  readonly id: string;
}

/** Of an `after` that `nextOf` made. */
export function cursorIn({ after, sort = "created" }: IncidentQuery): Cursor | undefined {
  if (after === undefined) return undefined;
  const [key = "", id = key] = after.split(" ");
  return sort === "created" ? { key: "", id } : { key, id };
}

type Sorted = { readonly id: string } & Readonly<Record<(typeof sortFields)[IncidentSort], string>>;

/** The `after` of the page behind an incident. */
export function nextOf(incident: Sorted, sort: IncidentSort = "created"): string {
  return sort === "created" ? incident.id : `${incident[sortFields[sort]]} ${incident.id}`;
}
