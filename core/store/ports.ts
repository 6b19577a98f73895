/**
 * What Thruway asks of a store. Every implementation passes the suites in `test/contracts/`. Records carry their wire names
 * and ISO times, so that what is stored is what is shown.
 */
import type { Severity, Verdict } from "@thruway/sdk";
import type { Detail, ErrorCode } from "../errors.ts";
import type { ChangeContext, IncidentChange } from "../incidents/change.ts";
import type { Grouping } from "../incidents/grouping.ts";
import type { Incident, IncidentDraft, IncidentRef, Status, WholeIncident } from "../incidents/incident.ts";
import type { FeedStore } from "./feed-port.ts";
import type { TriageStore } from "./triage-port.ts";

export interface Store {
  readonly commits: CommitStore;
  readonly deliveries: DeliveryStore;
  readonly queue: QueueStore;
  readonly incidents: IncidentStore;
  readonly sources: SourceStore;
  readonly tokens: TokenStore;
  readonly triage: TriageStore;
  readonly feed: FeedStore;
  /** Resolves when deliveries can be made durable, with what is degraded; rejects with the reason when they cannot. */
  check(): Promise<Checks>;
  /** Finishes what is under way, then releases everything. */
  close(): Promise<void>;
}

export interface Checks {
  /** Whether something is wrong although deliveries are taken. */
  readonly degraded: boolean;
  /** `ok`, or since when it is away and why. */
  readonly store: string;
  readonly spool?: {
    /** That wait for the store. */
    readonly deliveries: number;
    /** Of them, those that the store refused for their own sake. */
    readonly refused: number;
    readonly bytes: number;
    readonly max_bytes: number;
  };
}

// ---- commits: the one write of an intake

export interface CommitStore {
  /**
   * Makes a delivery, its incidents and its identity durable together; resolves once they are on disk. Concurrent calls share
   * one write. Uniqueness of `key`, of incidents by (source, external_id) and of numbers holds under any concurrency.
   *
   * A commit whose answer got lost may be made again: a delivery of the same `id` and `key` is the same
   * one, and is told what became of it.
   */
  commit(commit: Commit): Promise<CommitResult>;
}

export interface Commit {
  readonly delivery: NewDelivery;
  readonly drafts: readonly IncidentDraft[];
  /** Set when this settles a queued delivery, at a time: only who holds the lease of this epoch may. */
  readonly claim?: { readonly epoch: number; readonly at: Date };
}

export type CommitResult =
  | { readonly kind: "committed"; readonly incidents: readonly IncidentRef[] }
  /** The same delivery is stored already. This one is kept beside it as a duplicate, without its bytes. */
  | { readonly kind: "duplicate"; readonly original: DeliverySummary }
  /** The lease was lost to another worker: nothing was changed. */
  | { readonly kind: "lost" }
  /**
   * The store is away: it is safe in the spool of this machine, and the store gets it when it is back. `id` is the delivery
   * that waits there, an earlier one where this is a duplicate of it.
   */
  | { readonly kind: "spooled"; readonly id: string; readonly duplicate: boolean };

// ---- deliveries

/** `refused` was not authenticated; `rejected` was, and could not be understood. */
export const outcomes = ["accepted", "duplicate", "ignored", "queued", "rejected", "dead", "refused"] as const;
export type Outcome = (typeof outcomes)[number];

export interface StageTime {
  readonly stage: string;
  /** When it began, in milliseconds since the work on the delivery did; what is queued begins anew each time it is taken up. */
  readonly start_ms: number;
  readonly ms: number;
  /** Whether it let the delivery pass. */
  readonly ok: boolean;
}

/** Why a delivery was refused that could not be authenticated, for operators alone: no secret, no signature, no bytes. */
export interface Diagnosis {
  /** How the source's sender has to prove itself: the scheme's name, and its summary for people. */
  readonly expected: { readonly scheme: string; readonly summary: string };
  /** What of the request that is read for it, and whether it was there: `headers.x-webhook-signature`. */
  readonly proof: readonly { readonly path: string; readonly found: "once" | "missing" | "repeated" }[];
  /** Hex, to be compared with what the sender says that it sent. */
  readonly body_sha256: string;
  /** The time of sending as the sender wrote it, where it looks like one. */
  readonly timestamp: string | null;
  /** By how much it lies before the receipt; negative where it lies after. */
  readonly clock_difference_seconds: number | null;
  /** How many of the usual mistakes were looked for; 0 where the signature is right, and for bodies that are too large. */
  readonly tried: number;
  readonly findings: readonly Finding[];
}

/** A mistake that was found: what is wrong and what to do. */
export interface Finding {
  readonly code: string;
  readonly message: string;
}

/** One request that arrived, as it is shown. */
export interface DeliveryRecord {
  readonly id: string;
  readonly source: string;
  readonly plugin: string | null;
  readonly outcome: Outcome;
  /** The error code of a refused, rejected or dead delivery. */
  readonly code: ErrorCode | null;
  /** Why, in one sentence. */
  readonly reason: string | null;
  readonly details: readonly Detail[] | null;
  /** Of the first few in a minute that were refused for their signature or its time. */
  readonly diagnosis: Diagnosis | null;
  readonly received_at: string;
  /** The signature scheme that proved the sender. */
  readonly scheme: string | null;
  readonly address: string;
  readonly content_type: string | null;
  readonly user_agent: string | null;
  readonly body_bytes: number;
  readonly stages: readonly StageTime[];
  /** Where its trace goes on (W3C), in whichever process; absent where it is not traced. Shown as `trace_id`. */
  readonly traceparent?: string;
  readonly incidents: readonly IncidentRef[];
  readonly duplicate_of: string | null;
  /** How often a worker has taken it up. */
  readonly attempts: number;
  readonly next_attempt_at: string | null;
}

/** What the store fills in itself, and what only a refused delivery has. */
type Assigned = "incidents" | "duplicate_of" | "attempts" | "next_attempt_at" | "diagnosis";

export interface NewDelivery extends Omit<DeliveryRecord, Assigned> {
  /** What identifies it; two deliveries with one key are the same one. Not shown. */
  readonly key: string;
  readonly body: Uint8Array;
}

export interface StoredDelivery extends DeliveryRecord {
  /** `null` for duplicates (the original has the bytes) and for refused deliveries (nobody vouches for theirs). */
  readonly body: Uint8Array | null;
}

export type DeliverySummary = Pick<DeliveryRecord, "id" | "outcome" | "reason" | "incidents">;

export interface DeliveryStore {
  /** Records deliveries that were not authenticated, in bulk, keeping the newest `keep` of each source. */
  recordRefused(records: readonly RefusedDelivery[], keep: number): Promise<void>;
  get(id: string): Promise<StoredDelivery | undefined>;
  list(query: DeliveryQuery): Promise<Page<DeliveryRecord>>;
  /**
   * Removes up to `limit` deliveries that were received before a time, with their bytes and keys, oldest first. What is queued
   * stays.
   *
   * @returns how many it removed
   */
  prune(before: Date, limit: number): Promise<number>;
}

export type RefusedDelivery = Omit<DeliveryRecord, Assigned> & Partial<Pick<DeliveryRecord, "diagnosis">>;

export interface DeliveryQuery extends PageQuery {
  readonly source?: string;
  readonly outcome?: readonly Outcome[];
  readonly code?: string;
  /** Received at or after, before: ISO 8601. */
  readonly since?: string;
  readonly until?: string;
}

// ---- the queue: deliveries whose outcome is still `queued`

export interface QueueStore {
  /**
   * Leases up to `limit` queued deliveries that are due, oldest due first. Nobody else gets them until `leaseMs` have passed.
   */
  claim(limit: number, now: Date, leaseMs: number): Promise<readonly ClaimedDelivery[]>;
  /** Gives a claimed delivery back, due again at `at`. `false` when the lease was lost. */
  retry(id: string, epoch: number, at: Date, why: Why): Promise<boolean>;
  /**
   * Puts a delivery that made no incident (rejected, dead, ignored) back into the queue, due at `now`, its attempts forgotten.
   * `false` when there is none of that id with its bytes and such an outcome.
   */
  requeue(id: string, now: Date): Promise<boolean>;
  status(now: Date): Promise<QueueStatus>;
}

/** Why a delivery goes back into the queue: a sentence, and the code where there is one. */
export type Why = Pick<DeliveryRecord, "reason"> & Partial<Pick<DeliveryRecord, "code">>;

export interface QueueStatus {
  /** How many deliveries are queued, leased ones included. */
  readonly depth: number;
  /** How many of them a worker could claim now. */
  readonly due: number;
  /** When the one that waits longest was received. */
  readonly oldest_received_at: string | null;
  /** How many were settled in the minute before now. */
  readonly settled_last_minute: number;
}

export interface ClaimedDelivery {
  readonly delivery: DeliveryRecord;
  readonly key: string;
  readonly body: Uint8Array;
  /** Rises with every claim: it fences off a worker that lost its lease. */
  readonly epoch: number;
}

// ---- incidents

export interface IncidentStore {
  /** By id (UUID) or by number. */
  get(idOrNumber: string): Promise<WholeIncident | undefined>;
  /** @throws {Refusal} store_unavailable while incidents of an older Thruway are still being made searchable */
  list(query: IncidentQuery): Promise<Page<Incident>>;
  /** Counts by the values of fields. @throws {Refusal} as `list` does */
  count(filter: IncidentFilter, facets: readonly IncidentFacet[]): Promise<IncidentCounts>;
  /**
   * Every change that is no alert's, whoever makes it. Alerts and changes that meet lose nothing of each other; one that was
   * asked for without a version is tried again by itself.
   *
   * @returns the incident as it is then; `undefined` where there is none
   * @throws {Refusal} like `changedBy`
   */
  change(idOrNumber: string, change: IncidentChange, context: ChangeContext): Promise<WholeIncident | undefined>;
  /**
   * Merges an incident into another one, or takes it out again (`into` is `null`). It stays, and alerts still find it.
   *
   * @returns the incident as it is then; `undefined` where there is none
   * @throws {Refusal} like `placed`, and not_found where there is no other
   */
  merge(idOrNumber: string, into: string | null, context: ChangeContext): Promise<WholeIncident | undefined>;
  /** Removes up to `limit` incidents that nothing has changed since a time, oldest first. @returns how many it removed */
  prune(before: Date, limit: number): Promise<number>;
}

/** `severity`: the gravest first; the others: the newest. */
export const incidentSorts = ["created", "updated", "occurred", "severity"] as const;
export type IncidentSort = (typeof incidentSorts)[number];

/** Fields whose values can be counted. */
export const incidentFacets = ["status", "severity", "verdict", "source", "plugin", "type", "assignee"] as const;
export type IncidentFacet = (typeof incidentFacets)[number];

/** What is left out filters nothing. Times are ISO 8601; `since` is included, `until` is not. */
export interface IncidentFilter {
  readonly source?: string;
  readonly plugin?: string;
  readonly severity?: readonly Severity[];
  readonly status?: readonly Status[];
  /** Any of these; `none` for those without one. */
  readonly verdict?: readonly (Verdict | "none")[];
  readonly type?: string;
  readonly external_id?: string;
  readonly number?: string;
  /** `none` for what nobody is assigned to. */
  readonly assignee?: string;
  /** All of these. */
  readonly tag?: readonly string[];
  /** All of these: see `entityTerms`. */
  readonly entity?: readonly string[];
  /** All words of this text. */
  readonly search?: string;
  /** Of the creation. */
  readonly since?: string;
  readonly until?: string;
  readonly updated_since?: string;
  readonly updated_until?: string;
  readonly occurred_since?: string;
  readonly occurred_until?: string;
  /** Incidents tagged `test` are left out unless asked for. */
  readonly includeTests: boolean;
}

export interface IncidentQuery extends PageQuery, IncidentFilter {
  /** `created` where it is left out. */
  readonly sort?: IncidentSort;
}

/** How often each value stands in the incidents that a filter lets through. */
export interface IncidentCounts {
  readonly facets: Readonly<Partial<Record<IncidentFacet, Readonly<Record<string, number>>>>>;
  /** How many incidents were counted: the newest, and no more than `mostCounted`. */
  readonly counted: number;
  readonly complete: boolean;
}

// ---- sources and tokens

/** A secret as it is stored: sealed by the master key. */
export interface SealedSecret {
  readonly sealed: string;
  readonly created_at: string;
}

export interface SourceRecord {
  readonly source: string;
  readonly plugin: string;
  readonly secrets: readonly SealedSecret[];
  readonly auto_triage: boolean;
  readonly playbook: string | null;
  readonly severity_mapping: Readonly<Record<string, Severity>>;
  readonly default_severity: Severity;
  /** Values that the plugin marks as sensitive are sealed. */
  readonly options: Readonly<Record<string, unknown>>;
  readonly processing: "immediate" | "queued";
  readonly tolerance_seconds: number | null;
  readonly rate_limit: { readonly requests: number; readonly per_seconds: number } | null;
  /** Absent in what was stored before there was grouping. */
  readonly grouping?: Grouping | null;
  readonly enabled: boolean;
  readonly created_at: string;
  readonly updated_at: string;
}

export interface SourceStore {
  all(): Promise<readonly SourceRecord[]>;
  /** A text that is another one after every change of any source, whoever made it. Cheap: every gateway asks each second. */
  revision(): Promise<string>;
  /** `false` when a source of that name exists. */
  add(record: SourceRecord): Promise<boolean>;
  /** `false` when there is none of that name. */
  replace(record: SourceRecord): Promise<boolean>;
  /** `false` when there was none. Its deliveries and incidents stay. */
  remove(source: string): Promise<boolean>;
}

export interface TokenRecord {
  /** The `<6>` of `tw_<6>_<32>`. */
  readonly id: string;
  readonly name: string;
  /** SHA-256 of the whole token, hex. */
  readonly hash: string;
  readonly created_at: string;
}

export interface TokenStore {
  /** Adds a token; one of the same name is replaced, and no longer opens anything. */
  put(record: TokenRecord): Promise<void>;
  get(id: string): Promise<TokenRecord | undefined>;
}

// ---- pages

/** Newest first, by id, unless something else is asked for: ids are UUIDs of version 7 and so carry their time. */
export interface PageQuery {
  readonly limit: number;
  /** The `next` of the page before. */
  readonly after?: string;
}

export interface Page<T> {
  readonly data: readonly T[];
  /** The `after` of the next page; `undefined` on the last. */
  readonly next: string | undefined;
}
