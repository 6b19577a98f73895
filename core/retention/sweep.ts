import { setTimeout as pause } from "node:timers/promises";
import type { Logger } from "pino";
import type { DeliveryStore, IncidentStore } from "../store/ports.ts";
import { presetPolicy, type RetentionPolicy } from "./policy.ts";

export interface SweeperDependencies {
  readonly deliveries: Pick<DeliveryStore, "prune">;
  readonly incidents: Pick<IncidentStore, "prune">;
  readonly log: Logger;
  readonly now: () => Date;
  /** Milliseconds that only rise. */
  readonly clock: () => number;
}

export interface Sweeper {
  /** What is to be kept from the next sweep on. */
  keep(policy: RetentionPolicy): void;
  /** Removes what is too old now. One sweep is under way at a time. */
  sweep(): Promise<void>;
  /** Ends a sweep after its batch. */
  close(): Promise<void>;
}

/** A start has enough to do. */
const firstAfterMs = 60_000;
const everyMs = 3_600_000;
/** Removed in one write; what comes in meanwhile waits for so much at most. */
const batchSize = 200;
/** The store belongs to the intake for this many times as long as a batch took, and no less than the pause below. */
const yields = 4;
const shortestPauseMs = 20;
const dayMs = 86_400_000;

/** Removes what is older than it has to be kept: a minute after the start, and every hour. */
export function startSweeper(deps: SweeperDependencies): Sweeper {
  let policy = presetPolicy;
  let sweeping: Promise<void> | undefined;
  const closing = new AbortController();

  /** @returns how many it removed */
  async function removeOld(kind: keyof RetentionPolicy): Promise<number> {
    let all = 0;
    while (!closing.signal.aborted) {
      // Asked for each batch: whoever switches it off wants that now.
      const days = policy[kind];
      if (days === null) break;
      const since = deps.clock();
      const removed = await deps[kind].prune(new Date(deps.now().getTime() - days * dayMs), batchSize);
      all += removed;
      if (removed === 0) break;
      await rest(Math.max(shortestPauseMs, (deps.clock() - since) * yields));
    }
    return all;
  }

  async function rest(milliseconds: number): Promise<void> {
    await pause(milliseconds, undefined, { signal: closing.signal, ref: false }).catch(() => {});
  }

  async function run(): Promise<void> {
    try {
      const removed = { deliveries: await removeOld("deliveries"), incidents: await removeOld("incidents") };
      if (removed.deliveries + removed.incidents > 0)
        deps.log.info({ ...removed }, "Removed what was kept long enough");
    } catch (error) {
      deps.log.error({ err: error }, "What was kept long enough could not be removed");
    }
  }

  function sweep(): Promise<void> {
    if (closing.signal.aborted) return Promise.resolve();
    sweeping ??= run().finally(() => {
      sweeping = undefined;
    });
    return sweeping;
  }

  const first = setTimeout(() => void sweep(), firstAfterMs);
  const regular = setInterval(() => void sweep(), everyMs);
  first.unref();
  regular.unref();
  return {
    keep(given) {
      policy = given;
    },
    sweep,
    async close() {
      clearTimeout(first);
      clearInterval(regular);
      closing.abort();
      await sweeping;
    },
  };
}
