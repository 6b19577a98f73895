import type { Store } from "../store/ports.ts";
import { within } from "../store/within.ts";
import type { MetricName } from "./metrics.ts";
import type { Snapshot } from "./snapshot.ts";

/** Scrapes that come closer together get the same figures. */
const keptMs = 1_000;
/** A scrape waits no longer than that; what comes later is for the next one. */
const longestMs = 1_000;

export interface StoreFiguresDependencies {
  readonly store: {
    readonly queue: Pick<Store["queue"], "status">;
    readonly check: Store["check"];
  };
  readonly now: () => Date;
  /** Milliseconds that only rise. */
  readonly clock: () => number;
}

/**
 * What only the store can say: whether it is there, the queue, the spool. It is asked once a second at most and by one question at a time, however
 * many scrape; what it does not say in time is left out.
 *
 * @returns a function that never fails
 */
export function storeFigures({ store, now, clock }: StoreFiguresDependencies): () => Promise<Snapshot> {
  const queue = shared(() => store.queue.status(now()), clock);
  const check = shared(() => store.check(), clock);
  return async () => {
    const [status, checks] = await Promise.allSettled([queue(), check()]);
    const isUp = status.status === "fulfilled" && checks.status === "fulfilled" && checks.value.store === "ok";
    const figures: [MetricName, number][] = [["thruway_store_up", isUp ? 1 : 0]];
    if (status.status === "fulfilled") {
      const { depth, due, oldest_received_at: oldest } = status.value;
      const age = oldest === null ? 0 : Math.max(0, (now().getTime() - Date.parse(oldest)) / 1_000);
      figures.push(["thruway_queue_deliveries", depth], ["thruway_queue_due_deliveries", due]);
      figures.push(["thruway_queue_oldest_age_seconds", age]);
    }
    const spool = checks.status === "fulfilled" ? checks.value.spool : undefined;
    if (spool !== undefined) {
      figures.push(["thruway_spool_deliveries", spool.deliveries], ["thruway_spool_refused_deliveries", spool.refused]);
      figures.push(["thruway_spool_bytes", spool.bytes], ["thruway_spool_limit_bytes", spool.max_bytes]);
    }
    return figures.map(([name, value]) => ({ name, values: [{ labels: {}, value }] }));
  };
}

/** One question at a time, whose answer is good for a second. */
function shared<T>(ask: () => Promise<T>, clock: () => number): () => Promise<T> {
  let asked: Promise<T> | undefined;
  let isUnderWay = false;
  let at = 0;
  return () => {
    if (asked === undefined || (!isUnderWay && clock() - at >= keptMs)) {
      isUnderWay = true;
      asked = Promise.try(ask).finally(() => {
        isUnderWay = false;
        at = clock();
      });
      asked.catch(() => {});
    }
    const answer = asked;
    return within(longestMs, () => answer);
  };
}
