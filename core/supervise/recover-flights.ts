import { rm } from "node:fs/promises";
import { setTimeout as pause } from "node:timers/promises";
import type { Logger } from "pino";
import { messageOf } from "../errors.ts";
import { type Flight, stalled } from "../ingest/flights.ts";
import { isTest } from "../ingest/identity.ts";
import type { Observe, Observed } from "../ingest/observe.ts";
import type { Outcome, Store } from "../store/ports.ts";
import { flushed } from "../telemetry/log.ts";
import { commitKey, loggedTrace, parseTraceparent, type Tracing } from "../trace.ts";
import { waitAtMost } from "../wait.ts";
import { readFlight } from "./flight-file.ts";
import type { RunFolder } from "./run-folder.ts";

export interface RecoveryDependencies {
  readonly folder: Pick<RunFolder, "aside">;
  readonly store: Pick<Store, "commits" | "queue">;
  readonly log: Logger;
  readonly now: () => Date;
  /** Told of each request, and each try, whose process could tell nobody. */
  readonly observe: Observe;
  readonly tracing: Pick<Tracing, "restore" | "resume" | "flush">;
}

const longestWaitMs = 2_000;
const tryAgainEveryMs = 2_000;
const retryAfterMs = 1_000;

/**
 * Brings deliveries in that plugins had in hand when processes ended. What cannot be brought in because the store is away is
 * tried again later.
 *
 * @returns once all are in, or after two seconds; the function that stops trying
 */
export async function recoverFlights(deps: RecoveryDependencies): Promise<() => Promise<void>> {
  const stop = new AbortController();

  async function untilDone(): Promise<void> {
    for (let said = false; !(await bringAllIn(deps, said)); said = true) {
      await pause(tryAgainEveryMs, undefined, { signal: stop.signal, ref: false }).catch(() => {});
      if (stop.signal.aborted) return;
    }
  }

  const done = untilDone();
  await waitAtMost(longestWaitMs, done);
  return async () => {
    stop.abort();
    await done;
  };
}

/** @returns whether nothing is left */
async function bringAllIn(deps: RecoveryDependencies, said: boolean): Promise<boolean> {
  const { folder, store, log, now } = deps;
  let left = false;
  for (const file of folder.aside()) {
    const flight = readOrIgnore(file, log);
    try {
      if (flight !== undefined) {
        const { id, source, plugin, traceparent } = flight.delivery;
        const outcome = await bringIn(flight, store, now());
        deps.observe(observedOf(flight, outcome, deps));
        const trace = loggedTrace(parseTraceparent(traceparent));
        log.error({ delivery_id: id, source, plugin, outcome, ...trace }, "Plugin did not come to an end");
        // The next thing that this process does may be to try it again, and die of it.
        await Promise.all([flushed(log), deps.tracing.flush()]);
      }
      await rm(file, { force: true });
    } catch (error) {
      left = true;
      if (!said) log.error({ err: error, file }, "Delivery of an ended worker could not be stored yet");
    }
  }
  return !left;
}

function readOrIgnore(file: string, log: Logger): Flight | undefined {
  try {
    return readFlight(file);
  } catch (error) {
    log.warn({ file, problem: messageOf(error) }, "What a worker was at cannot be read");
    return undefined;
  }
}

/** What a process would have said of it, had it not died. */
function observedOf(
  { delivery, epoch }: Flight,
  outcome: Outcome,
  { tracing, now }: Pick<RecoveryDependencies, "tracing" | "now">,
): Observed {
  const { id, source, plugin, traceparent, key } = delivery;
  const about = { id, source, plugin, code: "plugin_stalled", incidents: [], test: isTest(delivery, key) } as const;
  const at = now();
  if (epoch === undefined) {
    const received = new Date(delivery.received_at);
    const trace = tracing.restore(traceparent, received);
    const traced = trace && { traced: { trace, ms: at.getTime() - received.getTime() } };
    return { ...about, kind: "intake", outcome: "failed", times: delivery.stages, ...traced };
  }
  const trace = tracing.resume(traceparent, at, commitKey(id, epoch));
  const traced = trace && { traced: { trace, epoch, ms: 0 } };
  return { ...about, kind: "work", outcome: outcome === "dead" ? "dead" : "retry", times: [], ...traced };
}

/** Whoever has brought it in already, or has taken the delivery over since, is not disturbed. */
async function bringIn(
  { delivery, epoch }: Flight,
  { commits, queue }: RecoveryDependencies["store"],
  at: Date,
): Promise<Outcome> {
  const { id, plugin, code } = delivery;
  if (epoch === undefined) {
    await commits.commit({ delivery: { ...delivery, outcome: "queued", ...stalled(plugin, "first") }, drafts: [] });
    return "queued";
  }
  if (code !== "plugin_stalled") {
    await queue.retry(id, epoch, new Date(at.getTime() + retryAfterMs), stalled(plugin, "first"));
    return "queued";
  }
  const dead = { ...delivery, outcome: "dead", ...stalled(plugin, "second") } as const;
  await commits.commit({ delivery: dead, drafts: [], claim: { epoch, at } });
  return "dead";
}
