import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { Refusal } from "../../../../core/errors.ts";
import { groupCommit } from "../../../../core/store/group-commit.ts";
import { times } from "../../../contracts/builders.ts";

/** A disk that writes when it is told to, and keeps what it wrote. */
function aDisk(): {
  readonly write: (batch: readonly number[]) => Promise<readonly string[]>;
  readonly batches: (readonly number[])[];
  /** Ends the write that is under way, with this error if there is one. */
  finish(failure?: Error): Promise<void>;
} {
  const batches: (readonly number[])[] = [];
  let settle = Promise.withResolvers<void>();
  return {
    batches,
    async write(batch) {
      batches.push(batch);
      await settle.promise;
      return batch.map((item) => `result of ${item}`);
    },
    async finish(failure) {
      const ending = settle;
      settle = Promise.withResolvers<void>();
      if (failure === undefined) ending.resolve();
      else ending.reject(failure);
      await new Promise(setImmediate);
    },
  };
}

test("the first of a quiet moment goes at once, and what comes meanwhile shares the next", async () => {
  const disk = aDisk();
  const commit = groupCommit(disk.write);
  const all = [1, 2, 3, 4].map(commit);
  assert.deepEqual(disk.batches, [[1]]);
  await disk.finish();
  assert.deepEqual(disk.batches, [[1], [2, 3, 4]]);
  await disk.finish();
  assert.deepEqual(await Promise.all(all), ["result of 1", "result of 2", "result of 3", "result of 4"]);
});

test("each batch is told of, before its items are, and whether it was written", async () => {
  const disk = aDisk();
  const told: (readonly [readonly number[], boolean])[] = [];
  const commit = groupCommit(disk.write, (batch, { ok, ms }) => {
    assert.ok(ms >= 0);
    told.push([batch, ok]);
  });
  const first = commit(1).then((result) => [result, told.length]);
  const second = commit(2);
  await disk.finish();
  assert.deepEqual(await first, ["result of 1", 1]);
  const failing = assert.rejects(second, /full/);
  await disk.finish(new Error("the disk is full"));
  await failing;
  assert.deepEqual(told, [
    [[1], true],
    [[2], false],
  ]);
});

test("nothing is told before it is written", async () => {
  const disk = aDisk();
  let told = false;
  async function tell(): Promise<void> {
    await groupCommit(disk.write)(1);
    told = true;
  }
  const telling = tell();
  await new Promise(setImmediate);
  assert.equal(told, false);
  await disk.finish();
  await telling;
  assert.equal(told, true);
});

test("after a quiet moment the next goes at once again", async () => {
  const disk = aDisk();
  const commit = groupCommit(disk.write);
  for (const item of [1, 2]) {
    const committing = commit(item);
    await disk.finish();
    assert.equal(await committing, `result of ${item}`);
  }
  assert.deepEqual(disk.batches, [[1], [2]]);
});

test("a batch is bounded, and one is under way at a time", async () => {
  let underWay = 0;
  const sizes: number[] = [];
  const commit = groupCommit(async (batch: readonly number[]) => {
    underWay += 1;
    assert.equal(underWay, 1);
    sizes.push(batch.length);
    await new Promise(setImmediate);
    underWay -= 1;
    return batch;
  });
  const items = times(1_000, (index) => index);
  assert.deepEqual(await Promise.all(items.map(commit)), items);
  assert.deepEqual(sizes, [1, 256, 256, 256, 231]);
});

test("a write that fails fails its batch and no other", async () => {
  const disk = aDisk();
  const commit = groupCommit(disk.write);
  const settling = Promise.allSettled([1, 2, 3].map(commit));
  await disk.finish();
  const error = new Error("disk full");
  const next = disk.finish(error);
  const later = commit(4);
  await next;
  await disk.finish();
  const [first, ...failed] = await settling;
  assert.deepEqual(first, { status: "fulfilled", value: "result of 1" });
  for (const each of failed) assert.deepEqual(each, { status: "rejected", reason: error });
  assert.equal(await later, "result of 4");
});

test("a write that throws before it waits fails its batch alike", async () => {
  const commit = groupCommit<number, number>(() => {
    throw new Error("cannot be written down");
  });
  for (const item of [1, 2]) await assert.rejects(commit(item), /cannot be written down/);
});

test("a store that does not keep up tells senders to come back", async () => {
  const disk = aDisk();
  const commit = groupCommit(disk.write);
  const settling = Promise.allSettled(times(10_001, commit));
  await assert.rejects(commit(0), (error) => {
    assert.ok(error instanceof Refusal);
    assert.equal(error.code, "store_unavailable");
    assert.ok((error.retryAfterSeconds ?? 0) > 0);
    return true;
  });
  while (disk.batches.flat().length < 10_001) await disk.finish();
  await disk.finish();
  const settled = await settling;
  assert.ok(settled.every(({ status }) => status === "fulfilled"));
});

test("whenever items come, each has its own result, once, in its order", async () => {
  const arrivals = fc.array(fc.array(fc.nat(), { maxLength: 20 }), { maxLength: 20 });
  await fc.assert(
    fc.asyncProperty(arrivals, async (bursts) => {
      const written: number[] = [];
      const commit = groupCommit(async (batch: readonly number[]) => {
        await new Promise(setImmediate);
        written.push(...batch);
        return batch.map((item) => ({ item }));
      });
      const results: Promise<{ readonly item: number }>[] = [];
      for (const burst of bursts) {
        results.push(...burst.map(commit));
        await new Promise(setImmediate);
      }
      assert.deepEqual(
        (await Promise.all(results)).map(({ item }) => item),
        bursts.flat(),
      );
      assert.deepEqual(written, bursts.flat());
    }),
    { numRuns: 50 },
  );
});
