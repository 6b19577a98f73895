import assert from "node:assert/strict";
import { test } from "node:test";
import { readSampler } from "../../../../core/telemetry/sampling.ts";

const traceId = (part: string): string => `${"a".repeat(18)}${part.padEnd(14, "0")}`;
const [low, high] = [traceId("0"), traceId("f")];
const parent = (sampled: boolean): { traceId: string; spanId: string; sampled: boolean } => ({
  traceId: low,
  spanId: "b7ad6b7169203331",
  sampled,
});

test("where nothing is said, everything is kept but what a parent did not keep", () => {
  const sample = readSampler({});
  assert.deepEqual(
    [sample(low, undefined), sample(low, parent(false)), sample(low, parent(true))],
    [true, false, true],
  );
});

test("a share keeps that share, and every process the same traces", () => {
  const sample = readSampler({ OTEL_TRACES_SAMPLER_ARG: "0.25" });
  const ids = Array.from({ length: 256 }, (_, index) => traceId(index.toString(16).padStart(2, "0")));
  assert.equal(ids.filter((id) => sample(id, undefined)).length, 64);
  assert.deepEqual([sample(low, undefined), sample(high, undefined)], [false, true]);
  assert.equal(sample(low, parent(true)), true);
});

for (const [name, arg, onLow, onLowOfKept] of [
  ["always_on", "0", true, true],
  ["always_off", "1", false, false],
  ["traceidratio", "0.5", false, false],
  ["parentbased_always_on", "0", true, true],
  ["parentbased_always_off", "1", false, true],
  ["parentbased_traceidratio", "0.5", false, true],
] as const) {
  test(`the sampler ${name} does as the standard says`, () => {
    const sample = readSampler({ OTEL_TRACES_SAMPLER: name, OTEL_TRACES_SAMPLER_ARG: arg });
    assert.deepEqual([sample(low, undefined), sample(low, parent(true))], [onLow, onLowOfKept]);
  });
}

test("what is no sampler, or no share, is named", () => {
  const user = (pattern: RegExp): object => ({ name: "UserError", message: pattern });
  assert.throws(
    () => readSampler({ OTEL_TRACES_SAMPLER: "some" }),
    user(/^OTEL_TRACES_SAMPLER must be one of parentbased_/),
  );
  for (const arg of ["10", "-1", "ten percent"]) {
    assert.throws(
      () => readSampler({ OTEL_TRACES_SAMPLER_ARG: arg }),
      user(/^OTEL_TRACES_SAMPLER_ARG must be a share/),
    );
  }
});
