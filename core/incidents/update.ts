import { distinct } from "@thruway/sdk/read";
import { graver, mostEntries } from "./draft.ts";
import { type IncidentDraft, testTag } from "./incident.ts";

/**
 * What a stored incident becomes when another alert with its vendor id arrives. In whatever order they arrive, the words of
 * the alert that happened last win (what it leaves out, another one says), the gravest severity stays, entities and tags add
 * up. What an analyst decides (status, verdict, assignee) is left alone.
 *
 * @param at now, ISO 8601
 */
export function updated<Stored extends IncidentDraft>(stored: Stored, alert: IncidentDraft, at: string): Stored {
  const newer = alert.occurred_at >= stored.last_seen_at;
  const [first, last] = newer ? [stored, alert] : [alert, stored];
  return {
    ...stored,
    type: last.type,
    title: last.title,
    description: last.description ?? first.description,
    severity: graver(alert.severity, stored.severity) ? alert.severity : stored.severity,
    vendor_severity: last.vendor_severity ?? first.vendor_severity,
    entities: distinct([...stored.entities, ...alert.entities]).slice(0, mostEntries),
    mitre: distinctMitre([...stored.mitre, ...alert.mitre]).slice(0, mostEntries),
    occurred_at: last.occurred_at,
    first_seen_at: alert.first_seen_at < stored.first_seen_at ? alert.first_seen_at : stored.first_seen_at,
    last_seen_at: last.last_seen_at,
    updated_at: at,
    occurrences: stored.occurrences + 1,
    url: last.url ?? first.url,
    tags: tagsOf(stored, alert).slice(0, mostEntries),
  };
}

/** Lists leave tests out, so an incident stays one only as long as everything about it is: a real alert must be seen. */
function tagsOf(stored: IncidentDraft, alert: IncidentDraft): readonly string[] {
  const isTest = [stored, alert].every(({ tags }) => tags.includes(testTag));
  return [...new Set([...stored.tags, ...alert.tags])].filter((tag) => tag !== testTag || isTest);
}

function distinctMitre(all: IncidentDraft["mitre"]): IncidentDraft["mitre"] {
  return [...new Map(all.map((entry) => [JSON.stringify([entry.id, entry.tactic, entry.technique]), entry])).values()];
}
