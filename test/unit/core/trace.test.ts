import assert from "node:assert/strict";
import { test } from "node:test";
import { parseTraceparent, traceparentOf, untraced } from "../../../core/trace.ts";

const traceId = "0af7651916cd43dd8448eb211c80319c";
const spanId = "b7ad6b7169203331";

test("a traceparent is read as it is written", () => {
  for (const sampled of [true, false]) {
    const context = { traceId, spanId, sampled };
    assert.deepEqual(parseTraceparent(traceparentOf(context)), context);
  }
});

test("of a version to come what is known is read", () => {
  assert.deepEqual(parseTraceparent(`cc-${traceId}-${spanId}-03-what-the-future-holds`), {
    traceId,
    spanId,
    sampled: true,
  });
});

for (const [what, text] of [
  ["nothing", undefined],
  ["an empty text", ""],
  ["an id of zeros", `00-${"0".repeat(32)}-${spanId}-01`],
  ["a span of zeros", `00-${traceId}-${"0".repeat(16)}-01`],
  ["capital letters", `00-${traceId.toUpperCase()}-${spanId}-01`],
  ["the version that there is not", `ff-${traceId}-${spanId}-01`],
  ["more than its version has", `00-${traceId}-${spanId}-01-more`],
  ["something else", "not a traceparent"],
] as const) {
  test(`${what} is no traceparent`, () => assert.equal(parseTraceparent(text), undefined));
}

test("where nothing is traced, work is done all the same, and what was stored is passed on as it was", async () => {
  const stored = traceparentOf({ traceId, spanId, sampled: true });
  const seen = await untraced.within(stored, { name: "triage" }, (step) => {
    step.set({ "tw.outcome": "done" });
    return Promise.resolve(step.traceparent);
  });
  assert.equal(seen, stored);
});
