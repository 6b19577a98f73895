import type { IncidentDraft, TimelineEntry } from "./incident.ts";

/** An incident names so many entries. Beyond that the oldest leave, comments last. */
export const mostEntriesOfTimeline = 500;

/** The fields that a vendor's update is noticed by; everything else about it is in its delivery. */
const noticed = ["status", "severity", "verdict"] as const;

/** A timeline with another entry, bounded. */
export function withEntry(timeline: readonly TimelineEntry[], entry: TimelineEntry): readonly TimelineEntry[] {
  const all = [...timeline, entry];
  if (all.length <= mostEntriesOfTimeline) return all;
  const leaves = all.findIndex(({ comment }) => comment === null);
  return all.toSpliced(Math.max(leaves, 0), 1);
}

/**
 * What another alert of its source changed about an incident that an analyst should know.
 *
 * @param version that the incident has afterwards
 * @param at now, ISO 8601
 */
export function noticedIn(
  before: IncidentDraft,
  after: IncidentDraft,
  version: number,
  at: string,
): TimelineEntry | undefined {
  const changes = noticed
    .filter((field) => before[field] !== after[field])
    .map((field) => ({ field, from: before[field], to: after[field] }));
  if (changes.length === 0) return undefined;
  return { at, by: `source:${after.source}`, why: null, version, changes, comment: null };
}
