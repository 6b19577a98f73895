import { createHash } from "node:crypto";
import type { Flight } from "../ingest/flights.ts";

/** More than that only payloads of different kinds that all stall could fill; the oldest is forgotten, and may stall again. */
const mostKept = 100;

/** A payload that stalled, and how often. */
export type Stall = readonly [payload: string, times: number];

/** Which payloads did not come to an end in a plugin, so that a sender who sends one again does not stop the next process. */
export interface Stalls {
  readonly all: readonly Stall[];
  /** Counts another time. @returns what is to be told to the others */
  add(flight: Flight): Stall;
  /** Takes over what was counted elsewhere. */
  set(stall: Stall): void;
  /** Whether the payload of this one has stalled as often as it may: once on arrival, twice at all. */
  includes(flight: Flight): boolean;
}

export function createStalls(known: readonly Stall[] = []): Stalls {
  const times = new Map(known);

  function set([payload, count]: Stall): void {
    times.delete(payload);
    times.set(payload, count);
    for (const oldest of times.keys()) {
      if (times.size <= mostKept) return;
      times.delete(oldest);
    }
  }

  return {
    get all() {
      return [...times];
    },
    add(flight) {
      const payload = payloadOf(flight);
      const stall: Stall = [payload, (times.get(payload) ?? 0) + 1];
      set(stall);
      return stall;
    },
    set,
    includes(flight) {
      if (times.size === 0) return false;
      return (times.get(payloadOf(flight)) ?? 0) >= (flight.epoch === undefined ? 1 : 2);
    },
  };
}

/** What the plugin sees of it. Not its key: a sender that sends again signs anew. */
function payloadOf({ delivery }: Flight): string {
  return createHash("sha256").update(`${delivery.source}\0`).update(delivery.body).digest("base64url");
}
