import type { TriageSummary } from "../runs/run.ts";
import type { Incident, IncidentDraft, TimelineEntry, WholeIncident } from "./incident.ts";
import { combined, mergedIn } from "./merge.ts";

/** What is kept of an incident beside its draft. */
export interface Kept {
  readonly number: string;
  readonly deliveries: readonly string[];
  readonly version: number;
  readonly triage: TriageSummary | null;
}

/** An incident as it is shown. */
export function shownIncident(draft: IncidentDraft, { number, deliveries, version, triage }: Kept): Incident {
  const { said: _, decided: __, untagged: ___, group: ____, parts: _____, ...visible } = combined(draft);
  const { id, previous = null, merged_into = null, trace_id = null, ...rest } = visible;
  return { id, number, ...rest, triage, trace_id, deliveries, version, previous, merged_into, merged: mergedIn(draft) };
}

/** The same with its timeline. */
export function shownWhole(draft: IncidentDraft, kept: Kept, timeline: readonly TimelineEntry[]): WholeIncident {
  return { ...shownIncident(draft, kept), timeline: timeline.map(({ key: _, ...entry }) => entry) };
}
