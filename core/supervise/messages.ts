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
  | { readonly kind: "took"; readonly connection: number }
  /** What it has counted, as JSON: because it was asked to say so, or because it ends. */
  | { readonly kind: "metrics"; readonly snapshot: string }
  /** It asks for what all of them have counted. */
  | { readonly kind: "gather"; readonly question: number };

/** What a supervisor tells a worker. */
export type ToWorker =
  /** The connection itself comes with the message. */
  | { readonly kind: "connection"; readonly connection: number }
  | { readonly kind: "stall"; readonly stall: Stall }
  /** It is asked what it has counted. */
  | { readonly kind: "metrics" }
  /** What all have counted, each as JSON: the answer to its question of that number. */
  | { readonly kind: "gathered"; readonly question: number; readonly snapshots: readonly string[] };

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
