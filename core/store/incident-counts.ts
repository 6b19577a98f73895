import { mostCounted } from "./limits.ts";
import type { IncidentCounts, IncidentFacet } from "./ports.ts";

/** How many incidents have these values. */
export interface CountedValues {
  readonly values: Readonly<Partial<Record<IncidentFacet, string>>>;
  readonly rows: number;
}

/**
 * Counts by the values of each facet, the most frequent first.
 *
 * @param counted each combination of values once, of no more than `mostCounted` incidents and one: that one tells that there are more
 */
export function countsOf(facets: readonly IncidentFacet[], counted: readonly CountedValues[]): IncidentCounts {
  const all = counted.reduce((sum, { rows }) => sum + rows, 0);
  const sorted = facets.map((facet) => {
    const of = new Map<string, number>();
    for (const { values, rows } of counted) {
      const value = values[facet] ?? "";
      of.set(value, (of.get(value) ?? 0) + rows);
    }
    return [facet, Object.fromEntries([...of].toSorted(byCount))] as const;
  });
  return { facets: Object.fromEntries(sorted), counted: Math.min(all, mostCounted), complete: all <= mostCounted };
}

function byCount([a, one]: readonly [string, number], [b, other]: readonly [string, number]): number {
  return other - one || (a < b ? -1 : 1);
}
