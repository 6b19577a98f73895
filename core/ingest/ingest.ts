import { randomUUIDv7 } from "node:crypto";
import type { Reply } from "@thruway/sdk";
import type { Logger } from "pino";
import { ClientGone, type ErrorCode, errorTable, Refusal, StoreError } from "../errors.ts";
import { testTag } from "../incidents/incident.ts";
import type { CommitResult, CommitStore, NewDelivery } from "../store/ports.ts";
import { loggedTrace, type Tracing } from "../trace.ts";
import { type AdmitDependencies, admit, type Believed, knownName } from "./admit.ts";
import { type Answer, answer } from "./answer.ts";
import type { Arrival } from "./arrival.ts";
import { commit } from "./commit.ts";
import { type Flight, type Flights, stalled } from "./flights.ts";
import { deliveryKey } from "./identity.ts";
import { type Journey, startJourney } from "./journey.ts";
import { type Observe, observedIncidents, type Seen, withoutPlugin } from "./observe.ts";
import { type Made, process } from "./process.ts";
import { type Known, recordOf } from "./record.ts";

export interface IngestDependencies extends AdmitDependencies {
  readonly commits: CommitStore;
  readonly flights: Flights;
  /** Called when a delivery was queued, so that a worker looks at once. */
  readonly onQueued: () => void;
  /** Told once of each request. */
  readonly observe: Observe;
  /** Begins the trace of a request, which its arrival brings along. */
  readonly tracing: Pick<Tracing, "begin">;
  readonly log: Logger;
  readonly now: () => Date;
  /** Milliseconds that only rise. */
  readonly clock: () => number;
}

export type Ingested =
  | { readonly kind: "reply"; readonly reply: Reply; readonly journey: Journey }
  | { readonly kind: "answer"; readonly answer: Answer; readonly journey: Journey };

/**
 * The life of a delivery, from its bytes to its answer.
 *
 * @throws {Refusal} with the code that the sender is told; what was authenticated is kept all the same
 * @throws {ClientGone} where nobody is left to answer
 */
export async function ingest(
  arrival: Arrival,
  deps: IngestDependencies,
  journey = startJourney(deps.clock),
): Promise<Ingested> {
  const { id, trace, url } = arrival;
  const ended = (seen: Seen, status?: number): void =>
    deps.observe({
      ...{ kind: "intake", id, times: journey.times, test: arrival.test === true, ...seen },
      ...(trace && { traced: { trace, url, status, ms: journey.elapsed() } }),
    });
  let taken: Taken;
  try {
    taken = await take(arrival, deps, journey);
  } catch (error) {
    const seen = failed(error, knownName(arrival, deps));
    ended(seen, seen.code === null ? undefined : errorTable[seen.code].status);
    throw error;
  }
  const { ingested, refusal } = taken;
  ended(taken.seen, refusal?.status ?? (ingested.kind === "reply" ? ingested.reply.status : 202));
  if (refusal !== undefined) throw refusal;
  return ingested;
}

interface Taken {
  readonly ingested: Ingested;
  readonly seen: Seen;
  /** What the sender is told instead: it is kept, and could not be understood. */
  readonly refusal?: Refusal;
}

async function take(arrival: Arrival, deps: IngestDependencies, journey: Journey): Promise<Taken> {
  const admitted = await admit(arrival, deps, journey);
  if ("reply" in admitted) {
    const { reply, source: name } = admitted;
    return { ingested: { kind: "reply", reply, journey }, seen: withoutPlugin(name, "greeted") };
  }
  const { source, proof, delivery, greeted } = admitted;

  // A test is a delivery of its own each time, though its event stays the same.
  const key = deliveryKey(source.name, "signed", arrival.test ? arrival.id : proof.signed);
  const unmapped = { plugin: source.plugin?.name ?? null, key, drafts: [] };
  const queued: Made = { ...unmapped, outcome: "queued" };
  const known = { source: source.name, scheme: proof.scheme, body: delivery.body, journey };
  const made: Made =
    greeted !== undefined
      ? { ...unmapped, outcome: "ignored", reason: greeted.ignored }
      : source.processing === "queued" && !arrival.test
        ? queued
        : tried(arrival, admitted, { queued, known }, deps);

  // Known before it is stored, so that whoever goes on with it knows too.
  if (made.refusal !== undefined || made.failure !== undefined) arrival.trace?.keep();
  const record = recordOf(arrival, made, known);
  const result = await journey.run("commit", () => commit({ delivery: record, drafts: made.drafts }, deps.commits));
  report(record, made, result, { log: deps.log, trace: arrival.trace });
  if (made.outcome === "queued") deps.onQueued();
  const ingested = { kind: "answer", answer: answered(record, result), journey } as const;
  const { refusal } = made;
  if (refusal === undefined || alreadyTaken(result)) return { ingested, seen: seenOf(record, made, result) };
  const { source: name, plugin, outcome } = record;
  return { ingested, seen: { source: name, plugin, outcome, code: refusal.code, incidents: [] }, refusal };
}

function seenOf({ source, plugin, outcome, code }: NewDelivery, { drafts }: Made, result: CommitResult): Seen {
  const stored = { source, plugin, code, incidents: [] };
  if (result.kind === "committed") {
    return { ...stored, outcome, incidents: observedIncidents(result.incidents, drafts) };
  }
  if (result.kind === "spooled") return { ...stored, outcome: result.duplicate ? "duplicate" : "spooled" };
  return { ...stored, outcome: "duplicate", code: null };
}

/** Of what never got to its commit, or not through it. */
function failed(error: unknown, source: string): Seen {
  if (error instanceof ClientGone) return withoutPlugin(source, "gone");
  const code =
    error instanceof Refusal ? error.code : error instanceof StoreError ? "store_unavailable" : "internal_error";
  return withoutPlugin(source, ours.has(code) ? "failed" : "refused", code);
}

/** What no sender can help. */
const ours = new Set<ErrorCode>(["store_unavailable", "internal_error"]);

/** What the plugin makes of it; `queued`, where its like did not let a plugin come to an end. */
function tried(
  arrival: Arrival,
  { source, delivery }: Believed,
  { queued, known }: { readonly queued: Made; readonly known: Known },
  deps: IngestDependencies,
): Made {
  const making = {
    newId: randomUUIDv7,
    at: deps.now(),
    receivedAt: arrival.receivedAt,
    tags: arrival.test ? [testTag] : [],
    traceId: arrival.trace?.kept ? arrival.trace.traceId : undefined,
  };
  const { plugins, flights } = deps;
  const { journey } = known;
  const work = (): Made =>
    process(delivery, source, { plugins, making, key: queued.key, keepKey: arrival.test === true, journey });
  // Nobody waits for what becomes of a test but who made it.
  if (arrival.test) return work();
  const inFlight = (): Flight => ({ delivery: recordOf(arrival, queued, known) });
  return flights.run(inFlight, work) ?? { ...queued, ...stalled(queued.plugin, "first") };
}

function answered(record: NewDelivery, result: CommitResult): Answer {
  if (result.kind === "duplicate") return answer(result.original, true);
  if (result.kind === "spooled") {
    const { id, duplicate } = result;
    return answer({ ...record, id, outcome: "queued", incidents: [] }, duplicate);
  }
  return answer({ ...record, incidents: result.kind === "committed" ? result.incidents : [] }, false);
}

/** One line per delivery; a plugin that fails is a bug and brings its stack. */
function report(
  { id, source, plugin, outcome, code }: NewDelivery,
  { failure }: Made,
  result: CommitResult,
  { log, trace }: Pick<IngestDependencies, "log"> & Pick<Arrival, "trace">,
): void {
  const about = { request_id: id, delivery_id: id, source, plugin, ...loggedTrace(trace) };
  if (failure !== undefined) log.error({ ...about, err: failure.cause }, "Plugin failed");
  const incidents = result.kind === "committed" ? result.incidents.map((each) => each.incident_number) : [];
  const stored = result.kind === "duplicate" ? "duplicate" : outcome;
  const fields = { ...about, outcome: stored, ...(code !== null && { code }) };
  if (result.kind === "spooled") log.info({ ...fields }, "Delivery spooled");
  else log.info({ ...fields, incidents }, "Delivery stored");
}

/** The same bytes were taken before the plugin changed its mind: the answer stays what it was. */
function alreadyTaken(result: CommitResult): boolean {
  return result.kind === "duplicate" && result.original.outcome !== "rejected" && result.original.outcome !== "dead";
}
