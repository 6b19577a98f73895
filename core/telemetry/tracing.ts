import { randomFillSync } from "node:crypto";
import type { Logger } from "pino";
import { type ErrorCode, errorTable, Refusal, StoreError, UserError } from "../errors.ts";
import type { Observed } from "../ingest/observe.ts";
import { unknownSource } from "../sources/registration.ts";
import type { StageTime } from "../store/ports.ts";
import {
  type Attributes,
  commitKey,
  type OpenStep,
  parseTraceparent,
  type SharedWrite,
  type Step,
  type Trace,
  type TraceContext,
  type Tracing,
  traceparentOf,
  untraced,
} from "../trace.ts";
import { attributes as names } from "./attributes.ts";
import { readSampler, type Sample } from "./sampling.ts";
import type { EndedSpan, SpanSink } from "./span-sink.ts";

/** Tracing as a process has it. */
export interface Tracer extends Tracing {
  /** Makes the spans of what is kept. @returns the same, with the id of the trace where it is kept */
  observe(observed: Observed): Observed;
}

export const noTracer: Tracer = { ...untraced, observe: (observed) => observed };

/** The settings that it minds. */
export interface TracingSettings {
  /** What the trace of a sender is to ours. */
  readonly traceParent: "link" | "parent";
  /** What takes longer is kept. */
  readonly traceSlowMs: number;
}

export interface TracerDependencies {
  readonly sink: SpanSink;
  readonly sample: Sample;
  readonly now: () => Date;
  /** Milliseconds that only rise. */
  readonly clock: () => number;
}

/**
 * Starts tracing where the standard's variables name an exporter; where they name none, nothing is loaded and nothing is done.
 *
 * @throws {UserError} that names a variable that is wrong
 */
export async function startTracing(
  settings: TracingSettings,
  env: NodeJS.ProcessEnv,
  log: Logger,
  { now, clock }: Pick<TracerDependencies, "now" | "clock">,
): Promise<Tracer> {
  if (!isExported(env)) return noTracer;
  const sample = readSampler(env);
  const { openSpanSink } = await import("./span-sink.ts");
  return createTracer(settings, { sink: openSpanSink(log), sample, now, clock });
}

const exporters = ["otlp", "console", "zipkin", "none"];
const protocols = ["http/protobuf", "http/json", "grpc"];

/** The SDK would say what is wrong in passing, and go on without. */
function isExported(env: NodeJS.ProcessEnv): boolean {
  if (env.OTEL_SDK_DISABLED?.trim().toLowerCase() === "true") return false;
  const named = listed(env.OTEL_TRACES_EXPORTER);
  if (named.some((name) => !exporters.includes(name))) {
    throw new UserError(`OTEL_TRACES_EXPORTER must be some of ${exporters.join(", ")}`);
  }
  for (const name of ["OTEL_EXPORTER_OTLP_PROTOCOL", "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL"]) {
    if (env[name] && !protocols.includes(env[name]))
      throw new UserError(`${name} must be one of ${protocols.join(", ")}`);
  }
  const endpoints = ["OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"].filter((name) => env[name]);
  for (const name of endpoints) {
    if (!/^https?:$/.test(URL.parse(env[name] ?? "")?.protocol ?? "")) {
      throw new UserError(`${name} must be an address, like http://localhost:4318`);
    }
  }
  if (named.includes("none")) return false;
  return named.length > 0 || endpoints.length > 0;
}

function listed(value: string | undefined): readonly string[] {
  return (value ?? "")
    .split(",")
    .map((each) => each.trim())
    .filter((each) => each !== "");
}

/** Beyond what the sampler keeps, so many a second are kept for their own sake: neither a flood nor a slow hour is kept whole. */
const mostKeptPerSecond = 100;

/** Spans are made afterwards, from what was observed, and of what is kept only: so the rest costs next to nothing. */
export function createTracer({ traceParent, traceSlowMs }: TracingSettings, deps: TracerDependencies): Tracer {
  const { sink, sample, now, clock } = deps;
  const live = new Map<string, LiveTrace>();
  // One for all: what each request allocates lives as long as it, and is collected dearly.
  const keeping: Keeping = {
    clock,
    mayKeep: perSecond(mostKeptPerSecond, clock),
    isSlow: (since) => clock() - since >= traceSlowMs,
  };

  function follow(trace: LiveTrace, key: string | undefined): LiveTrace {
    if (key !== undefined) live.set(key, trace);
    return trace;
  }

  function start(startedAt: Date, traceId: string, kept: boolean, more: Partial<Origin>): LiveTrace {
    const origin = { traceId, kept, startedAt: startedAt.getTime(), ...more };
    return new LiveTrace(origin, keeping);
  }

  function resumed(from: TraceContext, startedAt: Date): LiveTrace {
    return start(startedAt, from.traceId, from.sampled, { parent: from, isPart: true });
  }

  /** Once for each trace: from here on nothing more becomes known of it. */
  function settle(trace: LiveTrace, key: string | undefined): void {
    if (key !== undefined) live.delete(key);
    for (const write of trace.writes) {
      write.left -= 1;
      if (trace.kept) write.links.push({ traceId: trace.traceId, spanId: trace.spanId });
      if (write.left === 0 && write.links.length > 0) sink.write(spanOfWrite(write));
    }
  }

  return {
    begin(id, startedAt, traceparent) {
      const sender = parseTraceparent(traceparent);
      const parent = traceParent === "parent" ? sender : undefined;
      const traceId = parent?.traceId ?? randomHex(16);
      const origin = parent === undefined ? { link: sender } : { parent };
      return follow(start(startedAt, traceId, sample(traceId, parent), origin), commitKey(id));
    },
    resume(traceparent, startedAt, commit) {
      const from = parseTraceparent(traceparent);
      return from && follow(resumed(from, startedAt), commit);
    },
    restore(traceparent, startedAt) {
      const place = parseTraceparent(traceparent);
      return place && start(startedAt, place.traceId, place.sampled, { spanId: place.spanId });
    },
    async within(traceparent, step, work) {
      const from = parseTraceparent(traceparent);
      if (from === undefined) return untraced.within(traceparent, step, work);
      const trace = follow(resumed(from, now()), step.commit);
      const since = clock();
      let known: Attributes = step.attributes ?? {};
      let error: string | undefined;
      const open: OpenStep = {
        traceparent: traceparentOf({ ...trace.place, sampled: trace.kept }),
        set(more) {
          known = { ...known, ...more };
        },
      };
      try {
        return await work(open);
      } catch (thrown) {
        error = typeOf(thrown);
        throw thrown;
      } finally {
        const ms = clock() - since;
        if (error !== undefined || ms >= traceSlowMs) trace.keep();
        if (trace.kept) sink.write(spanOfStep(trace, step, { ms, attributes: known, error }));
        settle(trace, step.commit);
      }
    },
    observe(observed) {
      const { traced, kind, id } = observed;
      if (!(traced?.trace instanceof LiveTrace)) return observed;
      const { trace, ms } = traced;
      if (isTroubled(observed) || ms >= traceSlowMs) trace.keep();
      if (trace.kept) for (const span of spansOf(observed, trace)) sink.write(span);
      settle(trace, kind === "intake" ? commitKey(id) : commitKey(id, traced.epoch));
      return trace.kept ? { ...observed, trace_id: trace.traceId } : observed;
    },
    onSharedWrite(write) {
      // One that nobody shared is what the delivery's own span says already.
      if (write.commits.length < 2) return;
      const members = write.commits.map((key) => live.get(key)).filter((trace) => trace !== undefined);
      if (members.length === 0) return;
      const startedAt = now().getTime() - write.ms;
      const place = { traceId: randomHex(16), spanId: randomHex(8) };
      const shared: Write = { ...write, ...place, startedAt, left: members.length, links: [] };
      for (const member of members) member.writes = [...member.writes, shared];
    },
    flush: () => sink.flush(),
    close: () => sink.close(),
  };
}

/** A shared write, until everything is known of those that shared it. */
interface Write extends SharedWrite {
  readonly traceId: string;
  readonly spanId: string;
  readonly startedAt: number;
  left: number;
  readonly links: Pick<TraceContext, "traceId" | "spanId">[];
}

interface Origin {
  readonly traceId: string;
  readonly spanId: string;
  readonly kept: boolean;
  readonly startedAt: number;
  readonly parent: TraceContext | undefined;
  readonly link: TraceContext | undefined;
  /** Whether it goes on with a trace of ours. */
  readonly isPart: boolean;
}

interface Keeping {
  readonly clock: () => number;
  readonly mayKeep: () => boolean;
  readonly isSlow: (since: number) => boolean;
}

const none: readonly Write[] = [];

class LiveTrace implements Trace {
  readonly traceId: string;
  readonly spanId: string;
  readonly startedAt: number;
  readonly link: TraceContext | undefined;
  writes: readonly Write[] = none;
  readonly #since: number;
  readonly #parent: TraceContext | undefined;
  readonly #isPart: boolean;
  readonly #keeping: Keeping;
  #kept: boolean;
  #asked = false;

  constructor(origin: Partial<Origin> & Pick<Origin, "traceId" | "kept" | "startedAt">, keeping: Keeping) {
    this.traceId = origin.traceId;
    this.spanId = origin.spanId ?? randomHex(8);
    this.startedAt = origin.startedAt;
    this.link = origin.link;
    this.#parent = origin.parent;
    this.#isPart = origin.isPart ?? false;
    this.#kept = origin.kept;
    this.#keeping = keeping;
    this.#since = keeping.clock();
  }

  get kept(): boolean {
    return this.#kept;
  }

  get place(): Pick<TraceContext, "traceId" | "spanId"> {
    return { traceId: this.traceId, spanId: this.spanId };
  }

  /** What is kept for its own sake, in a trace whose beginning was not, is a part of nothing that anybody could find. */
  get parent(): string | undefined {
    return this.#parent?.sampled ? this.#parent.spanId : undefined;
  }

  keep(): void {
    if (this.#kept || this.#asked) return;
    this.#asked = true;
    this.#kept = this.#keeping.mayKeep();
  }

  traceparent(): string {
    if (this.#keeping.isSlow(this.#since)) this.keep();
    // All that a delivery leads to later stands side by side.
    if (this.#isPart && this.#parent?.sampled) return traceparentOf(this.#parent);
    return traceparentOf({ ...this.place, sampled: this.#kept });
  }
}

/** Says yes so many times a second. */
function perSecond(most: number, clock: () => number): () => boolean {
  let second = Number.NEGATIVE_INFINITY;
  let left = 0;
  return () => {
    const now = clock();
    if (now - second >= 1_000) [second, left] = [now, most];
    left -= 1;
    return left >= 0;
  };
}

const troubled: ReadonlySet<Observed["outcome"]> = new Set(["refused", "rejected", "dead", "failed", "retry", "gone"]);

function isTroubled({ outcome, times }: Observed): boolean {
  return troubled.has(outcome) || times.some(({ ok }) => !ok);
}

function* spansOf(observed: Observed, trace: LiveTrace): Iterable<EndedSpan> {
  const { kind, times, code, outcome, traced } = observed;
  const { ms = 0, fetches = [] } = traced ?? {};
  const isFailed = troubled.has(outcome);
  yield {
    ...trace.place,
    name: kind === "work" ? "work" : `POST ${routeOf(traced?.url)}`,
    kind: kind === "work" ? "consumer" : "server",
    parent: trace.parent,
    startedAt: trace.startedAt,
    ms,
    attributes: { ...about(observed), ...(isFailed && { [names.error]: code ?? outcome }) },
    links: trace.link === undefined ? [] : [trace.link],
    failed: isFailed ? sentenceOf(code) : undefined,
  };
  const error = code ?? (outcome === "queued" ? "plugin_failed" : outcome);
  for (const time of times) {
    const span = spanOfStage(time, trace, error);
    yield span;
    if (time.stage !== "follow") continue;
    for (const fetch of fetches) {
      yield {
        ...{ traceId: trace.traceId, spanId: randomHex(8), parent: span.spanId, name: "GET", kind: "client" },
        ...{ startedAt: trace.startedAt + fetch.start_ms, ms: fetch.ms },
        attributes: {
          ...{ [names.method]: "GET", [names.server]: fetch.host, [names.status]: fetch.status },
          ...(!fetch.ok && { [names.error]: String(fetch.status ?? "fetch_failed") }),
        },
        failed: fetch.ok ? undefined : "",
      };
    }
  }
}

function spanOfStage({ stage, start_ms, ms, ok }: StageTime, trace: LiveTrace, error: string): EndedSpan {
  return {
    ...{ traceId: trace.traceId, spanId: randomHex(8), parent: trace.spanId, name: stage, kind: "internal" },
    ...{ startedAt: trace.startedAt + start_ms, ms },
    ...(stage === "commit" && { links: trace.writes }),
    ...(!ok && { attributes: { [names.error]: error } }),
    failed: ok ? undefined : "",
  };
}

function about({ kind, id, source, plugin, outcome, incidents, test, traced }: Observed): Attributes {
  const route = routeOf(traced?.url);
  return {
    [names.delivery]: id,
    [names.source]: source,
    [names.plugin]: plugin ?? undefined,
    [names.outcome]: outcome,
    ...(test && { [names.test]: true }),
    ...(incidents.length > 0 && {
      [names.incidents]: incidents.slice(0, mostNamed).map((each) => each.incident_number),
    }),
    ...(kind === "work" && { [names.attempt]: traced?.attempt }),
    ...(kind === "intake" && {
      [names.method]: "POST",
      [names.route]: route,
      [names.path]: source === unknownSource ? undefined : route.replace(":source", source).replace(":token", "…"),
      [names.status]: traced?.status,
    }),
  };
}

const mostNamed = 20;

function routeOf(url = ""): string {
  return /^\/api\/webhooks\/[^/?]*\/t\//.test(url) ? "/api/webhooks/:source/t/:token" : "/api/webhooks/:source";
}

/** The same for everybody: what is said to the sender can hold what the sender wrote. */
function sentenceOf(code: ErrorCode | null): string {
  return code === null ? "" : errorTable[code].message;
}

function spanOfStep(
  trace: LiveTrace,
  { name, kind = "internal", delivery, source }: Step,
  ended: { readonly ms: number; readonly attributes: Attributes; readonly error: string | undefined },
): EndedSpan {
  const { ms, attributes, error } = ended;
  return {
    ...trace.place,
    ...{ name, kind, parent: trace.parent, startedAt: trace.startedAt, ms, links: trace.writes },
    attributes: {
      ...{ [names.delivery]: delivery, [names.source]: source, ...attributes },
      ...(error !== undefined && { [names.error]: error }),
    },
    failed: error === undefined ? undefined : "",
  };
}

function spanOfWrite({ into, commits, ok, traceId, spanId, startedAt, ms, links }: Write): EndedSpan {
  return {
    ...{ traceId, spanId, name: "group commit", kind: "client", startedAt, ms, links },
    attributes: {
      [names.database]: into === "mongodb" ? "mongodb" : "sqlite",
      [names.deliveries]: commits.length,
      ...(!ok && { [names.error]: "store_unavailable" }),
    },
    failed: ok ? undefined : "",
  };
}

function typeOf(error: unknown): string {
  if (error instanceof Refusal) return error.code;
  if (error instanceof StoreError) return "store_unavailable";
  return error instanceof Error ? error.name : "_OTHER";
}

const pool = Buffer.alloc(4_096);
let used = pool.length;

/** Random bytes as hex; asked for many at a time. All zeros is no id, and does not come up. */
function randomHex(bytes: number): string {
  if (used + bytes > pool.length) {
    randomFillSync(pool);
    used = 0;
  }
  used += bytes;
  return pool.toString("hex", used - bytes, used);
}
