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
  /** In the order in which they ended. */
  readonly times: readonly StageTime[];
  /** Milliseconds since it began. */
  elapsed(): number;
}

/** @param clock milliseconds that only rise, like `performance.now` */
export function startJourney(clock: () => number): Journey {
  const times: StageTime[] = [];
  const started = clock();

  function took(stage: Stage, since: number, ok: boolean): void {
    times.push({ stage, start_ms: rounded(since - started), ms: rounded(clock() - since), ok });
  }

  function run<T>(stage: Stage, work: () => T): T {
    const since = clock();
    let result: T;
    try {
      result = work();
    } catch (error) {
      took(stage, since, false);
      throw error;
    }
    if (result instanceof Promise) {
      return result.then(
        (value: unknown) => {
          took(stage, since, true);
          return value;
        },
        (error: unknown) => {
          took(stage, since, false);
          throw error;
        },
      ) as T;
    }
    took(stage, since, true);
    return result;
  }

  return { run, times, elapsed: () => rounded(clock() - started) };
}

/** Milliseconds to the microsecond: no clock here tells more. */
export function rounded(ms: number): number {
  return Math.round(ms * 1000) / 1000;
}
