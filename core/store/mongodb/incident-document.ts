import { severities } from "@thruway/sdk/alert";
import type { AnyBulkWriteOperation, Filter } from "mongodb";
import { type IncidentDraft, type TimelineEntry, testTag } from "../../incidents/incident.ts";
import { combined } from "../../incidents/merge.ts";
import { looseTermsOf } from "../../incidents/terms.ts";
import { writeAll } from "./bulk.ts";
import type { Collections } from "./database.ts";
import type { IncidentDocument } from "./documents.ts";

const searchableAtOnce = 250;

/** Oldest first. */
export function timelineOf({ timeline }: IncidentDocument): readonly TimelineEntry[] {
  return timeline === undefined ? [] : (JSON.parse(timeline) as TimelineEntry[]);
}

/** What an incident is looked up by, and its draft. */
export function columnsOf(
  { triage: _, ...draft }: IncidentDraft,
  number: string,
): Omit<IncidentDocument, "_id" | "number" | "deliveries" | "applied" | "version" | "timeline" | "unannounced"> {
  const all = combined(draft);
  const { id, source, plugin, external_id, type, severity, status, verdict, assignee, updated_at, occurred_at } = all;
  return {
    id,
    source,
    plugin,
    external_id,
    type,
    severity,
    severity_rank: severities.indexOf(severity),
    status,
    verdict,
    assignee,
    test: all.tags.includes(testTag),
    merged_into: draft.merged_into?.incident_id ?? null,
    updated_at,
    occurred_at,
    terms: looseTermsOf(all, number),
    draft: JSON.stringify(draft),
  };
}

/** Gives incidents of an older Thruway the fields that they are found by. @returns how many it gave them */
export async function makeSearchable({ incidents }: Pick<Collections, "incidents">): Promise<number> {
  let made = 0;
  for (;;) {
    const old = await incidents
      .find({ terms: null } as unknown as Filter<IncidentDocument>)
      .limit(searchableAtOnce)
      .toArray();
    if (old.length === 0) return made;
    const operations = old.map(({ _id, version, number, draft }): AnyBulkWriteOperation<IncidentDocument> => {
      const fields = columnsOf(JSON.parse(draft) as IncidentDraft, number);
      return { updateOne: { filter: { _id, version }, update: { $set: fields } } };
    });
    made += (await writeAll(incidents, operations)).matched;
  }
}
/** Marks an incident, where it is not marked already: what is written together with the change cannot be forgotten. */
export function marking(version: number): { readonly $min: { readonly unannounced: number } } {
  return { $min: { unannounced: version } };
}
