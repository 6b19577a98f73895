import type { ErrorCode } from "../errors.ts";
import type { IncidentRef } from "../incidents/incident.ts";
import type { Outcome, StageTime } from "../store/ports.ts";

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
  readonly incidents: readonly IncidentRef[];
  /** Whether an operator tests a source. */
  readonly test: boolean;
}

export type Observe = (observed: Observed) => void;
