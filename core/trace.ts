/** What the rest of the core knows of traces. Who makes spans of them is in `core/telemetry`. */

/** A place in a trace that spans may go on from, in this process or in another one later. */
export interface TraceContext {
  /** 32 hex digits. */
  readonly traceId: string;
  /** 16 hex digits. */
  readonly spanId: string;
  /** Whether the span is kept. */
  readonly sampled: boolean;
}

/** The trace of a request, or of what goes on in it later, until what became of it is known. */
export interface Trace {
  readonly traceId: string;
  readonly spanId: string;
  /** Whether it is kept, as far as is known by now. */
  readonly kept: boolean;
  /** Asks for it to be kept whatever the sampler said: something went wrong. A flood of that is not kept whole. */
  keep(): void;
  /** What is stored with the delivery, for whoever goes on with it: a W3C `traceparent`. */
  traceparent(): string;
}

/** What a piece of work in a trace is called, and what is known of it before. */
export interface Step {
  readonly name: string;
  readonly kind?: "internal" | "client" | "producer" | "consumer";
  /** What it is about. */
  readonly delivery?: string;
  readonly source?: string;
  readonly attributes?: Attributes;
  /** Which commit it makes, where it makes one: see `commitKey`. */
  readonly commit?: string;
}

/** Names stand in `telemetry/attributes.ts`. No secret, body or personal value is one. */
export type Attributes = Readonly<Record<string, string | number | boolean | readonly string[] | undefined>>;

/** A piece of work while it is done. */
export interface OpenStep {
  /** What the work leads to goes on from here: stored with it, and given to `within` by whoever does it. */
  readonly traceparent: string | undefined;
  /** Adds what became known. */
  set(attributes: Attributes): void;
}

/** A durable write that several commits shared. */
export interface SharedWrite {
  readonly into: "sqlite" | "mongodb" | "spool";
  /** Of each, its `commitKey`. */
  readonly commits: readonly string[];
  readonly ms: number;
  readonly ok: boolean;
}

export type OnSharedWrite = (write: SharedWrite) => void;

/** How the product takes part in tracing. */
export interface Tracing {
  /**
   * Begins the trace of a request. What its sender says of a trace of its own is a link, or the parent, as the settings have it.
   *
   * @param id the delivery's
   * @param traceparent the sender's, as it came
   * @returns `undefined` where nothing is traced
   */
  begin(id: string, startedAt: Date, traceparent?: string): Trace | undefined;
  /**
   * Goes on with the trace of a stored delivery, whose spans follow when what became of it is observed.
   *
   * @param commit the `commitKey` of the commit that it leads to
   */
  resume(traceparent: string | undefined, startedAt: Date, commit: string): Trace | undefined;
  /** The trace of a request whose process died before it could make the spans that others go on from: under the same ids. */
  restore(traceparent: string | undefined, startedAt: Date): Trace | undefined;
  /**
   * Does something as a span of a stored context: `within(delivery.traceparent, { name: "triage" }, (step) => …)`, minutes
   * later and in another process if need be. It is kept where its trace is, and also where it fails or is slow. Work that is
   * traced by nobody is done all the same.
   */
  within<T>(traceparent: string | undefined, step: Step, work: (step: OpenStep) => Promise<T>): Promise<T>;
  readonly onSharedWrite: OnSharedWrite;
  /** Sends what is waiting to be sent, before something that this process may not survive; for a few seconds at most. */
  flush(): Promise<void>;
  /** Sends what is waiting to be sent, for a few seconds at most. */
  close(): Promise<void>;
}

/** Nothing is traced. */
export const untraced: Tracing = {
  begin: () => undefined,
  resume: () => undefined,
  restore: () => undefined,
  within: (traceparent, _, work) => work({ traceparent, set: () => {} }),
  onSharedWrite: () => {},
  flush: () => Promise.resolve(),
  close: () => Promise.resolve(),
};

/** What tells commits of one delivery apart: the intake's, and those of workers that took it up. */
export function commitKey(id: string, epoch?: number): string {
  return epoch === undefined ? id : `${id}/${epoch}`;
}

/** As a header and in the store: version 00 of https://www.w3.org/TR/trace-context/. */
export function traceparentOf({ traceId, spanId, sampled }: TraceContext): string {
  return `00-${traceId}-${spanId}-${sampled ? "01" : "00"}`;
}

const pattern = /^(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})(?:$|-)/;

/** Of versions to come only what they have in common is read. `undefined` where it says nothing. */
export function parseTraceparent(text: string | undefined): TraceContext | undefined {
  const [, traceId, spanId, flags = ""] = pattern.exec(text ?? "") ?? [];
  if (traceId === undefined || spanId === undefined) return undefined;
  if (text?.startsWith("00-") && text.length !== 55) return undefined;
  return { traceId, spanId, sampled: (Number.parseInt(flags, 16) & 1) === 1 };
}

/** What a log line about a delivery says of its trace. */
export function loggedTrace(trace: Pick<Trace, "traceId" | "spanId"> | undefined): {
  readonly trace_id?: string;
  readonly span_id?: string;
} {
  return trace === undefined ? {} : { trace_id: trace.traceId, span_id: trace.spanId };
}
