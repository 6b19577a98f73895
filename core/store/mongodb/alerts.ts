import type { IncidentDraft } from "../../incidents/incident.ts";
import { alertKey } from "../alert-key.ts";
import type { IncidentDocument } from "./documents.ts";

/** The alerts of one delivery. */
export interface Alerts {
  readonly delivery: string;
  readonly drafts: readonly IncidentDraft[];
}

/**
 * The `_id` of the incident that an alert is about: of the vendor's alert where it names one, else of this alert alone. The
 * same delivery gives the same ones however often it is worked off, so that none is made twice.
 */
export function incidentKey({ source, external_id }: IncidentDraft, delivery: string, index: number): string {
  return external_id === null ? `delivery ${delivery} ${index}` : alertKey(source, external_id);
}

/** What is known of the incidents that alerts are about. */
export interface Known {
  readonly incidents: ReadonlyMap<string, IncidentDocument>;
  /** Which incidents alerts were folded into before, by what would be the `_id` of their own. */
  readonly aliases: ReadonlyMap<string, string>;
}
