import assert from "node:assert/strict";
import { test } from "node:test";
import { histogram, samplesOf } from "../../../../core/telemetry/histogram.ts";

const name = "webhook_processing_seconds";

test("a value counts in its bucket and in all that are larger", () => {
  const times = histogram(name, () => 0);
  const ofParse = times.with({ source: "edr", stage: "parse" });
  for (const seconds of [0.0001, 0.004, 3, 12]) ofParse.observe(seconds);
  const values = samplesOf(times.family());
  const at = (le: number | string): number | undefined => values.find(({ labels }) => labels.le === le)?.value;
  assert.deepEqual([0.0001, 0.0005, 0.005, 2.5, 10, "+Inf"].map(at), [1, 1, 2, 2, 3, 4]);
  const [sum, count] = ["sum", "count"].map((part) => values.find((each) => each.metricName === `${name}_${part}`));
  assert.deepEqual([sum?.value.toFixed(4), count?.value], ["15.0041", 4]);
});

test("the newest trace of a bucket is its exemplar, and a value without one leaves it there", () => {
  let now = 1_000;
  const times = histogram(name, () => now);
  const ofParse = times.with({ source: "edr", stage: "parse" });
  ofParse.observe(0.002, "a");
  now = 2_000;
  ofParse.observe(0.003, "b");
  ofParse.observe(0.004);
  ofParse.observe(60, "c");
  const exemplars = samplesOf(times.family()).flatMap(({ labels, exemplar }) =>
    exemplar ? [[labels.le, exemplar]] : [],
  );
  assert.deepEqual(exemplars, [
    [0.005, { labelSet: { trace_id: "b" }, value: 0.003, timestamp: 2 }],
    ["+Inf", { labelSet: { trace_id: "c" }, value: 60, timestamp: 2 }],
  ]);
});

test("what is removed is gone under all of its other labels, and begins anew", () => {
  const times = histogram(name, () => 0);
  for (const source of ["edr", "mail"]) for (const stage of ["parse", "map"]) times.with({ source, stage }).observe(1);
  times.remove({ source: "edr" });
  const sources = (): Set<unknown> => new Set(samplesOf(times.family()).map(({ labels }) => labels.source));
  assert.deepEqual(sources(), new Set(["mail"]));
  times.with({ source: "edr", stage: "map" }).observe(1);
  const counts = samplesOf(times.family()).filter(
    ({ metricName, labels }) => /count$/.test(metricName ?? "") && labels.source === "edr",
  );
  assert.deepEqual(
    counts.map(({ value }) => value),
    [1],
  );
});
