/**
 * Which incident an alert of a group is folded into. The document of the group names the one of the moment, and is changed only
 * under the condition that it still names what was read; what was decided of an alert is put down before the alert is applied,
 * so that the same comes of it however often it is worked off.
 */

import { takes } from "../../incidents/fold.ts";
import type { IncidentDraft, IncidentRef } from "../../incidents/incident.ts";
import { type Alerts, incidentKey, type Known } from "./alerts.ts";
import { insertAll } from "./bulk.ts";
import type { Collections } from "./database.ts";
import type { IncidentDocument } from "./documents.ts";

interface Target {
  readonly key: string;
  /** The incident of the group before a new one. */
  readonly previous?: IncidentRef;
}

export interface Grouped {
  /** Where alerts go that do not simply go to the incident of their own key. */
  readonly targets: ReadonlyMap<string, Target>;
  readonly known: ReadonlyMap<string, IncidentDocument>;
}

/** What a group is at present, as far as it is known here. */
interface Current {
  readonly key: string;
  /** Absent while another gateway is just making it. */
  readonly document: IncidentDocument | undefined;
}

/** Finds the incidents of alerts that have a group or were folded into one before. */
export async function group(collections: Collections, all: readonly Alerts[], before: Known): Promise<Grouped> {
  const targets = new Map<string, Target>([...before.aliases].map(([own, key]) => [own, { key }]));
  const known = new Map(before.incidents);
  const seen = new Map<string, Current>();
  for (const { delivery, drafts } of all) {
    for (const [index, draft] of drafts.entries()) {
      const own = incidentKey(draft, delivery, index);
      if (draft.group === undefined || targets.has(own) || known.has(own)) continue;
      const target = await targetOf(collections, own, draft, seen);
      targets.set(own, target);
      const document = seen.get(draft.group.key)?.document;
      if (document !== undefined) known.set(document._id, document);
    }
  }
  return { targets, known };
}

async function targetOf(
  collections: Collections,
  own: string,
  draft: IncidentDraft,
  seen: Map<string, Current>,
): Promise<Target> {
  const { incident_groups, incident_aliases } = collections;
  const group = draft.group;
  if (group === undefined) return { key: own };
  for (;;) {
    const current = seen.get(group.key) ?? (await read(collections, group.key));
    const incident = current?.document && (JSON.parse(current.document.draft) as IncidentDraft);
    if (current !== undefined && (incident === undefined || takes(incident, draft, group))) {
      seen.set(group.key, current);
      if (current.key === own) return { key: own };
      const { taken } = await insertAll(incident_aliases, [{ _id: own, incident: current.key }]);
      if (taken.size === 0) return { key: current.key };
      const decided = await incident_aliases.findOne({ _id: own });
      return { key: decided?.incident ?? current.key };
    }
    // One of long ago that comes late is no successor.
    if (incident !== undefined && draft.last_seen_at < incident.last_seen_at) return { key: own };
    seen.delete(group.key);
    const isMine =
      current === undefined
        ? (await insertAll(incident_groups, [{ _id: group.key, incident: own }])).taken.size === 0
        : (await incident_groups.updateOne({ _id: group.key, incident: current.key }, { $set: { incident: own } }))
            .matchedCount === 1;
    if (!isMine) continue;
    seen.set(group.key, { key: own, document: undefined });
    const document = current?.document;
    if (document === undefined) return { key: own };
    return { key: own, previous: { incident_id: document.id, incident_number: document.number } };
  }
}

async function read({ incident_groups, incidents }: Collections, key: string): Promise<Current | undefined> {
  const found = await incident_groups.findOne({ _id: key });
  if (found === null) return undefined;
  const document = await incidents.findOne({ _id: found.incident });
  return { key: found.incident, document: document ?? undefined };
}
