import type { Entity, Mitre, Severity, Verdict } from "@thruway/sdk/alert";

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
  /** Of the trace of the delivery that made it; `null` where none was kept. */
  readonly trace_id: string | null;
  /** Ids of the deliveries that it is made of, oldest first; the first `mostDeliveries`. */
  readonly deliveries: readonly string[];
}

/** What an alert puts in words. Of two alerts about one incident, what the later one says stands. */
export const words = ["type", "title", "description", "vendor_severity", "url", "status", "verdict"] as const;
export type Word = (typeof words)[number];

/**
 * When an alert said what stands in an incident, so that alerts may arrive in any order: `<as of> <received>`, which sorts as
 * it should. Absent for what nobody said: a default, a fallback, or what an analyst decided and no alert may change.
 */
export type Said = Readonly<Partial<Record<Word | "severity" | "occurred_at", string>>>;

/**
 * An incident that may still turn out to be an update of one that is stored: everything but what the store assigns. Stores
 * keep `said` and do not show it; left out, everything was said at `last_seen_at`.
 */
export type IncidentDraft = Omit<Incident, "number" | "deliveries" | "trace_id"> &
  Partial<Pick<Incident, "trace_id">> & { readonly said?: Said };

/** What an answer and a delivery say of an incident. */
export interface IncidentRef {
  readonly incident_id: string;
  readonly incident_number: string;
}
