import { incidentNumber } from "../../incidents/number.ts";
import type { Collections } from "./database.ts";

/**
 * A batch reserves before it knows which of its alerts make an incident. What it did not need serves the next batch, as long
 * as no other gateway can have gone far beyond it.
 */
const keptForMs = 1_000;

type Counters = Pick<Collections, "incident_numbers">;

export interface Numbers {
  /** Sees to it that `take` has so many of a year at hand. */
  reserve(counters: Counters, year: number, count: number): Promise<void>;
  /** So many numbers of a year, rising. */
  take(counters: Counters, year: number, count: number): Promise<readonly string[]>;
}

interface Reserved {
  readonly sequence: number;
  readonly until: number;
}

/**
 * One may be asked while another is still on its way to the database: a batch that failed in one of its writes leaves the
 * others running.
 *
 * @param clock milliseconds that only rise
 */
export function numbersOf(clock: () => number): Numbers {
  const reserved = new Map<number, readonly Reserved[]>();

  function usable(year: number): readonly Reserved[] {
    const now = clock();
    return (reserved.get(year) ?? []).filter(({ until }) => until > now);
  }

  async function reserve(counters: Counters, year: number, count: number): Promise<void> {
    const missing = count - usable(year).length;
    if (missing <= 0) return;
    const counter = await counters.incident_numbers.findOneAndUpdate(
      { _id: year },
      { $inc: { last: missing } },
      { upsert: true, returnDocument: "after" },
    );
    const first = (counter?.last ?? missing) - missing + 1;
    const until = clock() + keptForMs;
    const fresh = Array.from({ length: missing }, (_, index) => ({ sequence: first + index, until }));
    reserved.set(
      year,
      [...usable(year), ...fresh].toSorted((a, b) => a.sequence - b.sequence),
    );
  }

  return {
    reserve,
    async take(counters, year, count) {
      while (usable(year).length < count) await reserve(counters, year, count);
      const all = usable(year);
      reserved.set(year, all.slice(count));
      return all.slice(0, count).map(({ sequence }) => incidentNumber(year, sequence));
    },
  };
}
