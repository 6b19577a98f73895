import type { Stall } from "./stalls.ts";

/** What a worker tells its supervisor. */
export type FromWorker =
  /** It takes connections from now on. */
  | { readonly kind: "ready" }
  /** It takes none any more. */
  | { readonly kind: "closing" }
  /** Its event loop turns. */
  | { readonly kind: "beat" }
  /** It has the connection of that number. */
  | { readonly kind: "took"; readonly connection: number };

/** What a supervisor tells a worker. */
export type ToWorker =
  /** The connection itself comes with the message. */
  { readonly kind: "connection"; readonly connection: number } | { readonly kind: "stall"; readonly stall: Stall };

/** What a worker is told at its start, in its environment. */
export interface Assignment {
  readonly worker: number;
  /** Where its supervisor listens, if it does. */
  readonly url: string | null;
  readonly beatEveryMs: number;
  readonly stalls: readonly Stall[];
}

/** Holds the assignment, as JSON. It does not begin with `TW_`: it is no setting. */
export const assignmentVariable = "THRUWAY_WORKER";
