import assert from "node:assert/strict";
import { test } from "node:test";
import pino from "pino";
import type { Observed } from "../../../../core/ingest/observe.ts";
import type { EndedSpan } from "../../../../core/telemetry/span-sink.ts";
import { createTracer, noTracer, startTracing, type Tracer } from "../../../../core/telemetry/tracing.ts";
import { commitKey, parseTraceparent, type Trace, traceparentOf } from "../../../../core/trace.ts";

const noon = new Date("2026-01-15T12:00:00.000Z");
const stored = { traceId: "0af7651916cd43dd8448eb211c80319c", spanId: "b7ad6b7169203331" };

interface Traced {
  readonly tracer: Tracer;
  readonly spans: EndedSpan[];
  /** Lets milliseconds pass. */
  readonly pass: (ms: number) => void;
}

interface Given {
  readonly kept?: boolean;
  readonly slowMs?: number;
  readonly parent?: "link" | "parent";
}

function aTracer({ kept = false, slowMs = 1_000, parent = "link" }: Given = {}): Traced {
  const spans: EndedSpan[] = [];
  let at = 0;
  const sink = {
    write: (span: EndedSpan) => void spans.push(span),
    flush: () => Promise.resolve(),
    close: () => Promise.resolve(),
  };
  const pass = (ms: number): void => {
    at += ms;
  };
  const tracer = createTracer(
    { traceParent: parent, traceSlowMs: slowMs },
    { sink, sample: (_, parent) => parent?.sampled ?? kept, now: () => new Date(noon.getTime() + at), clock: () => at },
  );
  return { tracer, spans, pass };
}

function begun(tracer: Tracer, id = "a", traceparent?: string): Trace {
  const trace = tracer.begin(id, noon, traceparent);
  assert.ok(trace);
  return trace;
}

function observed(trace: Trace, given: Partial<Observed> = {}, ms = 5): Observed {
  return {
    ...{ kind: "intake", id: "a", source: "edr", plugin: "generic", outcome: "accepted", code: null },
    ...{ times: [], incidents: [], test: false, traced: { trace, ms, url: "/api/webhooks/edr", status: 202 } },
    ...given,
  };
}

test("what is neither refused nor slow is kept where the sampler says so, and told with its trace", () => {
  for (const kept of [true, false]) {
    const { tracer, spans } = aTracer({ kept });
    const trace = begun(tracer);
    const told = tracer.observe(observed(trace));
    assert.equal(told.trace_id, kept ? trace.traceId : undefined);
    assert.deepEqual(
      spans.map(({ name, traceId }) => [name, traceId]),
      kept ? [["POST /api/webhooks/:source", trace.traceId]] : [],
    );
  }
});

test("what was refused, failed or slow is kept whatever the sampler says", () => {
  const failing = [{ stage: "map", start_ms: 0, ms: 1, ok: false }];
  for (const [given, ms] of [
    ...(["refused", "rejected", "dead", "failed", "retry", "gone"] as const).map(
      (outcome) => [{ outcome }, 5] as const,
    ),
    [{ outcome: "queued", times: failing }, 5],
    [{}, 1_000],
  ] as const) {
    const { tracer, spans } = aTracer();
    tracer.observe(observed(begun(tracer), given, ms));
    assert.ok(spans.length > 0, JSON.stringify(given));
  }
});

test("a flood of what is refused is not kept whole, and is again a second later", () => {
  const { tracer, spans, pass } = aTracer();
  const refuse = (): void =>
    void tracer.observe(observed(begun(tracer), { outcome: "refused", code: "invalid_signature" }));
  for (let n = 0; n < 500; n++) refuse();
  assert.equal(spans.length, 100);
  pass(1_000);
  refuse();
  assert.equal(spans.length, 101);
});

test("what is already slow when it is stored is stored as kept", () => {
  const { tracer, pass } = aTracer();
  const trace = begun(tracer);
  assert.equal(parseTraceparent(trace.traceparent())?.sampled, false);
  pass(1_000);
  assert.equal(parseTraceparent(trace.traceparent())?.sampled, true);
});

test("a sender's trace is a link, and its sampling is its own affair", () => {
  const { tracer, spans } = aTracer({ kept: true });
  const trace = begun(tracer, "a", traceparentOf({ ...stored, sampled: false }));
  tracer.observe(observed(trace));
  const [root] = spans;
  assert.notEqual(root?.traceId, stored.traceId);
  assert.deepEqual([root?.parent, root?.links?.[0]?.traceId], [undefined, stored.traceId]);
});

test("a sender's trace is the parent where it is trusted, and decides what is kept", () => {
  const { tracer, spans } = aTracer({ parent: "parent" });
  tracer.observe(observed(begun(tracer, "a", traceparentOf({ ...stored, sampled: true }))));
  tracer.observe(observed(begun(tracer, "b", traceparentOf({ ...stored, sampled: false })), { id: "b" }));
  assert.deepEqual(
    spans.map(({ traceId, parent }) => [traceId, parent]),
    [[stored.traceId, stored.spanId]],
  );
});

test("a try goes on with what is stored, beside the tries before it", () => {
  const { tracer, spans } = aTracer();
  const traceparent = traceparentOf({ ...stored, sampled: true });
  const trace = tracer.resume(traceparent, noon, commitKey("a", 2));
  assert.ok(trace);
  assert.equal(trace.traceparent(), traceparent);
  tracer.observe(observed(trace, { kind: "work", traced: { trace, ms: 5, attempt: 2, epoch: 2 } }));
  const [span] = spans;
  assert.deepEqual([span?.name, span?.traceId, span?.parent], ["work", stored.traceId, stored.spanId]);
  assert.equal(span?.attributes?.["tw.attempt"], 2);
});

test("a try that is kept for its own sake is in the trace, and a part of no span that nobody kept", () => {
  const { tracer, spans } = aTracer();
  const trace = tracer.resume(traceparentOf({ ...stored, sampled: false }), noon, commitKey("a", 10));
  assert.ok(trace);
  trace.keep();
  const context = parseTraceparent(trace.traceparent());
  assert.deepEqual(context, { traceId: stored.traceId, spanId: trace.spanId, sampled: true });
  tracer.observe(observed(trace, { kind: "work", outcome: "dead", traced: { trace, ms: 5, epoch: 10 } }));
  assert.deepEqual([spans[0]?.traceId, spans[0]?.parent], [stored.traceId, undefined]);
});

test("what is fetched are spans of the stage that follows, with the host and the status and no address", () => {
  const { tracer, spans } = aTracer({ kept: true });
  const trace = tracer.resume(traceparentOf({ ...stored, sampled: true }), noon, "a/1");
  assert.ok(trace);
  const times = [{ stage: "follow", start_ms: 1, ms: 20, ok: true }];
  const fetches = [
    { host: "graph.example", start_ms: 2, ms: 10, status: 200, ok: true },
    { host: "graph.example", start_ms: 13, ms: 4, ok: false },
  ];
  tracer.observe(observed(trace, { kind: "work", times, traced: { trace, ms: 25, epoch: 1, fetches } }));
  const [, follow, first, second] = spans;
  assert.deepEqual(
    [first, second].map((span) => [span?.name, span?.kind, span?.parent, span?.failed]),
    [
      ["GET", "client", follow?.spanId, undefined],
      ["GET", "client", follow?.spanId, ""],
    ],
  );
  assert.equal(second?.attributes?.["error.type"], "fetch_failed");
  assert.equal(first?.startedAt, noon.getTime() + 2);
});

test("a commit that several share is one span with a link to each that is kept, and they have one to it", () => {
  const { tracer, spans } = aTracer({ slowMs: 100 });
  const traces = ["a", "b", "c"].map((id) => begun(tracer, id));
  tracer.onSharedWrite?.({ into: "sqlite", commits: ["a", "b", "c"], ms: 4, ok: true });
  const times = [{ stage: "commit", start_ms: 0, ms: 4, ok: true }];
  for (const [index, trace] of traces.entries()) {
    tracer.observe(observed(trace, { id: "abc"[index] ?? "", times }, index === 1 ? 5 : 100));
  }
  const shared = spans.find(({ name }) => name === "group commit");
  const [a, , c] = traces;
  assert.deepEqual(
    shared?.links?.map(({ traceId, spanId }) => [traceId, spanId]),
    [a, c].map((trace) => [trace?.traceId, trace?.spanId]),
  );
  assert.equal(shared?.attributes?.["tw.commit.deliveries"], 3);
  const commits = spans.filter(({ name }) => name === "commit");
  assert.deepEqual(
    commits.map(({ links }) => links?.map(({ spanId }) => spanId)),
    [[shared?.spanId], [shared?.spanId]],
  );
});

test("a commit that nobody shares, or nobody keeps, is no span", () => {
  const { tracer, spans } = aTracer();
  for (const ids of [["a"], ["b", "c"]]) {
    const traces = ids.map((id) => begun(tracer, id));
    tracer.onSharedWrite?.({ into: "sqlite", commits: ids, ms: 4, ok: true });
    for (const [index, trace] of traces.entries()) tracer.observe(observed(trace, { id: ids[index] ?? "" }));
  }
  assert.deepEqual(spans, []);
});

test("work within a stored context is a span of it, and what it leads to goes on from there", async () => {
  const { tracer, spans, pass } = aTracer();
  const traceparent = traceparentOf({ ...stored, sampled: true });
  const result = await tracer.within(traceparent, { name: "triage", source: "edr" }, async (step) => {
    pass(3);
    step.set({ "tw.outcome": "closed" });
    await tracer.within(step.traceparent, { name: "notify", kind: "client" }, () => Promise.resolve());
    return "done";
  });
  assert.equal(result, "done");
  const [notify, triage] = spans;
  assert.deepEqual([triage?.name, triage?.parent, triage?.ms], ["triage", stored.spanId, 3]);
  assert.deepEqual(triage?.attributes, { "tw.delivery.id": undefined, "tw.source": "edr", "tw.outcome": "closed" });
  assert.deepEqual([notify?.parent, notify?.traceId], [triage?.spanId, stored.traceId]);
});

test("work that fails is kept with what kind of error it was, and the error is thrown on", async () => {
  const { tracer, spans } = aTracer();
  const work = (): Promise<never> => Promise.reject(new TypeError("secret text of a payload"));
  await assert.rejects(
    tracer.within(traceparentOf({ ...stored, sampled: false }), { name: "triage" }, work),
    TypeError,
  );
  assert.deepEqual([spans[0]?.attributes?.["error.type"], spans[0]?.failed], ["TypeError", ""]);
  assert.doesNotMatch(JSON.stringify(spans), /secret text/);
});

test("work of what was stored untraced is done, and is no span", async () => {
  const { tracer, spans } = aTracer({ kept: true });
  assert.equal(await tracer.within(undefined, { name: "triage" }, () => Promise.resolve(7)), 7);
  assert.equal(tracer.resume(undefined, noon, "a/1"), undefined);
  assert.deepEqual(spans, []);
});

test("of an unknown source only that it is unknown stands in a span, and of a token in an address nothing", () => {
  const { tracer, spans } = aTracer({ kept: true });
  const unknown = begun(tracer, "a");
  const url = "/api/webhooks/what-somebody-wrote?token=secret";
  tracer.observe(observed(unknown, { source: "unknown", outcome: "refused", traced: { trace: unknown, ms: 1, url } }));
  const token = begun(tracer, "b");
  const traced = { trace: token, ms: 1, url: "/api/webhooks/edr/t/secret?x=1" };
  tracer.observe(observed(token, { id: "b", traced }));
  assert.doesNotMatch(JSON.stringify(spans), /secret|what-somebody-wrote/);
  assert.equal(spans[1]?.attributes?.["url.path"], "/api/webhooks/edr/t/…");
  assert.equal(spans[1]?.name, "POST /api/webhooks/:source/t/:token");
});

const settings = { traceParent: "link", traceSlowMs: 1_000 } as const;
const start = (env: NodeJS.ProcessEnv): Promise<Tracer> =>
  startTracing(settings, env, pino({ level: "silent" }), { now: () => noon, clock: () => 0 });

test("without an exporter nothing is traced, and with the SDK disabled neither", async () => {
  const endpoint = { OTEL_EXPORTER_OTLP_ENDPOINT: "http://127.0.0.1:1" };
  for (const env of [{}, { OTEL_TRACES_EXPORTER: "none", ...endpoint }, { OTEL_SDK_DISABLED: "true", ...endpoint }]) {
    assert.equal(await start(env), noTracer);
  }
});

test("a variable of the standard that is wrong is named, with what it may be", async () => {
  for (const [name, value, message] of [
    ["OTEL_TRACES_EXPORTER", "jaeger", /^OTEL_TRACES_EXPORTER must be some of otlp, console, zipkin, none$/],
    ["OTEL_EXPORTER_OTLP_ENDPOINT", "localhost:4318", /^OTEL_EXPORTER_OTLP_ENDPOINT must be an address/],
    ["OTEL_EXPORTER_OTLP_PROTOCOL", "http", /^OTEL_EXPORTER_OTLP_PROTOCOL must be one of http\/protobuf/],
  ] as const) {
    await assert.rejects(start({ [name]: value }), { name: "UserError", message });
  }
});
