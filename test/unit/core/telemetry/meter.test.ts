import assert from "node:assert/strict";
import { test } from "node:test";
import type { Observed } from "../../../../core/ingest/observe.ts";
import { exposition } from "../../../../core/telemetry/exposition.ts";
import { samplesOf } from "../../../../core/telemetry/histogram.ts";
import { createMeter, type Meter } from "../../../../core/telemetry/meter.ts";
import { metricOf } from "../../../../core/telemetry/metrics.ts";
import { readMetrics, type Scraped, seriesOf } from "../../../support/scrape.ts";

const accepted: Observed = {
  kind: "intake",
  id: "01a20d45-932c-74ac-afaf-878d53922f16",
  source: "edr",
  plugin: "generic",
  outcome: "accepted",
  code: null,
  times: [
    { stage: "receive", start_ms: 0, ms: 1, ok: true },
    { stage: "commit", start_ms: 3, ms: 5, ok: true },
  ],
  incidents: [],
  test: false,
};

async function counted(meter: Meter, sources: readonly string[] = ["edr"]): Promise<Scraped> {
  return readMetrics((await exposition(await meter.snapshot(sources), undefined)).body);
}

function meterThatSaw(...seen: readonly Partial<Observed>[]): Meter {
  const meter = createMeter(() => 0);
  for (const each of seen) meter.observe({ ...accepted, ...each });
  return meter;
}

test("a request counts once, with the time of its stages and of all of them", async () => {
  const metrics = await counted(meterThatSaw({}));
  assert.deepEqual(seriesOf(metrics, "webhook_received_total"), { '{source="edr"}': 1 });
  assert.deepEqual(seriesOf(metrics, "webhook_errors_total"), {});
  assert.deepEqual(seriesOf(metrics, "webhook_processing_seconds_sum"), {
    '{source="edr",stage="receive"}': 0.001,
    '{source="edr",stage="commit"}': 0.005,
    '{source="edr",stage="total"}': 0.008,
  });
});

test("a refused request is an error by its code, and a refused signature is one of those as well", async () => {
  const refused = { outcome: "refused", code: "invalid_signature" } as const;
  const metrics = await counted(meterThatSaw(refused, { outcome: "refused", code: "rate_limited" }));
  assert.deepEqual(seriesOf(metrics, "webhook_received_total"), { '{source="edr"}': 2 });
  assert.deepEqual(seriesOf(metrics, "webhook_errors_total"), {
    '{code="invalid_signature",source="edr"}': 1,
    '{code="rate_limited",source="edr"}': 1,
  });
  assert.deepEqual(seriesOf(metrics, "thruway_signature_failures_total"), {
    '{code="invalid_signature",source="edr"}': 1,
  });
});

test("a try of a queued delivery is no request, and an error only where it was the last", async () => {
  const work = { kind: "work" } as const;
  const metrics = await counted(
    meterThatSaw(
      { ...work, outcome: "retry" },
      { ...work, outcome: "failed", code: "internal_error" },
      { ...work, outcome: "dead", code: "internal_error" },
      { ...work, outcome: "rejected", code: "invalid_payload" },
    ),
  );
  assert.deepEqual(seriesOf(metrics, "webhook_received_total"), {});
  assert.deepEqual(seriesOf(metrics, "webhook_errors_total"), {
    '{code="internal_error",source="edr"}': 1,
    '{code="invalid_payload",source="edr"}': 1,
  });
  assert.equal(metrics.get('thruway_deliveries_total{kind="work",outcome="dead",source="edr"}'), 1);
  assert.equal(metrics.get('webhook_processing_seconds_count{source="edr",stage="total"}'), undefined);
});

test("what an operator tests counts nowhere", async () => {
  const metrics = await counted(meterThatSaw({ test: true }));
  assert.deepEqual(seriesOf(metrics, "thruway_deliveries_total"), {});
  assert.deepEqual(seriesOf(metrics, "webhook_received_total"), {});
});

test("incidents count by source, severity and whether they were there before", async () => {
  const ref = { incident_id: "i", incident_number: "INC-2026-0001" };
  const incidents = [
    { ...ref, severity: "high", outcome: "created" },
    { ...ref, severity: "low", outcome: "updated" },
  ] as const;
  assert.deepEqual(seriesOf(await counted(meterThatSaw({ incidents })), "thruway_incidents_total"), {
    '{outcome="created",severity="high",source="edr"}': 1,
    '{outcome="updated",severity="low",source="edr"}': 1,
  });
});

test("triage runs and the sizes of commits count", async () => {
  const meter = createMeter(() => 0);
  meter.triaged("phishing_triage", "completed");
  const write = { into: "sqlite", ms: 1, ok: true } as const;
  const ids = (count: number): readonly string[] => Array.from({ length: count }, (_, index) => String(index));
  for (const size of [1, 3, 300]) meter.onSharedWrite({ ...write, commits: ids(size) });
  // Neither what failed nor what the spool took was made durable in the store.
  meter.onSharedWrite({ ...write, commits: ids(7), ok: false });
  meter.onSharedWrite({ ...write, commits: ids(7), into: "spool" });
  const metrics = await counted(meter);
  assert.deepEqual(seriesOf(metrics, "thruway_triage_runs_total"), {
    '{outcome="completed",playbook="phishing_triage"}': 1,
  });
  assert.equal(metrics.get('thruway_commit_batch_deliveries_bucket{le="4"}'), 2);
  assert.equal(metrics.get("thruway_commit_batch_deliveries_sum"), 304);
});

test("a channel that is tried has all its outcomes from the first on", async () => {
  const meter = createMeter(() => 0);
  meter.messaged("siem", "retry");
  meter.messaged("siem", "sent");
  meter.messaged("siem", "sent");
  const metrics = await counted(meter);
  const found = ["sent", "retry", "dead"].map((outcome) =>
    metrics.get(`thruway_messages_total{channel="siem",outcome="${outcome}"}`),
  );
  assert.deepEqual(found, [2, 1, 0]);
});

test("a registered source for which nothing came is there with a zero, and so is the unknown one", async () => {
  const metrics = await counted(
    createMeter(() => 0),
    ["mail"],
  );
  assert.equal(metrics.get('webhook_received_total{source="mail"}'), 0);
  assert.equal(metrics.get('webhook_received_total{source="unknown"}'), 0);
  assert.equal(metrics.get('thruway_deliveries_total{kind="work",outcome="dead",source="mail"}'), 0);
});

test("a source that is deleted leaves no series behind, and counts from the beginning when it comes back", async () => {
  const incidents = [
    { incident_id: "i", incident_number: "INC-2026-0001", severity: "high", outcome: "created" },
  ] as const;
  const meter = meterThatSaw({ incidents }, { outcome: "refused", code: "invalid_signature" });
  await counted(meter);
  const without = await counted(meter, []);
  assert.deepEqual(
    [...without.keys()].filter((key) => key.includes("edr")),
    [],
  );
  meter.observe(accepted);
  assert.equal((await counted(meter)).get('webhook_received_total{source="edr"}'), 1);
});

test("the trace of a request is the exemplar of its buckets", async () => {
  const meter = meterThatSaw({ trace_id: "0af7651916cd43dd8448eb211c80319c" });
  const { body } = await exposition(await meter.snapshot(["edr"]), "application/openmetrics-text");
  const lines = body.split("\n").filter((line) => line.includes("# {trace_id="));
  assert.deepEqual(
    lines.map((line) => /stage="(\w+)"/.exec(line)?.[1]),
    ["receive", "commit", "total"],
  );
});

test("every metric is one of the table, and has the labels that it says", async () => {
  const snapshot = await meterThatSaw({ code: "invalid_json" }).snapshot(["edr"]);
  for (const family of snapshot) {
    const { name } = family;
    const values = samplesOf(family);
    const metric = metricOf(name);
    assert.ok(metric, name);
    const labels = new Set(values.flatMap(({ labels }) => Object.keys(labels)).filter((label) => label !== "le"));
    if (values.length > 0) assert.deepEqual([...labels].toSorted(), [...metric.labels].toSorted(), name);
  }
});
