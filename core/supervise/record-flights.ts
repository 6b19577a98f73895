import type { Logger } from "pino";
import type { Flight, Flights } from "../ingest/flights.ts";
import type { FlightFile } from "./flight-file.ts";
import type { Stalls } from "./stalls.ts";

/** Writes down what a plugin has in hand for as long as it has it. A file that cannot be written holds nothing up. */
export function recordFlights(file: FlightFile, stalls: Stalls, log: Logger): Flights {
  let failed = false;

  function attempt(write: () => void): void {
    try {
      write();
    } catch (error) {
      if (!failed) log.error({ err: error }, "What plugins are at cannot be written down");
      failed = true;
    }
  }

  return {
    run<T>(inFlight: () => Flight, work: () => T): T | undefined {
      const flight = inFlight();
      if (stalls.includes(flight)) return undefined;
      attempt(() => file.write(flight));
      try {
        return work();
      } finally {
        attempt(() => file.clear());
      }
    },
  };
}
