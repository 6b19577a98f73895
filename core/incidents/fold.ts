/** How an alert becomes one of many of an incident of its group. */
import type { Group, IncidentDraft } from "./incident.ts";
import { isOver } from "./transitions.ts";
import { saidIn } from "./update.ts";

/** Whether an alert of its group still belongs to an incident. */
export function takes(incident: IncidentDraft, alert: IncidentDraft, { windowMs: window }: Group): boolean {
  if (isOver(incident.status)) return false;
  const at = Date.parse(alert.last_seen_at);
  return at <= Date.parse(incident.last_seen_at) + window && at >= Date.parse(incident.first_seen_at) - window;
}

/** An alert as it is told to the incident of its group: that one of many is closed or judged, closes and judges not all. */
export function folded(alert: IncidentDraft): IncidentDraft {
  const { status: _, verdict: __, ...said } = saidIn(alert);
  return { ...alert, said, status: "new", verdict: null };
}
