import type { Entity, Mitre, Severity, Verdict } from "@thruway/sdk/alert";
import type { TriageSummary } from "../runs/run.ts";

export { type Verdict, verdicts } from "@thruway/sdk/alert";

export const statuses = ["new", "in_progress", "pending_approval", "escalated", "resolved", "closed"] as const;
export type Status = (typeof statuses)[number];

/** Tags what is only a test; lists leave it out unless asked for. */
export const testTag = "test";

/** How many of the deliveries that it is made of an incident names. */
export const mostDeliveries = 100;

/** What is stored, numbered, triaged and closed; the fields stand on the wire as they are here. Times are ISO 8601 in UTC. */
export interface Incident {
  readonly id: string;
  readonly number: string;
  readonly source: string;
  readonly plugin: string;
  readonly external_id: string | null;
  readonly type: string;
  readonly title: string;
  readonly description: string | null;
  readonly severity: Severity;
  readonly vendor_severity: string | null;
  readonly status: Status;
  readonly verdict: Verdict | null;
  readonly entities: readonly Entity[];
  readonly mitre: readonly Mitre[];
  /** When the newest alert about it happened, or was last seen to go on. */
  readonly occurred_at: string;
  readonly first_seen_at: string;
  readonly last_seen_at: string;
  readonly received_at: string;
  readonly created_at: string;
  readonly updated_at: string;
  /** How many alerts it is made of. */
  readonly occurrences: number;
  readonly url: string | null;
  readonly tags: readonly string[];
  readonly assignee: string | null;
  /** Of its newest run of a playbook; `null` where there was none. */
  readonly triage: TriageSummary | null;
  /** Of the trace of the delivery that made it; `null` where none was kept. */
  readonly trace_id: string | null;
  /** Ids of the deliveries that it is made of, oldest first; the first `mostDeliveries`. */
  readonly deliveries: readonly string[];
  /** Rises with every change, whoever makes it. */
  readonly version: number;
  /** The incident of the same group before this one, which is over or too long ago. */
  readonly previous: IncidentRef | null;
  /** The incident that this one was merged into, by hand. */
  readonly merged_into: IncidentRef | null;
  /** The incidents that were merged into this one. */
  readonly merged: readonly IncidentRef[];
}

/** An incident as it is read alone: with what was done about it, oldest first. */
export interface WholeIncident extends Incident {
  readonly timeline: readonly TimelineEntry[];
}

/** Who or what changed an incident, or said something about it. */
export interface TimelineEntry {
  readonly at: string;
  /** `analyst:…`, `playbook:…`, or `source:…` for what the vendor changed. */
  readonly by: string;
  readonly why: string | null;
  /** That the incident had afterwards. */
  readonly version: number;
  readonly changes: readonly FieldChange[];
  readonly comment: string | null;
  /** What the change is recognised by where it is asked for again. Not shown. */
  readonly key?: string;
}

export interface FieldChange {
  readonly field: string;
  readonly from: unknown;
  readonly to: unknown;
}

/** What an alert puts in words. Of two alerts about one incident, what the later one says stands. */
export const words = ["type", "title", "description", "vendor_severity", "url", "status", "verdict"] as const;
export type Word = (typeof words)[number];

/**
 * When an alert said what stands in an incident, so that alerts may arrive in any order: `<as of> <received>`, which sorts as
 * it should. Absent for what nobody said: a default, a fallback, or what an analyst decided and no alert may change.
 */
export type Said = Readonly<Partial<Record<Word | "severity" | "occurred_at", string>>>;

/** What an analyst or a playbook can decide, and no alert changes afterwards. */
export type Decidable = Word | "severity";

/** What groups an alert. */
export interface Group {
  /** The same for alerts that are the same: a hash of the source and of the values, written so that no two run into each other. */
  readonly key: string;
  readonly windowMs: number;
}

/** What stores keep of an incident and do not show. */
export interface Hidden {
  /** Left out, everything was said at `last_seen_at`. */
  readonly said?: Said;
  readonly decided?: readonly Decidable[];
  /** Tags that were taken away, and that no alert brings back. */
  readonly untagged?: readonly string[];
  /** Of its source's grouping; absent where nothing groups it. */
  readonly group?: Group;
  /** What was merged into it, by id, as it is by itself. */
  readonly parts?: Readonly<Record<string, { readonly number: string; readonly draft: IncidentDraft }>>;
}

/** An incident that may still turn out to be an update of one that is stored: everything but what the store assigns. */
export type IncidentDraft = Omit<
  Incident,
  "number" | "deliveries" | "version" | "previous" | "merged_into" | "merged" | "trace_id" | "triage"
> &
  Partial<Pick<Incident, "previous" | "merged_into" | "trace_id">> &
  Hidden & {
    /** Set where a run of a playbook starts with it, unless it had one already. Stores keep the run, and not this. */
    readonly triage?: { readonly playbook: string | null };
  };

/** What an answer and a delivery say of an incident. */
export interface IncidentRef {
  readonly incident_id: string;
  readonly incident_number: string;
}
