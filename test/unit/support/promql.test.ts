import assert from "node:assert/strict";
import { test } from "node:test";
import { readExpression } from "../../support/promql.ts";

test("metrics are told from functions, words, durations and labels", () => {
  const text =
    `sum by (source, le) (rate(a_total{source=~"b_total|c{}", code!="d"}[5m] offset 1h)) / on (job) group_left (node) x_info
    > 0.5 and histogram_quantile(0.95, up) == 1e3`.replace("1e3", "1");
  assert.deepEqual(readExpression(text), {
    metrics: [
      { metric: "a_total", labels: ["source", "code"] },
      { metric: "x_info", labels: [] },
      { metric: "up", labels: [] },
    ],
    grouped: ["source", "le", "job", "node"],
  });
});

test("a variable of a dashboard stands for no metric", () => {
  const { metrics } = readExpression('rate(a_total{source=~"$source"}[$__rate_interval])');
  assert.deepEqual(metrics, [{ metric: "a_total", labels: ["source"] }]);
});
