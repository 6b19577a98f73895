import type { Logger } from "pino";
import { UserError } from "../errors.ts";
import type { Observed } from "../ingest/observe.ts";
import {
  type Attributes,
  commitKey,
  type OpenStep,
  parseTraceparent,
  type TraceContext,
  type Tracing,
  traceparentOf,
  untraced,
} from "../trace.ts";
import { type Keeping, LiveTrace, type Origin, type Write } from "./live-trace.ts";
import { readSampler, type Sample } from "./sampling.ts";
import { randomHex } from "./span-ids.ts";
import type { SpanSink } from "./span-sink.ts";
import { isTroubled, spanOfStep, spanOfWrite, spansOf, typeOf } from "./spans.ts";

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
