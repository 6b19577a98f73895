import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Store } from "../../core/store/ports.ts";
import { aCommit, aDelivery, afterNoon, aRefusedDelivery, aSource, madeBy, noon, times } from "./builders.ts";
import type { NewPlace } from "./place.ts";

/** Opening and closing: what was acknowledged is there again, and nothing is promised after the end. */
export function lifetimeSuite(newPlace: NewPlace): void {
  describe("a store's life", { timeout: 60_000 }, () => {
    test("an open store says that it can write", async () => {
      await using place = await newPlace();
      await (await place.open()).check();
    });

    test("an empty store has nothing", async () => {
      await using place = await newPlace();
      const store = await place.open();
      assert.deepEqual(await store.deliveries.list({ limit: 50 }), { data: [], next: undefined });
      assert.deepEqual(await store.incidents.list({ limit: 50, includeTests: true }), { data: [], next: undefined });
      assert.deepEqual(await store.sources.all(), []);
      assert.deepEqual(await store.queue.claim(10, new Date(noon), 1_000), []);
    });

    test("gateways that start at once on an empty place all find it ready", async () => {
      await using place = await newPlace();
      const stores = await Promise.all(times(4, () => place.open()));
      await Promise.all(stores.map((store) => store.check()));
      await Promise.all(stores.map((store) => store.commits.commit(aCommit())));
      assert.equal((await stores[0]?.deliveries.list({ limit: 50 }))?.data.length, 4);
    });

    test("a store that is opened again has everything that it had", async () => {
      await using place = await newPlace();
      const store = await place.open();
      const work = aCommit({ body: Uint8Array.from([0, 1, 254, 255]) }, { external_id: "alert-1" });
      const { number } = await madeBy(await store.commits.commit(work), store.incidents);
      await store.commits.commit(aCommit({ key: work.delivery.key }));
      await store.deliveries.recordRefused([aRefusedDelivery()], 10);
      await store.sources.add(aSource({ source: "kept" }));
      await store.tokens.put({ id: "Abc123", name: "admin", hash: "0".repeat(64), created_at: noon });
      const before = await everything(store);
      await store.close();

      const again = await place.open();
      assert.deepEqual(await everything(again), before);
      assert.equal((await again.tokens.get("Abc123"))?.name, "admin");
      assert.deepEqual([...((await again.deliveries.get(work.delivery.id))?.body ?? [])], [0, 1, 254, 255]);
      assert.equal((await again.commits.commit(aCommit({ key: work.delivery.key }))).kind, "duplicate");
      const update = await again.commits.commit(aCommit({}, { external_id: "alert-1" }));
      assert.equal((await madeBy(update, again.incidents)).number, number);
    });

    test("a lease outlives the store that gave it", async () => {
      await using place = await newPlace();
      const store = await place.open();
      await store.commits.commit({ delivery: aDelivery({ outcome: "queued" }), drafts: [] });
      const [job] = await store.queue.claim(1, new Date(noon), 1_000);
      await store.close();

      const again = await place.open();
      assert.deepEqual(await again.queue.claim(1, new Date(afterNoon(999)), 1_000), []);
      const [next] = await again.queue.claim(1, new Date(afterNoon(1_000)), 1_000);
      assert.equal(next?.delivery.id, job?.delivery.id);
      assert.ok(next && job && next.epoch > job.epoch);
    });

    test("a close finishes what is under way", async () => {
      await using place = await newPlace();
      const store = await place.open();
      const works = times(1_000, () => aCommit({}, { external_id: "alert-1" }));
      const committing = Promise.allSettled(works.map((work) => store.commits.commit(work)));
      const reading = Promise.allSettled(times(20, () => store.incidents.list({ limit: 1, includeTests: true })));
      await store.close();

      const failed = [...(await committing), ...(await reading)].filter(({ status }) => status === "rejected");
      assert.equal(failed.length, 0, `${failed.length} of what was asked before the close were refused`);
      const { data } = await (await place.open()).incidents.list({ limit: 10, includeTests: true });
      assert.equal(data[0]?.occurrences, 1_000);
    });

    test("after a close, everything is refused with a reason", async () => {
      await using place = await newPlace();
      const store = await place.open();
      await store.close();
      const late = [
        () => store.commits.commit(aCommit()),
        () => store.deliveries.get("any"),
        () => store.deliveries.list({ limit: 1 }),
        () => store.deliveries.recordRefused([aRefusedDelivery()], 10),
        () => store.queue.claim(1, new Date(noon), 1_000),
        () => store.incidents.get("any"),
        () => store.sources.all(),
        () => store.tokens.get("any"),
        () => store.check(),
      ];
      for (const ask of late) await assert.rejects(ask, (error) => error instanceof Error && error.message !== "");
      const { data } = await (await place.open()).deliveries.list({ limit: 10 });
      assert.deepEqual(data, []);
    });

    test("a store can be closed twice", async () => {
      await using place = await newPlace();
      const store = await place.open();
      await Promise.all([store.close(), store.close()]);
      await store.close();
    });
  });
}

async function everything({ deliveries, incidents, sources }: Store): Promise<readonly unknown[]> {
  return [
    await deliveries.list({ limit: 200 }),
    await incidents.list({ limit: 200, includeTests: true }),
    await sources.all(),
  ];
}
