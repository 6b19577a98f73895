import { mostCounted } from "./limits.ts";
import type { IncidentCounts, IncidentFacet } from "./ports.ts";

/**
 * Counts by the values of each facet, the most frequent first.
 *
 * @param found each combination of values once, of no more than `mostCounted` incidents and one: that one tells that there are more
 * @param read how many incidents have a combination, and what its values are
 */
export function countsOf<Found>(
  facets: readonly IncidentFacet[],
  found: readonly Found[],
  read: { readonly rows: (found: Found) => number; readonly value: (found: Found, facet: IncidentFacet) => string },
): IncidentCounts {
  let counted = 0;
  const counts = new Map(facets.map((facet) => [facet, new Map<string, number>()]));
  for (const each of found) {
    const rows = read.rows(each);
    counted += rows;
    for (const [facet, of] of counts) {
      const value = read.value(each, facet);
      of.set(value, (of.get(value) ?? 0) + rows);
    }
  }
  const sorted = [...counts].map(([facet, of]) => [facet, Object.fromEntries([...of].toSorted(byCount))]);
  return {
    facets: Object.fromEntries(sorted),
    counted: Math.min(counted, mostCounted),
    complete: counted <= mostCounted,
  };
}

function byCount([a, one]: readonly [string, number], [b, other]: readonly [string, number]): number {
  return other - one || (a < b ? -1 : 1);
}
