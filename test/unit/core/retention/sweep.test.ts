import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { setImmediate } from "node:timers/promises";
import pino from "pino";
import type { RetentionPolicy } from "../../../../core/retention/policy.ts";
import { type Sweeper, startSweeper } from "../../../../core/retention/sweep.ts";
import { noon } from "../builders.ts";

interface Given {
  /** How many old ones there are. */
  readonly deliveries?: number;
  readonly incidents?: number;
  readonly onBatch?: () => void;
  readonly fails?: boolean;
}

interface Swept {
  readonly sweeper: Sweeper;
  readonly left: { deliveries: number; incidents: number };
  /** What was asked for, in order: `deliveries 2025-10-17 200`. */
  readonly asked: readonly string[];
  readonly logged: readonly Readonly<Record<string, unknown>>[];
}

/** A sweeper over stores that hold so many old things. */
function aSweeper(t: TestContext, { onBatch, fails = false, ...given }: Given = {}): Swept {
  const left = { deliveries: 0, incidents: 0, ...given };
  const asked: string[] = [];
  const logged: Readonly<Record<string, unknown>>[] = [];
  const store = (kind: "deliveries" | "incidents"): { prune(before: Date, limit: number): Promise<number> } => ({
    prune(before, limit) {
      if (fails) return Promise.reject(new Error("disk I/O error"));
      asked.push(`${kind} ${before.toISOString().slice(0, 10)} ${limit}`);
      onBatch?.();
      const removed = Math.min(limit, left[kind]);
      left[kind] -= removed;
      return Promise.resolve(removed);
    },
  });
  const log = pino({ base: null, timestamp: false }, { write: (line: string) => void logged.push(JSON.parse(line)) });
  const dependencies = { deliveries: store("deliveries"), incidents: store("incidents") };
  const sweeper = startSweeper({ ...dependencies, log, now: () => noon, clock: () => 0 });
  t.after(() => sweeper.close());
  return { sweeper, left, asked, logged };
}

test("what is older than its days is removed in batches until there is none, and counted in the log", async (t) => {
  const { sweeper, left, asked, logged } = aSweeper(t, { deliveries: 450, incidents: 10 });
  sweeper.keep({ deliveries: 90, incidents: 365 });
  await sweeper.sweep();
  assert.deepEqual(left, { deliveries: 0, incidents: 0 });
  assert.deepEqual(asked, [
    ...Array(4).fill("deliveries 2025-10-17 200"),
    ...Array(2).fill("incidents 2025-01-15 200"),
  ]);
  assert.deepEqual(logged, [{ level: 30, deliveries: 450, incidents: 10, msg: "Removed what was kept long enough" }]);
});

test("without a policy deliveries go after 90 days, and incidents never", async (t) => {
  const { sweeper, left, asked } = aSweeper(t, { deliveries: 1, incidents: 1 });
  await sweeper.sweep();
  assert.deepEqual(left, { deliveries: 0, incidents: 1 });
  assert.deepEqual(new Set(asked), new Set(["deliveries 2025-10-17 200"]));
});

test("what is switched off is not asked for, and nothing removed is nothing logged", async (t) => {
  const { sweeper, asked, logged } = aSweeper(t, { deliveries: 5, incidents: 5 });
  sweeper.keep({ deliveries: null, incidents: null });
  await sweeper.sweep();
  assert.deepEqual([asked, logged], [[], []]);
});

test("switching it off ends a sweep that is under way", async (t) => {
  const off: RetentionPolicy = { deliveries: null, incidents: null };
  const swept: Swept = aSweeper(t, { deliveries: 1_000, onBatch: () => swept.sweeper.keep(off) });
  await swept.sweeper.sweep();
  assert.equal(swept.left.deliveries, 800);
});

test("a stop ends a sweep after its batch", async (t) => {
  const swept: Swept = aSweeper(t, { deliveries: 1_000, onBatch: () => void swept.sweeper.close() });
  await swept.sweeper.sweep();
  assert.equal(swept.left.deliveries, 800);
  await swept.sweeper.sweep();
  assert.equal(swept.asked.length, 1);
});

test("one sweep is under way at a time", async (t) => {
  const { sweeper, asked } = aSweeper(t, { deliveries: 1 });
  await Promise.all([sweeper.sweep(), sweeper.sweep(), sweeper.sweep()]);
  assert.equal(asked.length, 2);
});

test("a store that fails is logged, and the next sweep tries again", async (t) => {
  const { sweeper, logged } = aSweeper(t, { fails: true });
  await sweeper.sweep();
  await sweeper.sweep();
  assert.deepEqual(
    logged.map(({ level, msg }) => [level, msg]),
    Array(2).fill([50, "What was kept long enough could not be removed"]),
  );
});

test("the first sweep is a minute after the start, the others every hour", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout", "setInterval"] });
  const { asked } = aSweeper(t);
  t.mock.timers.tick(59_999);
  assert.equal(asked.length, 0);
  t.mock.timers.tick(1);
  assert.equal(asked.length, 1);
  for (const hour of [1, 2]) {
    await setImmediate();
    t.mock.timers.tick(hour === 1 ? 3_540_000 : 3_600_000);
    assert.equal(asked.length, 1 + hour);
  }
});
