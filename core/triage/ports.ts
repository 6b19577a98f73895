/** What triage asks of the rest: each is one thing that can be another one in a test, a dry run, or on another machine. */
import type { EntityType } from "@thruway/sdk/alert";
import type { ChangeContext, IncidentChange } from "../incidents/change.ts";
import type { Incident } from "../incidents/incident.ts";
import type { Approval } from "../runs/approval.ts";
import type { Message } from "../runs/message.ts";

// ---- incidents

export type { ChangeContext, IncidentChange };

/** How incidents are read and changed. */
export interface Incidents {
  get(idOrNumber: string): Promise<Incident | undefined>;
  /** @throws where the change is not allowed, with a sentence that says what is */
  change(idOrNumber: string, change: IncidentChange, context: ChangeContext): Promise<Incident>;
}

/** What else was seen of an entity. */
export interface History {
  /** Incidents that hold it, the newest first. */
  find(
    entity: { readonly type: EntityType; readonly value: string },
    since: Date,
    limit: number,
  ): Promise<readonly Incident[]>;
}

// ---- lists

/** The watch lists and allow lists of the lists folder. */
export interface Lists {
  /** `undefined` where there is no such list. */
  get(name: string): WatchList | undefined;
}

export interface WatchList {
  /** The entry that one of these values is on, with its other columns. */
  find(values: readonly string[]): ListMatch | undefined;
}

export interface ListMatch {
  readonly value: string;
  readonly entry: string;
  readonly columns: Readonly<Record<string, string>>;
}

// ---- services and channels

export interface ServiceRequest {
  readonly method: string;
  /** Below the address of the service. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string | number | boolean>>;
  readonly body?: unknown;
  /** Sent as `Idempotency-Key`, so that what is asked twice is done once. */
  readonly key?: string;
  readonly signal: AbortSignal;
}

export interface ServiceAnswer {
  readonly status: number;
  /** JSON where it is JSON, else text. */
  readonly body: unknown;
  readonly cached: boolean;
}

/** The services that the configuration file names, and no other address. */
export interface Services {
  /** @throws where there is no such service */
  check(service: string): void;
  /** @throws with a sentence where there is no such service, it does not answer, or it may not be asked */
  ask(service: string, request: ServiceRequest): Promise<ServiceAnswer>;
}

/** What is to be said outside, made durable before anything is sent. */
export interface Outbox {
  /** @throws where there is no such channel */
  check(channel: string): void;
  /** @returns `false` where this message is in there already. @throws where there is no such channel */
  post(message: Message): Promise<boolean>;
}

// ---- approvals

export interface Approvals {
  /** The one of that id; asked now where it was not before. */
  ask(approval: Approval): Promise<Approval>;
}

/** Everything that actions reach. */
export interface TriagePorts {
  readonly incidents: Incidents;
  readonly history: History;
  readonly lists: Lists;
  readonly services: Services;
  readonly outbox: Outbox;
  readonly approvals: Approvals;
}
