import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { exposition } from "../../../../core/telemetry/exposition.ts";
import type { Snapshot } from "../../../../core/telemetry/snapshot.ts";

const prometheus =
  "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1";
const newerPrometheus =
  "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,application/openmetrics-text;version=0.0.1;q=0.5,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2";

const snapshot: Snapshot = [
  { name: "webhook_received_total", values: [{ labels: { source: "edr" }, value: 3 }] },
  {
    name: "webhook_processing_seconds",
    values: [
      {
        metricName: "webhook_processing_seconds_bucket",
        labels: { source: "edr", stage: "map", le: 0.1 },
        value: 1,
        exemplar: {
          labelSet: { trace_id: "0af7651916cd43dd8448eb211c80319c" },
          value: 0.07,
          timestamp: 1_795_574_785.5,
        },
      },
    ],
  },
];

describe("the format is the one that the scraper asks for:", () => {
  for (const [what, accept, isOpen] of [
    ["Prometheus gets OpenMetrics", prometheus, true],
    ["so does a newer one", newerPrometheus, true],
    ["and who names no version", "application/openmetrics-text", true],
    ["a browser gets text", "text/html,application/xhtml+xml,*/*;q=0.8", false],
    ["who takes anything gets text", "*/*", false],
    ["who says nothing gets text", undefined, false],
    ["who likes text better gets it", "application/openmetrics-text;version=1.0.0;q=0.3,text/plain;q=0.9", false],
    ["who refuses OpenMetrics gets text", "application/openmetrics-text;version=1.0.0;q=0,*/*", false],
    ["a version that nobody wrote yet is not given", "application/openmetrics-text;version=2.0.0", false],
  ] as const) {
    test(what, async () => {
      const { type, body } = await exposition(snapshot, accept);
      const wanted = isOpen ? "application/openmetrics-text; version=1.0.0" : "text/plain; version=0.0.4";
      assert.equal(type, `${wanted}; charset=utf-8`);
      assert.equal(body.endsWith("\n# EOF\n"), isOpen);
    });
  }
});

test("a counter has its suffix once in the text format", async () => {
  const { body } = await exposition(snapshot, undefined);
  assert.match(body, /^# TYPE webhook_received_total counter\nwebhook_received_total\{source="edr"\} 3$/m);
  assert.doesNotMatch(body, /trace_id/);
});

test("and once in OpenMetrics, where the name of the family has none", async () => {
  for (const time of ["first", "second"]) {
    const { body } = await exposition(snapshot, prometheus);
    assert.match(body, /^# TYPE webhook_received counter\nwebhook_received_total\{source="edr"\} 3$/m, time);
    assert.doesNotMatch(body, /_total_total/, time);
  }
});

test("an exemplar carries the trace, the value and the time", async () => {
  const { body } = await exposition(snapshot, prometheus);
  const line =
    'webhook_processing_seconds_bucket{source="edr",stage="map",le="0.1"} 1 # {trace_id="0af7651916cd43dd8448eb211c80319c"} 0.07 1795574785.5';
  assert.ok(body.split("\n").includes(line), body);
});
