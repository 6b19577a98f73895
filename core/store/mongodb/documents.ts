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
  readonly external_id: string | null;
  readonly type: string;
  readonly severity: string;
  readonly status: string;
  readonly test: boolean;
  readonly updated_at: string;
  readonly draft: string;
  readonly deliveries: readonly string[];
  /** The deliveries that the last write applied. Those of the writes before it stand in `incident_deliveries`. */
  readonly applied: readonly string[];
  /** Rises with every write. */
  readonly version: number;
}

/** That a delivery has been applied to an incident: `<incident id>/<delivery id>`. */
export interface AppliedDocument {
  readonly _id: string;
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
