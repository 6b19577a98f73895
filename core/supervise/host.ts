import type { Socket } from "node:net";
import type { Logger } from "pino";
import { type Flights, unrecorded } from "../ingest/flights.ts";
import type { ShareMetrics } from "../telemetry/snapshot.ts";
import type { RecoveryDependencies } from "./recover-flights.ts";
import { stopSignals } from "./stop-signals.ts";

/** What is around a gateway's process: nothing, or a supervisor with others beside it. */
export interface Host {
  /** Stands in every line of the log. */
  readonly logged: Readonly<Record<string, unknown>>;
  /** Where connections come from; absent where the gateway listens for itself. */
  readonly connections?: Connections;
  openFlights(log: Logger): Flights;
  /** Brings in what other processes had in hand when they died. @returns what ends it */
  recover(deps: Omit<RecoveryDependencies, "folder">): Promise<() => Promise<void>>;
  readonly shareMetrics: ShareMetrics;
  /** Resolves when the gateway is to stop. Asked for from the beginning, so that no word is missed. */
  stopped(): Promise<unknown>;
  /** The gateway takes webhooks. */
  ready(): void;
  /** The gateway is closed, or could not be started. */
  end(): void;
}

/** Connections that somebody else accepts. */
export interface Connections {
  readonly url: string;
  /** Each is whole: nothing has been read of it. */
  open(take: (socket: Socket) => void): void;
  /** No more of them. */
  close(): void;
}

/** A gateway by itself: it listens, SIGTERM and SIGINT stop it, and nobody starts it again. */
export const alone: Host = {
  logged: {},
  openFlights: () => unrecorded,
  recover: () => Promise.resolve(() => Promise.resolve()),
  shareMetrics: (own) => ({ all: async () => [await own()], close: () => Promise.resolve() }),
  stopped: () => stopSignals().asked,
  ready: () => {},
  end: () => {},
};
