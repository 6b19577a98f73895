import { randomUUIDv7 } from "node:crypto";
import type { Logger } from "pino";
import { type ErrorCode, messageOf } from "../errors.ts";
import { createFetcher, type Fetcher, type FetchTime } from "../fetch/fetcher.ts";
import { testTag } from "../incidents/incident.ts";
import { type LeaseWorker, workOff } from "../leases.ts";
import type { Plugins } from "../registry/plugins.ts";
import { retryDelayMs } from "../retry-delay.ts";
import type { Source, Sources } from "../sources/sources.ts";
import type { ClaimedDelivery, CommitStore, NewDelivery, QueueStore } from "../store/ports.ts";
import { commitKey, loggedTrace, type Trace, type Tracing } from "../trace.ts";
import { type Flights, stalled } from "./flights.ts";
import { type Followed, follow } from "./follow.ts";
import { isTest } from "./identity.ts";
import { type Journey, startJourney } from "./journey.ts";
import { type Observe, type Observed, observedIncidents } from "./observe.ts";
import { process } from "./process.ts";

const mostAtOnce = 16;
const pollEveryMs = 1_000;
/** With the delays below, the last try comes some eight minutes after the first. */
export const mostAttempts = 10;
const longestDelayMs = 300_000;

export interface WorkerDependencies {
  readonly queue: QueueStore;
  readonly commits: CommitStore;
  readonly sources: Pick<Sources, "find">;
  readonly plugins: Plugins;
  readonly flights: Flights;
  /** How long one has for what it claims. */
  readonly leaseMs: number;
  /** Told each time that a delivery was taken up. */
  readonly observe: Observe;
  /** Goes on with the trace that a delivery was stored with. */
  readonly tracing: Pick<Tracing, "resume">;
  readonly log: Logger;
  readonly now: () => Date;
  readonly clock: () => number;
  /** 0 to 1; spreads retries. */
  readonly random: () => number;
  /** Fetches what deliveries only point at. */
  readonly fetcher?: Fetcher;
}

/** Works off the queue: claims deliveries by lease, processes them as the intake would, retries with backoff. */
export function startWorker(given: WorkerDependencies): LeaseWorker {
  const stopping = new AbortController();
  const deps = { fetcher: createFetcher(), stopping: stopping.signal, ...given };
  const worker = workOff({
    most: mostAtOnce,
    everyMs: pollEveryMs,
    claim: (limit) => deps.queue.claim(limit, deps.now(), deps.leaseMs),
    work: (job) => settle(job, deps),
    failed: (error) => deps.log.error({ err: error }, "The queue could not be worked off"),
  });
  return {
    wake: () => worker.wake(),
    close() {
      stopping.abort(new Error("the gateway stops"));
      return worker.close();
    },
  };
}

type Dependencies = WorkerDependencies & { readonly fetcher: Fetcher; readonly stopping: AbortSignal };

async function settle(job: ClaimedDelivery, deps: Dependencies): Promise<void> {
  const { delivery, epoch } = job;
  const { id, source } = delivery;
  const journey = startJourney(deps.clock);
  const trace = deps.tracing.resume(delivery.traceparent, deps.now(), commitKey(id, epoch));
  const fetches: FetchTime[] = [];
  const began = deps.clock();
  const onFetch = (fetch: FetchTime): void => void fetches.push({ ...fetch, start_ms: fetch.start_ms - began });
  const traced = { attempt: delivery.attempts, epoch, fetches };
  const fields = { delivery_id: id, source, attempts: delivery.attempts, ...loggedTrace(trace) };
  const ended = (seen: Partial<Observed> & Pick<Observed, "outcome">): void =>
    deps.observe({
      ...{ kind: "work", id, source, plugin: delivery.plugin, code: null, incidents: [] },
      ...{ times: journey.times, test: isTest(delivery, job.key), ...seen },
      ...(trace && { traced: { ...traced, trace, ms: journey.elapsed() } }),
    });
  try {
    const settled = await processed(job, { journey, trace, onFetch }, deps);
    if ("retry" in settled) {
      const wait = Math.max(retryDelayMs(delivery.attempts, longestDelayMs, deps.random()), settled.afterMs ?? 0);
      const at = new Date(deps.now().getTime() + wait);
      await deps.queue.retry(delivery.id, epoch, at, { reason: settled.retry });
      deps.log.warn(
        { ...fields, reason: settled.retry, next_attempt_at: at.toISOString() },
        "Queued delivery will be tried again",
      );
      ended({ outcome: "retry" });
      return;
    }
    const claim = { epoch, at: deps.now() };
    const result = await journey.run("commit", () => deps.commits.commit({ ...settled, claim }));
    const { outcome, plugin, code } = settled.delivery;
    deps.log[outcome === "dead" ? "error" : "info"](
      { ...fields, outcome, result: result.kind },
      "Queued delivery settled",
    );
    const incidents = result.kind === "committed" ? observedIncidents(result.incidents, settled.drafts) : [];
    ended({ outcome: result.kind === "duplicate" ? "duplicate" : outcome, plugin, code, incidents });
  } catch (error) {
    // The lease runs out and somebody takes it up again.
    deps.log.error({ ...fields, err: error }, "Queued delivery could not be settled");
    ended({ outcome: "failed", code: "internal_error" });
  }
}

type Settled =
  | { readonly retry: string; readonly afterMs?: number | undefined }
  | { readonly delivery: NewDelivery; readonly drafts: Parameters<CommitStore["commit"]>[0]["drafts"] };

/** One time that a delivery is taken up. */
interface Try {
  readonly journey: Journey;
  readonly trace: Trace | undefined;
  readonly onFetch: (fetch: FetchTime) => void;
}

async function processed(
  { delivery, key, body, epoch }: ClaimedDelivery,
  { journey, trace, onFetch }: Try,
  deps: Dependencies,
): Promise<Settled> {
  const { incidents: _, duplicate_of: __, attempts, next_attempt_at: ___, diagnosis: ____, ...record } = delivery;
  const last = attempts >= mostAttempts;
  const found = sourceOf(delivery.source, deps.sources);
  if (!("source" in found)) {
    if (!last) return { retry: found.reason };
    return { delivery: { ...record, key, body, outcome: "dead", ...found }, drafts: [] };
  }
  const { source } = found;
  const keepKey = isTest(delivery, key);
  const traceId = trace?.kept ? trace.traceId : undefined;
  const headers = delivery.content_type === null ? {} : { "content-type": [delivery.content_type] };
  const receivedAt = new Date(delivery.received_at);
  const making = { newId: randomUUIDv7, at: deps.now(), receivedAt, tags: keepKey ? [testTag] : [], traceId };
  const mapped = deps.flights.run(
    () => ({ delivery: { ...record, key, body }, epoch }),
    () => process({ body, headers }, source, { plugins: deps.plugins, making, key, keepKey, journey }),
  );
  if (mapped === undefined) {
    const why = stalled(source.plugin?.name ?? null, "second");
    return { delivery: { ...record, key, body, outcome: "dead", ...why }, drafts: [] };
  }
  const { pointed } = mapped;
  const following = { fetcher: deps.fetcher, making, last, signal: deps.stopping, onFetch };
  const made: Followed =
    pointed === undefined ? mapped : await journey.run("follow", () => follow(mapped, pointed, source, following));
  if (made.outcome === "queued" && !last) {
    return { retry: made.reason ?? messageOf(made.failure), afterMs: made.retryAfterMs };
  }
  if (made.refusal !== undefined || made.failure !== undefined) trace?.keep();
  return {
    delivery: {
      ...record,
      ...(trace && { traceparent: trace.traceparent() }),
      key: made.key,
      body,
      plugin: made.plugin,
      outcome: made.outcome === "queued" ? "dead" : made.outcome,
      code: made.refusal?.code ?? (made.outcome === "queued" ? "internal_error" : null),
      reason: made.reason ?? made.refusal?.message ?? null,
      details: made.refusal?.details ?? null,
      // What runs anew, perhaps once more after a replay, is shown as it ran last.
      stages: [
        ...delivery.stages.filter(({ stage }) => !journey.times.some((time) => time.stage === stage)),
        ...journey.times,
      ],
    },
    drafts: made.drafts,
  };
}

/** A delivery waits for its source to come back, or to be mended: with another plugin it would become something else. */
function sourceOf(
  name: string,
  sources: WorkerDependencies["sources"],
): { readonly source: Source } | { readonly code: ErrorCode; readonly reason: string } {
  const source = sources.find(name);
  if (source === undefined) {
    return { code: "unknown_source", reason: `Webhook source '${name}' is not registered any more` };
  }
  const { problem } = source.view;
  if (problem === undefined) return { source };
  return { code: "source_disabled", reason: `Webhook source '${name}' takes nothing: ${problem}` };
}
