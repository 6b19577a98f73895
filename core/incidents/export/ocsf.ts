/**
 * Incidents as events of OCSF 1.8.0. What each field holds, and why, is in docs/export.md.
 */
import type { Severity } from "@thruway/sdk/alert";
import { type Incident, type Status, testTag, type Verdict } from "../incident.ts";
import { isOver } from "../transitions.ts";
import { type Attack, attackOf } from "./attack.ts";
import { evidenceOf, observablesOf } from "./ocsf-entities.ts";
import { product } from "./product.ts";

/** What an incident can be exported as: what is worked on, or what was detected. */
export const ocsfClasses = ["incident_finding", "detection_finding"] as const;
export type OcsfClass = (typeof ocsfClasses)[number];

/** An event as it stands on the wire; `docs/export.md` lists its fields. */
export type OcsfEvent = Readonly<Record<string, unknown>>;

export const ocsfVersion = "1.8.0";

/** One of an enumeration: its number, and the caption that OCSF gives it. */
type Coded = readonly [id: number, caption: string];

const severities: Readonly<Record<Severity, Coded>> = {
  info: [1, "Informational"],
  low: [2, "Low"],
  medium: [3, "Medium"],
  high: [4, "High"],
  critical: [5, "Critical"],
};

const incidentStatuses: Readonly<Record<Status, Coded>> = {
  new: [1, "New"],
  in_progress: [2, "In Progress"],
  escalated: [2, "In Progress"],
  pending_approval: [3, "On Hold"],
  resolved: [4, "Resolved"],
  closed: [5, "Closed"],
};

const findingStatuses: Readonly<Record<Status, Coded>> = {
  new: [1, "New"],
  in_progress: [2, "In Progress"],
  escalated: [2, "In Progress"],
  pending_approval: [2, "In Progress"],
  resolved: [4, "Resolved"],
  closed: [5, "Archived"],
};
const suppressed: Coded = [3, "Suppressed"];

/** Likely is not sure: nothing that acts on a false positive by itself may take a likely one for one. */
const verdicts: Readonly<Record<Verdict, Coded>> = {
  true_positive: [2, "True Positive"],
  likely_true_positive: [4, "Suspicious"],
  suspicious: [4, "Suspicious"],
  likely_false_positive: [99, "likely_false_positive"],
  false_positive: [1, "False Positive"],
  inconclusive: [7, "Insufficient Data"],
};
const test: Coded = [6, "Test"];

const activities = { create: [1, "Create"], update: [2, "Update"], close: [3, "Close"] } as const;
const ticketTypes = { internal: [1, "Internal"] } as const;

/** An incident that nobody works on must have a group to be an Incident Finding. */
const unassigned = "Unassigned";

/**
 * @param incident of which only what is shown is read
 * @param as by default an Incident Finding (2005); or a Detection Finding (2004), which has room for the evidence
 * @param isNew whether who gets it did not know of the incident; by default, whether nothing has changed it yet
 */
export function toOcsf(
  incident: Incident,
  as: OcsfClass = "incident_finding",
  isNew: boolean = incident.created_at === incident.updated_at,
): OcsfEvent {
  const known = incident.mitre.map((entry) => ({ entry, attack: attackOf(entry) }));
  const attacks = known.flatMap(({ attack }) => (attack === undefined ? [] : [ocsfAttack(attack)]));
  const foreign = known.filter(({ attack }) => attack === undefined).map(({ entry }) => entry);
  const write = as === "incident_finding" ? incidentFinding : detectionFinding;
  return write(incident, activityOf(incident, isNew), attacks, foreign);
}

function incidentFinding(
  incident: Incident,
  activity: Coded,
  attacks: readonly object[],
  foreign: readonly object[],
): OcsfEvent {
  return {
    ...event(incident, [2005, "Incident Finding"], activity, incidentStatuses[incident.status]),
    ...(incident.description !== null && { desc: incident.description }),
    finding_info_list: [finding(incident, attacks)],
    ...(attacks.length > 0 && { attacks }),
    ...(incident.assignee === null && { assignee_group: { name: unassigned } }),
    ...listed("observables", observablesOf(incident.entities)),
    ...unmapped(incident, foreign, listed("entities", incident.entities)),
  };
}

function detectionFinding(
  incident: Incident,
  activity: Coded,
  attacks: readonly object[],
  foreign: readonly object[],
): OcsfEvent {
  const isFalse = incident.verdict === "false_positive" && isOver(incident.status);
  const { observables, evidences, resources, device } = evidenceOf(incident.entities);
  return {
    ...event(incident, [2004, "Detection Finding"], activity, isFalse ? suppressed : findingStatuses[incident.status]),
    is_alert: incident.status !== "closed",
    finding_info: finding(incident, attacks),
    ...(device && { device }),
    ...listed("resources", resources),
    ...listed("evidences", evidences),
    ...listed("observables", observables),
    ...unmapped(incident, foreign, {}),
  };
}

/** What both classes have. */
function event(
  incident: Incident,
  [class_uid, class_name]: Coded,
  [activity_id, activity_name]: Coded,
  [status_id, status]: Coded,
): object {
  const { severity, assignee, url, number, title } = incident;
  const [severity_id, severityCaption] = severities[severity];
  const [type_id, type] = ticketTypes.internal;
  return {
    metadata: metadata(incident),
    category_uid: 2,
    category_name: "Findings",
    class_uid,
    class_name,
    activity_id,
    activity_name,
    type_uid: class_uid * 100 + activity_id,
    type_name: `${class_name}: ${activity_name}`,
    time: ms(incident.updated_at),
    start_time: ms(incident.first_seen_at),
    end_time: ms(incident.last_seen_at),
    count: incident.occurrences,
    message: title,
    severity_id,
    severity: severityCaption,
    status_id,
    status,
    status_code: incident.status,
    ...verdictOf(incident),
    ...(assignee !== null && { assignee: { name: assignee } }),
    ...(url !== null && { src_url: url }),
    tickets: [{ uid: number, title, type_id, type }],
  };
}

function metadata({ id, source, plugin, external_id, received_at, updated_at, tags }: Incident): object {
  return {
    version: ocsfVersion,
    profiles: ["incident"],
    product: { ...product, vendor_name: product.name },
    // Of this state of the incident: who gets the same one twice can tell.
    uid: `${id}@${updated_at}`,
    correlation_uid: id,
    ...(external_id !== null && { original_event_uid: external_id }),
    source,
    log_provider: plugin,
    logged_time: ms(received_at),
    modified_time: ms(updated_at),
    ...listed("labels", tags),
  };
}

function finding(incident: Incident, attacks: readonly object[]): object {
  const { id, external_id, title, description, type, source, url, deliveries, occurrences } = incident;
  return {
    uid: id,
    ...(external_id !== null && { uid_alt: external_id }),
    title,
    ...(description !== null && { desc: description }),
    types: [type],
    data_sources: [source],
    created_time: ms(incident.created_at),
    modified_time: ms(incident.updated_at),
    first_seen_time: ms(incident.first_seen_at),
    last_seen_time: ms(incident.last_seen_at),
    ...(url !== null && { src_url: url }),
    ...listed("attacks", attacks),
    related_events_count: occurrences,
    ...listed(
      "related_events",
      deliveries.map((uid) => ({ uid, type: "delivery" })),
    ),
  };
}

function activityOf({ status }: Incident, isNew: boolean): Coded {
  if (status === "closed") return activities.close;
  return isNew ? activities.create : activities.update;
}

function verdictOf({ verdict, tags }: Incident): object {
  const coded = verdict === null ? tags.includes(testTag) && test : verdicts[verdict];
  return coded === false ? {} : { verdict_id: coded[0], verdict: coded[1] };
}

/** Vendors do not say of which version of ATT&CK they speak, so neither do we. */
function ocsfAttack({ tactic, technique, subTechnique }: Attack): object {
  return {
    ...(tactic && { tactic: named(tactic) }),
    ...(technique && { technique: named(technique) }),
    ...(subTechnique && { sub_technique: named(subTechnique) }),
  };
}

function named({ id, name }: NonNullable<Attack["tactic"]>): object {
  return { ...(id !== undefined && { uid: id }), ...(name !== undefined && { name }) };
}

/** What the class has no place for, word for word. */
function unmapped({ verdict, vendor_severity, occurred_at }: Incident, mitre: readonly object[], more: object): object {
  return {
    unmapped: {
      occurred_at,
      ...(vendor_severity !== null && { vendor_severity }),
      ...(verdict !== null && { verdict }),
      ...listed("mitre", mitre),
      ...more,
    },
  };
}

function listed(name: string, list: readonly unknown[]): object {
  return list.length === 0 ? {} : { [name]: list };
}

function ms(iso: string): number {
  return Date.parse(iso);
}
