import type { Severity } from "@thruway/sdk/alert";
import type { ErrorCode } from "../errors.ts";
import type { FetchTime } from "../fetch/fetcher.ts";
import type { IncidentDraft, IncidentRef } from "../incidents/incident.ts";
import type { Outcome, StageTime } from "../store/ports.ts";
import type { Trace } from "../trace.ts";

/** What became of a request, or of a queued delivery that a worker took up: for whoever counts and traces. */
export interface Observed {
  /** `intake` for a request, once for each; `work` each time that a worker takes a queued delivery up. */
  readonly kind: "intake" | "work";
  /** The delivery's, which is also the request's. */
  readonly id: string;
  /** A registered one, or `unknown`. */
  readonly source: string;
  readonly plugin: string | null;
  /**
   * That of the delivery, and besides: `greeted` where a handshake was answered, `gone` where the sender hung up, `spooled`
   * where the store is away, `retry` where a queued one will be tried again, `failed` where something of ours broke.
   */
  readonly outcome: Outcome | "greeted" | "gone" | "spooled" | "retry" | "failed";
  readonly code: ErrorCode | null;
  /** The stages that it met, with their times. */
  readonly times: readonly StageTime[];
  readonly incidents: readonly ObservedIncident[];
  /** Whether an operator tests a source. */
  readonly test: boolean;
  /** What its spans are made of besides, where it is traced. */
  readonly traced?: Traced;
  /** Of its trace, where it is traced and kept. */
  readonly trace_id?: string;
}

/** An incident that an alert of the delivery made, or changed. */
export interface ObservedIncident extends IncidentRef {
  /** The alert's. */
  readonly severity: Severity;
  readonly outcome: "created" | "updated";
}

export interface Traced {
  readonly trace: Trace;
  /** How long it took. */
  readonly ms: number;
  /** Of a request: its target, as it came, and what it was answered; `undefined` where nobody was left to answer. */
  readonly url?: string;
  readonly status?: number | undefined;
  /** Of a try: which one it is, and the lease that it had. */
  readonly attempt?: number;
  readonly epoch?: number;
  /** What was asked for while it was followed. */
  readonly fetches?: readonly FetchTime[];
}

export type Observe = (observed: Observed) => void;

/** What became of a request, as far as its source and its plugin go. */
export type Seen = Pick<Observed, "source" | "plugin" | "outcome" | "code" | "incidents">;

/** Of a request that ended before a plugin was asked. */
export function withoutPlugin(source: string, outcome: Seen["outcome"], code: ErrorCode | null = null): Seen {
  return { source, plugin: null, outcome, code, incidents: [] };
}

/** @param refs what was stored of each draft, in their order: an incident that was there before has another id */
export function observedIncidents(
  refs: readonly IncidentRef[],
  drafts: readonly IncidentDraft[],
): readonly ObservedIncident[] {
  return refs.flatMap((ref, index) => {
    const draft = drafts[index];
    if (draft === undefined) return [];
    return [{ ...ref, severity: draft.severity, outcome: ref.incident_id === draft.id ? "created" : "updated" }];
  });
}
