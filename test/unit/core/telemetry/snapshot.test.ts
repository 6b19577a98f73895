import assert from "node:assert/strict";
import { test } from "node:test";
import { lasting, merged, ofKnownSources, type Sample, type Snapshot } from "../../../../core/telemetry/snapshot.ts";

const received = (values: Readonly<Record<string, number>>): Snapshot => [
  {
    name: "webhook_received_total",
    values: Object.entries(values).map(([source, value]) => ({ labels: { source }, value })),
  },
];

const gauge = (name: Snapshot[number]["name"], value: number): Snapshot => [{ name, values: [{ labels: {}, value }] }];

function valuesOf(snapshot: Snapshot, name: string): readonly (readonly [unknown, number])[] {
  const { values = [] } = snapshot.find((each) => each.name === name) ?? {};
  return values.map(({ labels, value }) => [labels.source ?? null, value]);
}

test("counters of several processes are added, by their labels", () => {
  const all = merged([received({ edr: 2, mail: 1 }), received({ mail: 3 }), received({ siem: 1 })]);
  assert.deepEqual(valuesOf(all, "webhook_received_total"), [
    ["edr", 2],
    ["mail", 4],
    ["siem", 1],
  ]);
});

test("labels are the same in whatever order they stand, and a text is no other than its number", () => {
  const one: Sample = { labels: { le: 1, source: "edr" }, value: 1 };
  const other: Sample = { labels: { source: "edr", le: "1" }, value: 2 };
  const [family] = merged([one, other].map((sample) => [{ name: "webhook_processing_seconds", values: [sample] }]));
  assert.deepEqual(
    family?.values.map(({ value }) => value),
    [3],
  );
});

test("a gauge is what its metric says: the sum, the largest or the smallest", () => {
  const of = (name: Snapshot[number]["name"]): number | undefined =>
    valuesOf(merged([gauge(name, 1), gauge(name, 3), gauge(name, 2)]), name)[0]?.[1];
  assert.equal(of("process_resident_memory_bytes"), 6);
  assert.equal(of("nodejs_eventloop_lag_p99_seconds"), 3);
  assert.equal(of("process_start_time_seconds"), 1);
});

test("the buckets of histograms are added, and of their exemplars the newest stays", () => {
  const seen = (
    counts: readonly number[],
    exemplars: Readonly<Record<number, [traceId: string, at: number]>>,
  ): Snapshot => {
    const cell = {
      labels: { source: "edr", stage: "map" },
      counts,
      sum: counts.length,
      exemplars: Object.fromEntries(
        Object.entries(exemplars).map(([at, [trace_id, timestamp]]) => [
          at,
          { labelSet: { trace_id }, value: 1, timestamp },
        ]),
      ),
    };
    return [{ name: "webhook_processing_seconds", values: [], cells: [cell] }];
  };
  const [family] = merged([
    seen([1, 0, 2], { 0: ["old", 1], 2: ["newest", 9] }),
    seen([0, 1, 3], { 0: ["new", 2], 1: ["only", 1], 2: ["older", 3] }),
    seen([1, 0, 0], {}),
  ]);
  const [cell, ...others] = family?.cells ?? [];
  assert.deepEqual([others, cell?.counts, cell?.sum], [[], [2, 1, 5], 9]);
  assert.deepEqual(
    Object.values(cell?.exemplars ?? {}).map(({ labelSet }) => labelSet.trace_id),
    ["new", "only", "newest"],
  );
});

test("merging changes nothing of what is merged", () => {
  const [one, other] = [received({ edr: 1 }), received({ edr: 2 })];
  merged([one, other]);
  merged([one, other]);
  assert.deepEqual([one, other], [received({ edr: 1 }), received({ edr: 2 })]);
});

test("of an ended process its counters last, and what it was at does not", () => {
  const snapshot = [...received({ edr: 1 }), ...gauge("process_resident_memory_bytes", 9)];
  assert.deepEqual(lasting(snapshot), received({ edr: 1 }));
});

test("what is kept of a source that no process knows any more is dropped", () => {
  const kept = [...received({ edr: 1, gone: 2 }), ...gauge("process_cpu_seconds_total", 3)];
  const left = ofKnownSources(kept, [received({ edr: 0, mail: 0 })]);
  assert.deepEqual(left, [...received({ edr: 1 }), ...gauge("process_cpu_seconds_total", 3)]);
});
