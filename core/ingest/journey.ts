import type { StageTime } from "../store/ports.ts";

/** The stages, in the order in which a delivery meets them. */
export const stages = [
  "receive",
  "identify",
  "handshake",
  "authenticate",
  "check_freshness",
  "limit_rate",
  "signed_handshake",
  "parse",
  "validate",
  "map",
  "follow",
  "commit",
] as const;
export type Stage = (typeof stages)[number];

/** Takes the time of each stage, so that no stage knows of clocks, spans or counters. */
export interface Journey {
  run<T>(stage: Stage, work: () => T): T;
  readonly times: readonly StageTime[];
}

/** @param clock milliseconds that only rise, like `performance.now` */
export function startJourney(clock: () => number): Journey {
  const times: StageTime[] = [];

  function took(stage: Stage, since: number): void {
    times.push({ stage, ms: Math.round((clock() - since) * 1000) / 1000 });
  }

  function run<T>(stage: Stage, work: () => T): T {
    const since = clock();
    let result: T;
    try {
      result = work();
    } catch (error) {
      took(stage, since);
      throw error;
    }
    if (result instanceof Promise) return result.finally(() => took(stage, since)) as T;
    took(stage, since);
    return result;
  }

  return { run, times };
}
