import { setTimeout as pause } from "node:timers/promises";
import { UserError } from "../../errors.ts";
import { type Answer, deliveryIdOf, queueIdOf } from "../../ingest/answer.ts";
import type { DeliveryRecord } from "../../store/ports.ts";
import type { Cli } from "../cli.ts";
import { type Api, ApiError, type Query } from "../client.ts";
import { each } from "../each.ts";
import type { List } from "../list.ts";
import { Interrupted, type StopSignal, stopSignal } from "../stop-signal.ts";
import { count } from "../text.ts";
import { printReplayed, type Replayed, summaryOf } from "./report.ts";

/** Which deliveries, and what to wait for. */
export interface Replay {
  /** Of deliveries; empty where a filter picks them. */
  readonly ids: readonly string[];
  readonly filter: Query;
  /** Whether to wait until the queue has settled them. */
  readonly wait: boolean;
  readonly json: boolean;
}

const atOnce = 16;
const pageSize = 200;

/**
 * Replays deliveries, and says what became of them.
 *
 * @throws {UserError} where some made nothing again
 * @throws {Interrupted} after Ctrl-C
 */
export async function runReplay(replay: Replay, api: Api, cli: Cli): Promise<void> {
  const stop = stopSignal();
  const results = new Map<string, Replayed>();
  let found = 0;
  try {
    const ids = replay.ids.length > 0 ? [...new Set(replay.ids)] : await find(replay.filter, api, cli, stop);
    found = ids.length;
    await putBack(ids, results, api, cli, stop);
    if (replay.wait) await settle(results, api, cli, stop);
  } catch (error) {
    // What was done is done; it is said before what went wrong.
    if (results.size > 0) await print();
    throw error;
  } finally {
    stop.forget();
  }
  if (results.size > 0 || !stop.isReceived()) await print();
  if (stop.isReceived()) {
    const settled = [...results.values()].filter(({ outcome }) => outcome !== "queued").length;
    const all = count(found, "delivery", "deliveries");
    cli.out.note(
      `Stopped: ${results.size} of ${all} were replayed, ${settled} of them settled; what is queued goes on. The same command goes on with the rest.`,
    );
    throw new Interrupted("The replay was stopped");
  }
  const failed = [...results.values()].filter(({ ok }) => !ok).length;
  if (failed > 0) {
    throw new UserError(
      `${failed} of ${count(results.size, "delivery", "deliveries")} could not be made incidents of; mend the cause, then replay them again`,
    );
  }

  async function print(): Promise<void> {
    const all = [...results.values()];
    if (replay.json) cli.out.json({ found, ...summaryOf(all) });
    else if (found === 0) cli.out.line("No delivery.");
    else await printReplayed(all, cli.out);
  }
}

/** All ids first, so that it is known how many there are, and what a replay changes cannot change the list. */
async function find(filter: Query, api: Api, { out }: Cli, stop: StopSignal): Promise<readonly string[]> {
  const progress = out.progress("Looking for deliveries");
  const ids: string[] = [];
  try {
    for (let cursor: string | null | undefined; cursor !== null && !stop.isReceived(); ) {
      const page: List<DeliveryRecord> = await api.get("/api/deliveries", { ...filter, limit: pageSize, cursor });
      ids.push(...page.data.map(({ id }) => id));
      progress.update(ids.length);
      cursor = page.meta.next_cursor;
    }
  } finally {
    progress.end();
  }
  // The oldest first, as they came.
  return ids.reverse();
}

type Results = Map<string, Replayed>;

async function putBack(
  ids: readonly string[],
  results: Results,
  api: Api,
  { out }: Cli,
  stop: StopSignal,
): Promise<void> {
  const progress = out.progress("Putting back into the queue");
  let done = 0;
  try {
    await each(
      ids,
      atOnce,
      async (id) => {
        const result = await replayOne(id, api);
        results.set(result.id, result);
        done += 1;
        progress.update(done, ids.length);
      },
      () => !stop.isReceived(),
    );
  } finally {
    progress.end();
  }
}

async function replayOne(id: string, api: Api): Promise<Replayed> {
  try {
    const answer = await api.post<Answer>(`/api/deliveries/${encodeURIComponent(id)}/replay`);
    if (answer.status !== "queued") return { id, outcome: "unchanged", ok: true };
    // A duplicate's original is the one that runs.
    return { id: deliveryIdOf(answer.queue_id) ?? id, outcome: "queued", ok: true };
  } catch (error) {
    if (!(error instanceof ApiError) || (error.code !== "not_replayable" && error.code !== "not_found")) throw error;
    return { id, outcome: error.code, code: error.code, reason: error.message, ok: false };
  }
}

/** What `/api/queue/:queue_id` says of a delivery. */
interface QueuedEvent {
  readonly state: DeliveryRecord["outcome"];
  readonly code: string | null;
  readonly reason: string | null;
  readonly attempts: number;
}

interface Waiting {
  readonly id: string;
  /** How often it was asked for since a worker took it up. */
  looks: number;
  /** When to ask again, by `performance.now`. */
  next: number;
}

const sweepEveryMs = 250;
const longestPauseMs = 5_000;
/** The queue works in order: behind so many that nobody has taken up yet, nobody has taken up any. */
const mostUntouched = 32;

/** Asks for what waits until none does. */
async function settle(results: Results, api: Api, { out }: Cli, stop: StopSignal): Promise<void> {
  let waiting: readonly Waiting[] = [...results.values()]
    .filter(({ outcome }) => outcome === "queued")
    .map(({ id }) => ({ id, looks: 0, next: 0 }));
  const total = waiting.length;
  const progress = out.progress("Waiting for the queue");
  try {
    while (waiting.length > 0 && !stop.isReceived()) {
      const settled = await sweep(waiting, results, api, stop);
      waiting = waiting.filter(({ id }) => !settled.has(id));
      progress.update(total - waiting.length, total);
      if (waiting.length > 0) await Promise.race([pause(sweepEveryMs), stop.received]);
    }
  } finally {
    progress.end();
  }
}

async function sweep(waiting: readonly Waiting[], results: Results, api: Api, stop: StopSignal): Promise<Set<string>> {
  const settled = new Set<string>();
  const now = performance.now();
  let untouched = 0;
  await each(
    waiting.filter(({ next }) => next <= now),
    atOnce,
    async (one) => {
      const event = await look(one.id, api);
      if (event === undefined) {
        results.set(one.id, { id: one.id, outcome: "not_found", code: "not_found", reason: "It is gone", ok: false });
        settled.add(one.id);
      } else if (event.state !== "queued") {
        results.set(one.id, resultOf(one.id, event));
        settled.add(one.id);
      } else if (event.attempts === 0) {
        untouched += 1;
      } else {
        one.looks += 1;
        one.next = now + Math.min(longestPauseMs, sweepEveryMs * 2 ** one.looks);
      }
    },
    () => untouched < mostUntouched && !stop.isReceived(),
  );
  return settled;
}

async function look(id: string, api: Api): Promise<QueuedEvent | undefined> {
  try {
    return await api.get<QueuedEvent>(`/api/queue/${queueIdOf(id)}`);
  } catch (error) {
    if (error instanceof ApiError && error.code === "not_found") return undefined;
    throw error;
  }
}

function resultOf(id: string, { state, code, reason }: QueuedEvent): Replayed {
  const failed = state === "rejected" || state === "dead";
  return { id, outcome: state, ok: !failed, ...(failed && { code: code ?? undefined, reason: reason ?? undefined }) };
}
