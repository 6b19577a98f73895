import assert from "node:assert/strict";
import { test } from "node:test";
import { createTally, type Tally } from "../../../../core/supervise/tally.ts";
import { merged, type Snapshot } from "../../../../core/telemetry/snapshot.ts";

function counting(received: number, source = "edr"): string {
  return JSON.stringify([
    { name: "webhook_received_total", values: [{ labels: { source }, value: received }] },
    { name: "process_resident_memory_bytes", values: [{ labels: {}, value: 10 }] },
  ] satisfies Snapshot);
}

/** A worker that has counted so many when it is asked. */
function open(tally: Tally, worker: number, received: () => number | undefined, source?: string): void {
  tally.open(worker, () => {
    const now = received();
    if (now !== undefined) queueMicrotask(() => tally.took(worker, counting(now, source)));
  });
}

async function figures(tally: Tally): Promise<Readonly<Record<string, number>>> {
  const all = merged((await tally.gather()).map((each) => JSON.parse(each) as Snapshot));
  return Object.fromEntries(
    all.flatMap(({ name, values }) =>
      values.map(({ labels, value }) => [[name, ...Object.values(labels)].join(" "), value]),
    ),
  );
}

test("all workers are asked, and their sum is what counts", async () => {
  const tally = createTally(() => []);
  open(tally, 0, () => 2);
  open(tally, 1, () => 3);
  const { "webhook_received_total edr": received, thruway_workers: workers } = await figures(tally);
  assert.deepEqual([received, workers], [5, 2]);
});

test("what a worker counted stays when it ends, and what it was does not", async () => {
  const tally = createTally(() => []);
  let first = 2;
  open(tally, 0, () => first);
  open(tally, 1, () => 3);
  await figures(tally);
  tally.ended(0, "stalled");
  const between = await figures(tally);
  assert.deepEqual([between["webhook_received_total edr"], between.process_resident_memory_bytes], [5, 10]);
  first = 1;
  open(tally, 0, () => first);
  const after = await figures(tally);
  assert.deepEqual([after["webhook_received_total edr"], after["thruway_worker_ends_total stalled"]], [6, 1]);
  tally.ended(0, "ended");
  assert.equal((await figures(tally))["webhook_received_total edr"], 6);
});

test("one that says it once more before it stops loses nothing", async () => {
  const tally = createTally(() => []);
  open(tally, 0, () => 2);
  await figures(tally);
  tally.took(0, counting(7));
  tally.ended(0);
  const left = await figures(tally);
  assert.deepEqual([left["webhook_received_total edr"], left["thruway_worker_ends_total ended"]], [7, 0]);
});

test("one that is held up counts with what it said last", async () => {
  const tally = createTally(() => []);
  let answer: number | undefined = 4;
  open(tally, 0, () => answer);
  open(tally, 1, () => 1);
  await figures(tally);
  answer = undefined;
  assert.equal((await figures(tally))["webhook_received_total edr"], 5);
});

test("what is kept of a source goes when no worker knows it any more", async () => {
  const tally = createTally(() => []);
  open(tally, 0, () => 2, "gone");
  await figures(tally);
  tally.ended(0, "ended");
  open(tally, 0, () => 1);
  await figures(tally);
  tally.ended(0, "ended");
  assert.equal((await figures(tally))["webhook_received_total gone"], undefined);
});
