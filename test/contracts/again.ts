import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { aCommit, aDelivery, aDraft, aName, incidentsOf, madeBy, times } from "./builders.ts";
import { at, claimOne, settling } from "./jobs.ts";
import { type NewPlace, sharedStore, twoGateways } from "./place.ts";

/** A commit that is made again because its answer was lost: it is told what became of it, and makes nothing twice. */
export function againSuite(newPlace: NewPlace): void {
  describe("a commit made again", { timeout: 60_000 }, () => {
    const shared = sharedStore(newPlace);
    const commit: typeof shared.store.commits.commit = (work) => shared.store.commits.commit(work);

    test("is told its incidents, and counts nothing twice", async () => {
      const source = aName();
      const drafts = [aDraft({ source, external_id: "a" }), aDraft({ source })];
      const work = { delivery: aDelivery({ source }), drafts };
      const first = await commit(work);
      // Reading waits until all of it is there.
      await shared.store.deliveries.get(work.delivery.id);
      assert.deepEqual(await commit(work), first);
      const { data } = await shared.store.incidents.list({ source, limit: 10, includeTests: true });
      assert.deepEqual(
        data.map(({ occurrences, deliveries }) => [occurrences, deliveries]),
        times(2, () => [1, [work.delivery.id]]),
      );
      assert.equal((await shared.store.deliveries.list({ source, limit: 10 })).data.length, 1);
    });

    test("does not undo what later alerts changed", async () => {
      const source = aName();
      const first = aCommit({ source }, { external_id: "a", severity: "low", title: "before" });
      await commit(first);
      await shared.store.deliveries.get(first.delivery.id);
      const later = await commit(aCommit({ source }, { external_id: "a", severity: "high", title: "after" }));
      const before = await madeBy(later, shared.store.incidents);
      await commit(first);
      assert.deepEqual(await madeBy(later, shared.store.incidents), before);
      assert.equal(before.occurrences, 2);
    });

    test("is told the original where it was a duplicate", async () => {
      const original = aCommit();
      const incidents = incidentsOf(await commit(original));
      const duplicate = aCommit({ key: original.delivery.key });
      const told = {
        kind: "duplicate",
        original: { id: original.delivery.id, outcome: "accepted", reason: null, incidents },
      };
      assert.deepEqual(await commit(duplicate), told);
      await shared.store.deliveries.get(duplicate.delivery.id);
      assert.deepEqual(await commit(duplicate), told);
      assert.equal(await shared.store.incidents.get(duplicate.drafts[0]?.id ?? ""), undefined);
    });

    for (const outcome of ["ignored", "rejected", "dead", "queued"] as const) {
      test(`is told nothing new where it was ${outcome}`, async () => {
        const delivery = aDelivery({ outcome, code: outcome === "rejected" ? "invalid_payload" : null, reason: "why" });
        const work = { delivery, drafts: [] };
        assert.deepEqual(await commit(work), { kind: "committed", incidents: [] });
        const before = await shared.store.deliveries.get(delivery.id);
        assert.deepEqual(await commit(work), { kind: "committed", incidents: [] });
        assert.deepEqual(await shared.store.deliveries.get(delivery.id), before);
      });
    }

    test("is told what a worker has made of it in the meantime", async () => {
      await using place = await newPlace();
      const store = await place.open();
      const delivery = aDelivery({ outcome: "queued" });
      await store.commits.commit({ delivery, drafts: [] });
      const settled = await store.commits.commit(settling(await claimOne(store.queue, at(0))));
      assert.equal(incidentsOf(settled).length, 1);
      assert.deepEqual(await store.commits.commit({ delivery, drafts: [] }), settled);
    });

    test("is told what a worker has made of it, also under the key that it got then", async () => {
      await using place = await newPlace();
      const store = await place.open();
      const delivery = aDelivery({ outcome: "queued" });
      await store.commits.commit({ delivery, drafts: [] });
      const work = settling(await claimOne(store.queue, at(0)), { key: `event of ${aName()}` });
      const settled = await store.commits.commit(work);
      const { claim: _, ...again } = work;
      assert.deepEqual(await store.commits.commit(again), settled);
      assert.deepEqual(await store.commits.commit({ delivery, drafts: [] }), settled);
    });

    test("does not take a delivery away from the worker that has it", async () => {
      await using place = await newPlace();
      const store = await place.open();
      const delivery = aDelivery({ outcome: "queued" });
      await store.commits.commit({ delivery, drafts: [] });
      const job = await claimOne(store.queue, at(0));
      await store.commits.commit({ delivery, drafts: [] });
      assert.deepEqual(await store.queue.claim(10, at(1), 1_000), []);
      assert.equal(incidentsOf(await store.commits.commit(settling(job))).length, 1);
    });

    test("twenty times at once, by two gateways, makes nothing twice", async () => {
      await using place = await newPlace();
      const gateway = await twoGateways(place);
      const works = times(10, (index) => aCommit({}, { external_id: index % 2 === 0 ? "noisy" : null }));
      await Promise.all(times(20, (time) => Promise.all(works.map((work) => gateway(time).commits.commit(work)))));
      for (const index of [0, 1]) await gateway(index).deliveries.list({ limit: 1 });
      const store = await place.open();
      const { data } = await store.incidents.list({ limit: 200, includeTests: true });
      assert.deepEqual(
        data.map(({ occurrences }) => occurrences).toSorted((one, other) => one - other),
        [1, 1, 1, 1, 1, 5],
      );
      const deliveries = await store.deliveries.list({ limit: 200 });
      assert.equal(deliveries.data.length, 10);
    });
  });
}
