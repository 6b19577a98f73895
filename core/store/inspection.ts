import type { QueueStatus, SourceRecord } from "./ports.ts";

/** What a look at a store finds, which changes nothing in it. */
export interface Inspection {
  /** For people: `schema version 2`, `replica set rs0 of 3, MongoDB 8.0.4`. */
  readonly what: string;
  /** What keeps it from being used, and what can be left for a while; each a sentence with its remedy. */
  readonly failures: readonly string[];
  readonly warnings: readonly string[];
  /** Of its own clock, where it is another than this machine's. */
  readonly time?: Date;
  /** Absent where there is nothing in it yet. */
  readonly content?: {
    readonly sources: readonly SourceRecord[];
    readonly queue: QueueStatus;
    /** How many deliveries were given up. */
    readonly dead: number;
  };
}
