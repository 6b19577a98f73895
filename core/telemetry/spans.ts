import { type ErrorCode, errorTable, Refusal, StoreError } from "../errors.ts";
import type { Observed } from "../ingest/observe.ts";
import { unknownSource } from "../sources/registration.ts";
import type { StageTime } from "../store/ports.ts";
import type { Attributes, Step } from "../trace.ts";
import { attributes as names } from "./attributes.ts";
import type { LiveTrace, Write } from "./live-trace.ts";
import { randomHex } from "./span-ids.ts";
import type { EndedSpan } from "./span-sink.ts";

const troubled: ReadonlySet<Observed["outcome"]> = new Set(["refused", "rejected", "dead", "failed", "retry", "gone"]);

/** Whether something went wrong on the way, even where it ended well. */
export function isTroubled({ outcome, times }: Observed): boolean {
  return troubled.has(outcome) || times.some(({ ok }) => !ok);
}

/** The root of what was observed, its stages, and what they asked for. */
export function* spansOf(observed: Observed, trace: LiveTrace): Iterable<EndedSpan> {
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

/** A piece of work beside the pipeline. */
export function spanOfStep(
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

/** A write that deliveries shared: a trace of its own, with a link to each. */
export function spanOfWrite({ into, commits, ok, traceId, spanId, startedAt, ms, links }: Write): EndedSpan {
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

/** What an error is called in a span: what a sender wrote is never a part of it. */
export function typeOf(error: unknown): string {
  if (error instanceof Refusal) return error.code;
  if (error instanceof StoreError) return "store_unavailable";
  return error instanceof Error ? error.name : "_OTHER";
}
