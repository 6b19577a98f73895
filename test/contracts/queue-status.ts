import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { aCommit, aDelivery, afterNoon, noon, times } from "./builders.ts";
import { at, claimOne, leaseMs, queued, settling } from "./jobs.ts";
import type { NewPlace } from "./place.ts";

/** What an operator is told of the queue. */
export function queueStatusSuite(newPlace: NewPlace): void {
  describe("the state of the queue", { timeout: 60_000 }, () => {
    test("is nothing where nothing waits, whatever else is stored", async () => {
      await using place = await newPlace();
      const store = await place.open();
      const nothing = { depth: 0, due: 0, oldest_received_at: null, settled_last_minute: 0 };
      assert.deepEqual(await store.queue.status(at(0)), nothing);
      await Promise.all(times(5, () => store.commits.commit(aCommit())));
      for (const outcome of ["ignored", "rejected", "dead"] as const) {
        await store.commits.commit({ delivery: aDelivery({ outcome }), drafts: [] });
      }
      assert.deepEqual(await store.queue.status(at(0)), nothing);
    });

    test("counts what waits, what is due of it, and names the oldest", async () => {
      await using place = await newPlace();
      const store = await place.open();
      for (const time of [2_000, 1_000, 3_000]) await queued(store, { received_at: afterNoon(time) });
      assert.deepEqual(await store.queue.status(at(5_000)), {
        depth: 3,
        due: 3,
        oldest_received_at: afterNoon(1_000),
        settled_last_minute: 0,
      });

      const [job] = await store.queue.claim(1, at(5_000), leaseMs);
      assert.ok(job);
      assert.deepEqual(await counts(), [3, 2]);
      await store.queue.retry(job.delivery.id, job.epoch, at(9_000), { reason: "later" });
      assert.deepEqual(await counts(), [3, 2]);
      assert.equal((await store.queue.status(at(9_000))).due, 3);

      async function counts(): Promise<readonly number[]> {
        const { depth, due } = await store.queue.status(at(5_000));
        return [depth, due];
      }
    });

    test("counts what workers settled in the last minute, and not what the intake did", async () => {
      await using place = await newPlace();
      const store = await place.open();
      await store.commits.commit(aCommit());
      const ends = [{ outcome: "accepted" }, { outcome: "rejected", code: "invalid_payload" }] as const;
      for (const [index, end] of ends.entries()) {
        await queued(store);
        const work = settling(await claimOne(store.queue, at(0)), end);
        const claim = { epoch: work.claim?.epoch ?? 0, at: at(index * 30_000) };
        await store.commits.commit({ ...work, claim });
      }
      const settled = async (now: number): Promise<number> => (await store.queue.status(at(now))).settled_last_minute;
      assert.equal(await settled(30_000), 2);
      assert.equal(await settled(59_999), 2);
      assert.equal(await settled(60_000), 1);
      assert.equal(await settled(90_000), 0);
    });

    test("counts a delivery that is put back as waiting, and no longer as settled", async () => {
      await using place = await newPlace();
      const store = await place.open();
      const { id } = await queued(store);
      const failed = { outcome: "rejected", code: "invalid_payload" } as const;
      await store.commits.commit({ ...settling(await claimOne(store.queue, at(0)), failed), drafts: [] });
      assert.deepEqual(await state(), [0, 1]);
      await store.queue.requeue(id, at(1_000));
      assert.deepEqual(await state(), [1, 0]);
      assert.equal((await store.queue.status(at(1_000))).oldest_received_at, noon);

      async function state(): Promise<readonly number[]> {
        const { depth, settled_last_minute: settled } = await store.queue.status(at(1_000));
        return [depth, settled];
      }
    });
  });
}
