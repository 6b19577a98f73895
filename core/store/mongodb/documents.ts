/**
 * What stands in the database. A record is kept as its JSON, so that no field's name or text can mean anything to MongoDB;
 * beside it stand only the fields that something is looked up by.
 */
import type { Binary } from "mongodb";
import type { IncidentRef } from "../../incidents/incident.ts";
import type { Outcome } from "../ports.ts";
import type { TableProgress, TransferTable } from "../transfer.ts";

export interface DeliveryDocument {
  readonly _id: string;
  /** What identifies it: the key that it came with and, where its event became known later, the one of that. */
  readonly keys: readonly string[];
  readonly source: string;
  readonly outcome: Outcome;
  readonly code: string | null;
  /** `{code, reason, details}`: what a worker changes. */
  readonly why: string;
  /** Everything else that is shown. */
  readonly record: string;
  readonly incidents: readonly IncidentRef[];
  readonly duplicate_of: string | null;
  readonly attempts: number;
  readonly due_at: Date | null;
  readonly epoch: number;
  readonly settled_at: Date | null;
  readonly body: Binary | null;
}

/** Who a key belongs to: its being the `_id` is what makes a delivery unique. */
export interface KeyDocument {
  readonly _id: string;
  readonly delivery: string;
}

export interface IncidentDocument {
  /** Of the vendor's alert, or of the delivery and the place of the alert in it: see `incidentKey`. */
  readonly _id: string;
  readonly id: string;
  readonly number: string;
  readonly source: string;
  readonly plugin: string;
  readonly external_id: string | null;
  readonly type: string;
  readonly severity: string;
  /** 0 is the gravest. */
  readonly severity_rank: number;
  readonly status: string;
  readonly verdict: string | null;
  readonly assignee: string | null;
  readonly test: boolean;
  /** The id of the incident that it was merged into; absent in what is of an older Thruway. */
  readonly merged_into?: string | null;
  readonly updated_at: string;
  readonly occurred_at: string;
  /** The words, tags and entities that it is found by: see `looseTermsOf`. */
  readonly terms: readonly string[];
  readonly draft: string;
  readonly deliveries: readonly string[];
  /** The deliveries that the last write applied. Those of the writes before it stand in `incident_deliveries`. */
  readonly applied: readonly string[];
  /** Rises with every write. */
  readonly version: number;
  /** Its entries as JSON; absent where there are none yet. Lists do without it. */
  readonly timeline?: string;
  /** Set where a feed has to tell of it: the version that its subscribers know. */
  readonly unannounced?: number;
}

/** That a delivery has been applied to an incident: `<incident id>/<delivery id>`. */
export interface AppliedDocument {
  readonly _id: string;
}

/** The incident that an alert was folded into: which one is decided once, by who writes this first. */
export interface AliasDocument {
  /** What the alert's own incident would have for its `_id`. */
  readonly _id: string;
  readonly incident: string;
}

/** The incident that the alerts of a group are folded into at present. */
export interface GroupDocument {
  readonly _id: string;
  readonly incident: string;
}

export interface NumberDocument {
  /** The year. */
  readonly _id: number;
  readonly last: number;
}

export interface SourceDocument {
  readonly _id: string;
  /** Of the record: two changes within one millisecond are told apart by it. */
  readonly hash: string;
  readonly record: string;
}

export interface TokenDocument {
  /** The name: there is one of each. */
  readonly _id: string;
  readonly id: string;
  readonly record: string;
}

/** A run of a playbook, or a message of the outbox: what is worked off by a lease. */
export interface JobDocument {
  readonly _id: string;
  readonly incident: string;
  readonly due_at: Date | null;
  readonly epoch: number;
  readonly attempts: number;
  /** Of a message. */
  readonly channel?: string;
  readonly record: string;
  /** Of a run that was written down: see `shortRun`. */
  readonly short?: string;
}

export interface ApprovalDocument {
  readonly _id: string;
  readonly incident: string;
  readonly run: string;
  readonly state: string;
  readonly record: string;
}

export interface PlaybookDocument {
  /** The name and the version: there is one of each. */
  readonly _id: string;
  readonly name: string;
  readonly record: string;
  /** Of the record: what changes is noticed without reading it. */
  readonly hash: string;
}

/** How far a copy of another store into this one is. There is one at most, `copy`. */
export interface TransferDocument {
  readonly _id: string;
  readonly source: string;
  readonly tables: Readonly<Partial<Record<TransferTable, TableProgress>>>;
  readonly finished_at: Date | null;
}

export interface CheckDocument {
  readonly _id: string;
  readonly at: Date;
}
