import { messageOf, UserError } from "../../errors.ts";
import { readBounded } from "../../read-bounded.ts";

const defaultUrl = "http://localhost:16686";
const timeoutMs = 30_000;
const largestAnswer = 64 * 1_048_576;

/** A span as it is drawn. */
export interface Span {
  readonly span_id: string;
  /** The one that it is a part of. */
  readonly parent_span_id: string | null;
  readonly name: string;
  readonly service: string;
  readonly started_at: string;
  /** Microseconds since the trace began, and of its length. */
  readonly start_us: number;
  readonly duration_us: number;
  /** What kind of error it was; `null` where it was none. */
  readonly error: string | null;
  readonly attributes: Readonly<Record<string, unknown>>;
}

export interface ShownTrace {
  readonly trace_id: string;
  readonly started_at: string;
  readonly duration_us: number;
  readonly spans: readonly Span[];
}

/** What Jaeger's query API is asked for. */
export interface Jaeger {
  /** Without a slash at its end. */
  readonly url: string;
  /** `undefined` where it has none of that id. */
  trace(traceId: string): Promise<ShownTrace | undefined>;
  /** The newest trace with a root span about a delivery. */
  traceOfDelivery(deliveryId: string): Promise<ShownTrace | undefined>;
}

/**
 * The Jaeger that `TW_JAEGER_URL` names.
 *
 * @throws {UserError} where that is no address; its methods throw one where it does not answer, or is no Jaeger
 */
export function connectJaeger(env: NodeJS.ProcessEnv): Jaeger {
  const given = env.TW_JAEGER_URL || defaultUrl;
  const parsed = URL.parse(given);
  if (parsed === null || !/^https?:$/.test(parsed.protocol)) {
    throw new UserError(`TW_JAEGER_URL: "${given}" is not an address; write it like ${defaultUrl}`);
  }
  const url = given.replace(/\/+$/, "");

  async function ask(path: string): Promise<ShownTrace | undefined> {
    const response = await request(`${url}${path}`, url);
    const bytes = await readBounded(response, largestAnswer);
    // A trace that there is not is a 404 with an empty list.
    if (!response.ok && response.status !== 404) throw failed(response, url);
    const [found] = tracesIn(bytes, url);
    return found === undefined ? undefined : shown(found);
  }

  return {
    url,
    trace: (traceId) => ask(`/api/traces/${traceId}`),
    traceOfDelivery(deliveryId) {
      const at = Number.parseInt(deliveryId.replaceAll("-", "").slice(0, 12), 16);
      const tags = JSON.stringify({ "tw.delivery.id": deliveryId });
      const hour = 3_600_000;
      const around = { start: String((at - hour) * 1_000), end: String((at + 24 * hour) * 1_000) };
      return ask(`/api/traces?${new URLSearchParams({ service: "thruway", limit: "1", tags, ...around }).toString()}`);
    },
  };
}

async function request(address: string, url: string): Promise<Response> {
  try {
    return await fetch(address, {
      headers: { accept: "application/json" },
      redirect: "manual",
      signal: AbortSignal.timeout(timeoutMs),
    });
  } catch (cause) {
    const reason = messageOf(cause instanceof Error && cause.cause instanceof Error ? cause.cause : cause);
    throw new UserError(`Cannot reach Jaeger at ${url}: ${reason}. TW_JAEGER_URL says where its query API is`, {
      cause,
    });
  }
}

function failed(response: Response, url: string): UserError {
  return new UserError(`Jaeger at ${url} answered ${response.status}; TW_JAEGER_URL says where its query API is`);
}

/** Jaeger's own form of a trace; its times are microseconds, since 1970 and long. */
interface JaegerTrace {
  readonly traceID: string;
  readonly spans: readonly JaegerSpan[];
  readonly processes: Readonly<Record<string, { readonly serviceName: string }>>;
}

interface JaegerSpan {
  readonly spanID: string;
  readonly operationName: string;
  readonly references?: readonly { readonly refType: string; readonly traceID: string; readonly spanID: string }[];
  readonly startTime: number;
  readonly duration: number;
  readonly tags?: readonly { readonly key: string; readonly value: unknown }[];
  readonly processID: string;
}

function tracesIn(bytes: Uint8Array, url: string): readonly JaegerTrace[] {
  try {
    const answer = JSON.parse(Buffer.from(bytes).toString("utf8")) as { readonly data?: readonly JaegerTrace[] | null };
    const traces = answer.data === null ? [] : answer.data;
    if (traces?.every(({ traceID, spans }) => typeof traceID === "string" && Array.isArray(spans))) return traces;
  } catch {
    // Said below.
  }
  throw new UserError(`What answers at ${url} is no query API of Jaeger; set TW_JAEGER_URL`);
}

function shown({ traceID, spans, processes }: JaegerTrace): ShownTrace {
  const start = Math.min(...spans.map(({ startTime }) => startTime));
  const end = Math.max(...spans.map(({ startTime, duration }) => startTime + duration));
  return {
    trace_id: traceID,
    started_at: isoOf(start),
    duration_us: end - start,
    spans: spans
      .toSorted((a, b) => a.startTime - b.startTime)
      .map((span) => shownSpan(span, traceID, { start, processes })),
  };
}

function shownSpan(
  { spanID, operationName, references = [], startTime, duration, tags = [], processID }: JaegerSpan,
  traceId: string,
  { start, processes }: { readonly start: number } & Pick<JaegerTrace, "processes">,
): Span {
  const attributes = Object.fromEntries(tags.map(({ key, value }) => [key, value]));
  const parent = references.find(({ refType, traceID }) => refType === "CHILD_OF" && traceID === traceId);
  return {
    span_id: spanID,
    parent_span_id: parent?.spanID ?? null,
    name: operationName,
    service: processes[processID]?.serviceName ?? "",
    started_at: isoOf(startTime),
    start_us: startTime - start,
    duration_us: duration,
    error: attributes.error === true ? errorOf(attributes["error.type"]) : null,
    attributes,
  };
}

function isoOf(microseconds: number): string {
  return new Date(microseconds / 1_000).toISOString();
}

function errorOf(type: unknown): string {
  return typeof type === "string" ? type : "error";
}
