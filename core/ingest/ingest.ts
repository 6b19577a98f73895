import { randomUUIDv7 } from "node:crypto";
import type { Delivery, Fetch, Ignored, Reply, Verified } from "@thruway/sdk";
import type { Logger } from "pino";
import type { RateLimiterMemory } from "rate-limiter-flexible";
import { ClientGone, type ErrorCode, errorTable, Refusal, StoreError } from "../errors.ts";
import { testTag } from "../incidents/incident.ts";
import type { Plugins } from "../registry/plugins.ts";
import { unknownSource } from "../sources/registration.ts";
import type { Source, Sources } from "../sources/sources.ts";
import type { CommitResult, CommitStore, NewDelivery } from "../store/ports.ts";
import { loggedTrace, type Tracing } from "../trace.ts";
import { type Answer, answer } from "./answer.ts";
import { type Arrival, ArrivedDelivery } from "./arrival.ts";
import { authenticate } from "./authenticate.ts";
import { checkFreshness } from "./check-freshness.ts";
import { commit } from "./commit.ts";
import { diagnose } from "./diagnose.ts";
import { type Flight, type Flights, stalled } from "./flights.ts";
import { handshake } from "./handshake.ts";
import { type Identified, identify } from "./identify.ts";
import { deliveryKey } from "./identity.ts";
import { type Journey, startJourney } from "./journey.ts";
import { limitRate } from "./limit-rate.ts";
import { type Observe, type Observed, observedIncidents } from "./observe.ts";
import { type Made, process } from "./process.ts";
import type { RefusalRecorder, Unexplained } from "./refusals.ts";
import { signedHandshake } from "./signed-handshake.ts";

export interface IngestDependencies {
  readonly sources: Pick<Sources, "find">;
  /** Looks whether another gateway has registered a source that is unknown here. */
  readonly lookAgain: () => Promise<void>;
  readonly plugins: Plugins;
  readonly commits: CommitStore;
  readonly flights: Flights;
  readonly refusals: RefusalRecorder;
  /** The budget of unauthenticated requests, by address. */
  readonly refusalLimiter: RateLimiterMemory;
  /** Gets what proves a sender, for the schemes that need it. */
  readonly fetch: Fetch;
  /** Called when a delivery was queued, so that a worker looks at once. */
  readonly onQueued: () => void;
  /** Told once of each request. */
  readonly observe: Observe;
  /** Begins the trace of a request, which its arrival brings along. */
  readonly tracing: Pick<Tracing, "begin">;
  readonly log: Logger;
  readonly now: () => Date;
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
    const seen = failed(error);
    ended({ source: knownName(arrival, deps), ...seen }, seen.code === null ? undefined : errorTable[seen.code].status);
    throw error;
  }
  const { ingested, refusal } = taken;
  ended(taken.seen, refusal?.status ?? (ingested.kind === "reply" ? ingested.reply.status : 202));
  if (refusal !== undefined) throw refusal;
  return ingested;
}

type Seen = Pick<Observed, "source" | "plugin" | "outcome" | "code" | "incidents">;

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
    const seen = { source: name, plugin: null, outcome: "greeted", code: null, incidents: [] } as const;
    return { ingested: { kind: "reply", reply, journey }, seen };
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
function failed(error: unknown): Omit<Seen, "source"> {
  const nothing = { plugin: null, incidents: [] };
  if (error instanceof ClientGone) return { ...nothing, outcome: "gone", code: null };
  const code =
    error instanceof Refusal ? error.code : error instanceof StoreError ? "store_unavailable" : "internal_error";
  return { ...nothing, outcome: ours.has(code) ? "failed" : "refused", code };
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

interface Believed {
  readonly source: Source;
  readonly proof: Verified;
  readonly delivery: Delivery;
  /** Set for a signed ping or challenge, which makes no incident. */
  readonly greeted?: Ignored;
}

type Admitted = { readonly reply: Reply; readonly source: string } | Believed;

/**
 * The answer to a challenge that comes by another method than POST, which needs no more than the headers: Okta's GET.
 * `undefined` where it is none.
 */
export function greet(
  arrival: Omit<Arrival, "receive">,
  deps: Pick<IngestDependencies, "sources" | "observe" | "clock">,
): Reply | undefined {
  const { sources } = deps;
  const journey = startJourney(deps.clock);
  const identified = journey.run("identify", () => identify(arrival.sourceName, sources.find.bind(sources)));
  const delivery = new ArrivedDelivery(arrival, Buffer.alloc(0));
  const reply = journey.run("handshake", () => handshake(delivery, identified));
  if (reply !== undefined) {
    const seen = {
      source: knownName(arrival, deps),
      plugin: null,
      outcome: "greeted",
      code: null,
      incidents: [],
    } as const;
    deps.observe({ kind: "intake", id: arrival.id, times: journey.times, test: false, ...seen });
  }
  return reply;
}

/** Says of a request to the endpoint that it was refused before its delivery's life began: by another method, say. */
export function observeStray(
  { id, sourceName, code }: Pick<Arrival, "id" | "sourceName"> & { readonly code: ErrorCode },
  deps: Pick<IngestDependencies, "sources" | "observe">,
): void {
  const seen = {
    source: knownName({ sourceName }, deps),
    plugin: null,
    outcome: "refused",
    code,
    incidents: [],
  } as const;
  deps.observe({ kind: "intake", id, times: [], test: false, ...seen });
}

/** Everything before a sender is believed. What is refused here leaves a line for the operator, but no bytes. */
async function admit(arrival: Arrival, deps: IngestDependencies, journey: Journey): Promise<Admitted> {
  let authenticated = false;
  let bytes = 0;
  let judged: Judged | undefined;
  try {
    const body = await journey.run("receive", arrival.receive);
    bytes = body.length;
    const delivery = new ArrivedDelivery(arrival, body);
    if (deps.sources.find(arrival.sourceName) === undefined) await deps.lookAgain();
    const identified = journey.run("identify", () =>
      identify(arrival.sourceName, deps.sources.find.bind(deps.sources)),
    );
    judged = { delivery, identified };
    const reply = journey.run("handshake", () => handshake(delivery, identified));
    if (reply !== undefined) return { reply, source: knownName(arrival, deps) };
    const authenticating = journey.run("authenticate", () =>
      authenticate(delivery, identified, arrival.sourceName, deps.fetch),
    );
    // Only a scheme that fetches is waited for.
    const admitted = authenticating instanceof Promise ? await authenticating : authenticating;
    journey.run("check_freshness", () => checkFreshness(admitted, arrival.receivedAt));
    authenticated = true;
    const { limiter } = admitted.source;
    if (limiter !== undefined) await journey.run("limit_rate", () => limitRate(limiter, admitted.source.name));
    if (admitted.source.handshake.after === undefined) return { ...admitted, delivery };
    const greeting = journey.run("signed_handshake", () => signedHandshake(delivery, admitted.source, deps.fetch));
    const greeted = greeting instanceof Promise ? await greeting : greeting;
    if (greeted === undefined) return { ...admitted, delivery };
    return "ignored" in greeted ? { ...admitted, delivery, greeted } : { reply: greeted, source: admitted.source.name };
  } catch (error) {
    if (error instanceof ClientGone || !(error instanceof Refusal)) throw error;
    // A flood of refusals spends the budget of its own address; a good delivery from there never comes to this line.
    if (!authenticated) await limitRate(deps.refusalLimiter, arrival.address);
    arrival.trace?.keep();
    const record = refusedRecord(arrival, error, { bytes, journey, source: knownName(arrival, deps) });
    deps.refusals.add(record, judged && unexplained(judged, error.code, arrival.sourceName, deps.plugins));
    throw error;
  }
}

interface Judged {
  readonly delivery: Delivery;
  readonly identified: Identified;
}

/** What the signature or its time is to blame for, and what may be: a name that is not registered is treated alike. */
const diagnosable = new Set<ErrorCode>([
  "invalid_signature",
  "invalid_timestamp",
  "timestamp_expired",
  "unknown_source",
]);

function unexplained(
  { delivery, identified }: Judged,
  code: ErrorCode,
  name: string,
  plugins: Plugins,
): Unexplained | undefined {
  if (!diagnosable.has(code)) return undefined;
  const { scheme, credentials } = identified.source;
  const toleranceSeconds = identified.known ? identified.source.toleranceSeconds : null;
  return {
    name,
    async diagnose() {
      const diagnosis = await diagnose({ delivery, name, scheme, credentials, toleranceSeconds }, plugins);
      return identified.known ? diagnosis : null;
    },
  };
}

function knownName(arrival: Pick<Arrival, "sourceName">, deps: Pick<IngestDependencies, "sources">): string {
  return deps.sources.find(arrival.sourceName)?.name ?? unknownSource;
}

interface Circumstances {
  readonly source: string;
  readonly journey: Journey;
}

function refusedRecord(
  arrival: Arrival,
  refusal: Refusal,
  { source, journey, bytes }: Circumstances & { readonly bytes: number },
): Parameters<RefusalRecorder["add"]>[0] {
  return {
    ...described(arrival, journey),
    source,
    plugin: null,
    outcome: "refused",
    code: refusal.code,
    reason: refusal.message,
    details: refusal.details ?? null,
    scheme: null,
    body_bytes: bytes,
  };
}

interface Known extends Circumstances {
  readonly scheme: string;
  readonly body: Uint8Array;
}

function recordOf(arrival: Arrival, made: Made, { source, scheme, body, journey }: Known): NewDelivery {
  return {
    ...described(arrival, journey),
    source,
    plugin: made.plugin,
    outcome: made.outcome,
    code: made.code ?? made.refusal?.code ?? null,
    reason: made.reason ?? made.refusal?.message ?? null,
    details: made.refusal?.details ?? null,
    scheme,
    key: made.key,
    body_bytes: body.length,
    body,
  };
}

const longestHeader = 200;

function described(
  arrival: Arrival,
  journey: Journey,
): Pick<NewDelivery, "id" | "received_at" | "address" | "content_type" | "user_agent" | "stages" | "traceparent"> {
  const header = (name: string): string | null => arrival.headers[name]?.[0]?.slice(0, longestHeader) ?? null;
  return {
    id: arrival.id,
    received_at: arrival.receivedAt.toISOString(),
    address: arrival.address,
    content_type: header("content-type"),
    user_agent: header("user-agent"),
    stages: journey.times.slice(),
    ...(arrival.trace && { traceparent: arrival.trace.traceparent() }),
  };
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
