/** Spans as they are made afterwards, and where they go: the only file that knows OpenTelemetry. Loaded where it is needed. */
import {
  type Context,
  DiagLogLevel,
  diag,
  type Link,
  ProxyTracerProvider,
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
  TraceFlags,
  trace,
} from "@opentelemetry/api";
import { envDetector, hostDetector, resourceFromAttributes, serviceInstanceIdDetector } from "@opentelemetry/resources";
import { NodeSDK } from "@opentelemetry/sdk-node";
import { AlwaysOnSampler, TracerProvider } from "@opentelemetry/sdk-trace";
import type { Logger } from "pino";
import manifest from "../../package.json" with { type: "json" };
import type { Attributes, Step, TraceContext } from "../trace.ts";
import { waitAtMost } from "../wait.ts";

/** A span that has ended. */
export interface EndedSpan {
  readonly name: string;
  readonly traceId: string;
  readonly spanId: string;
  /** The id of the span that it is a part of. */
  readonly parent?: string | undefined;
  readonly kind: NonNullable<Step["kind"]> | "server";
  /** Milliseconds since 1970. */
  readonly startedAt: number;
  readonly ms: number;
  readonly attributes?: Attributes;
  readonly links?: readonly Pick<TraceContext, "traceId" | "spanId">[];
  /** Set where it failed: a constant sentence, or nothing. */
  readonly failed?: string | undefined;
}

export interface SpanSink {
  /** Takes a span to be sent soon; where too many wait, it is lost. */
  write(span: EndedSpan): void;
  /** Sends what is waiting now. */
  flush(): Promise<void>;
  close(): Promise<void>;
}

/** What the standard's variables say where they say nothing; the SDK reads them from the environment and from nowhere else. */
const defaults = {
  /** A second's worth of deliveries, each of some twelve spans, while a batch is under way: 15 MB at most. */
  OTEL_BSP_MAX_QUEUE_SIZE: "10240",
  OTEL_BSP_SCHEDULE_DELAY: "1000",
  /** So long may a receiver that hangs hold up the end of a process. */
  OTEL_EXPORTER_OTLP_TIMEOUT: "5000",
  OTEL_BSP_EXPORT_TIMEOUT: "5000",
};
const longestFlushMs = 3_000;
const mostLinks = 256;
const sayAgainAfterMs = 60_000;
const longestReason = 300;

const kinds = {
  internal: SpanKind.INTERNAL,
  server: SpanKind.SERVER,
  client: SpanKind.CLIENT,
  producer: SpanKind.PRODUCER,
  consumer: SpanKind.CONSUMER,
} as const;

/** Starts the SDK as the standard's variables say. Several may run in one process: none is the process's own. */
export function openSpanSink(log: Logger): SpanSink {
  for (const [name, value] of Object.entries(defaults)) process.env[name] ||= value;
  const ids = { traceId: "", spanId: "" };
  const sdk = new NodeSDK({
    resource: resourceFromAttributes({ "service.name": "thruway", "service.version": manifest.version }),
    // Not who runs the process, nor its command line.
    resourceDetectors: [serviceInstanceIdDetector, hostDetector, envDetector],
    // It was decided before what is kept, and what has which id.
    sampler: new AlwaysOnSampler(),
    idGenerator: { generateTraceId: () => ids.traceId, generateSpanId: () => ids.spanId },
    spanLimits: { linkCountLimit: mostLinks },
    metricReaders: [],
    logRecordProcessors: [],
    instrumentations: [],
  });
  diag.setLogger(saying(log), { logLevel: DiagLogLevel.WARN, suppressOverrideMessage: true });
  sdk.start();
  const tracer = trace.getTracer("thruway", manifest.version);
  const global = trace.getTracerProvider();
  const provider = global instanceof ProxyTracerProvider ? global.getDelegate() : global;
  // What was registered for the whole process is let go of again.
  trace.disable();

  return {
    write({ name, traceId, spanId, parent, kind, startedAt, ms, attributes, links, failed }) {
      ids.traceId = traceId;
      ids.spanId = spanId;
      const options = {
        kind: kinds[kind],
        startTime: startedAt,
        attributes: { ...attributes } as Record<string, string>,
        links: links?.map(linkOf) ?? [],
      };
      const span = tracer.startSpan(name, options, parentOf(traceId, parent));
      if (failed !== undefined) span.setStatus({ code: SpanStatusCode.ERROR, message: failed });
      span.end(startedAt + ms);
    },
    async flush() {
      if (provider instanceof TracerProvider) await waitAtMost(longestFlushMs, provider.forceFlush());
    },
    async close() {
      await waitAtMost(longestFlushMs, sdk.shutdown());
    },
  };
}

function parentOf(traceId: string, spanId: string | undefined): Context {
  if (spanId === undefined) return ROOT_CONTEXT;
  return trace.setSpanContext(ROOT_CONTEXT, { traceId, spanId, traceFlags: TraceFlags.SAMPLED });
}

function linkOf({ traceId, spanId }: Pick<TraceContext, "traceId" | "spanId">): Link {
  return { context: { traceId, spanId, traceFlags: TraceFlags.SAMPLED } };
}

/** What the SDK complains of, once a minute each: it does so with every batch. */
function saying(log: Logger): Parameters<typeof diag.setLogger>[0] {
  const said = new Map<string, number>();
  function say(message: string, ...rest: readonly unknown[]): void {
    const reason = [message, ...rest].map(String).join(" ").slice(0, longestReason);
    const kind = reason.replaceAll(/\d+/g, "");
    const now = performance.now();
    if (now - (said.get(kind) ?? Number.NEGATIVE_INFINITY) < sayAgainAfterMs) return;
    if (said.size > 100) said.clear();
    said.set(kind, now);
    log.warn({ reason }, "Traces are lost");
  }
  const nothing = (): void => {};
  return { error: say, warn: say, info: nothing, debug: nothing, verbose: nothing };
}
