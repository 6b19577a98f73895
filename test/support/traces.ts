/** What a trace must look like, wherever its spans were read from. */
import assert from "node:assert/strict";
import { eventually } from "./eventually.ts";

/** What is looked at of a span. */
export interface SpanShape {
  readonly name: string;
  readonly traceId: string;
  readonly spanId: string;
  readonly parent: string | undefined;
  readonly startedAt: number;
  readonly endedAt: number;
  readonly failed: boolean;
  readonly attributes: Readonly<Record<string, unknown>>;
}

export const root = "POST /api/webhooks/:source";
/** The stages of a source without a rate limit whose plugin knows no signed handshake. */
export const intake = [
  "receive",
  "identify",
  "handshake",
  "authenticate",
  "check_freshness",
  "parse",
  "validate",
  "map",
  "commit",
];
export const work = ["parse", "validate", "map", "commit"];

/** As a reader sees it: each name with those of its parts, in the order of their beginning; what failed is marked. */
export type Tree = readonly (string | readonly [name: string, parts: Tree])[];

export function treeOf(spans: readonly SpanShape[], of?: string): Tree {
  return spans
    .filter(({ parent }) => parent === of)
    .toSorted((a, b) => a.startedAt - b.startedAt)
    .map((span) => {
      const name = `${span.failed ? "✘ " : ""}${span.name}`;
      const parts = treeOf(spans, span.spanId);
      return parts.length === 0 ? name : [name, parts];
    });
}

/** Without the tries of a worker, which finishes what the forward of a spooled delivery has left half done. */
export function untried([request, ...rest]: Tree): Tree {
  if (request === undefined || typeof request === "string")
    return [...(request === undefined ? [] : [request]), ...rest];
  const [name, parts] = request;
  return [[name, parts.filter((part) => typeof part === "string" || part[0] !== "work")], ...rest];
}

/** @throws where a span has a parent that is not there, or does not lie within it although it is a stage of it */
export function assertWhole(spans: readonly SpanShape[]): void {
  const byId = new Map(spans.map((span) => [span.spanId, span]));
  assert.equal(byId.size, spans.length, "two spans have one id");
  for (const span of spans) {
    if (span.parent === undefined) continue;
    const parent = byId.get(span.parent);
    assert.ok(parent, `${span.name} is an orphan`);
    assert.equal(parent.traceId, span.traceId);
    assert.ok(span.startedAt >= parent.startedAt, `${span.name} begins before ${parent.name}`);
    // What goes on later begins after the request has ended.
    const isLater = ["work", "forward"].includes(span.name);
    if (!isLater) assert.ok(span.endedAt <= parent.endedAt + 0.01, `${span.name} ends after ${parent.name}`);
  }
}

/** Those of a trace, once there are so many of it. */
export function spansOf<Span extends SpanShape>(
  read: () => readonly Span[],
  traceId: string,
  count: number,
): Promise<readonly Span[]> {
  return eventually(() => {
    const found = read().filter((span) => span.traceId === traceId);
    return Promise.resolve(found.length >= count ? found : undefined);
  });
}

/** The trace that an answer names. */
export function traceOf(answered: { readonly headers: Headers }): string {
  const [, traceId = ""] = (answered.headers.get("traceresponse") ?? "").split("-");
  assert.match(traceId, /^[0-9a-f]{32}$/);
  return traceId;
}
