import assert from "node:assert/strict";
import { describe, test } from "node:test";
import {
  aCommit,
  aDelivery,
  aDraft,
  afterNoon,
  aName,
  aRefusedDelivery,
  incidentsOf,
  madeBy,
  times,
} from "./builders.ts";
import { at, claimOne, queued, settling } from "./jobs.ts";
import type { NewPlace } from "./place.ts";

/** What retention removes: old deliveries with their keys, old incidents with their links, and nothing that is still needed. */
export function pruneSuite(newPlace: NewPlace): void {
  describe("pruning deliveries", { timeout: 60_000 }, () => {
    test("removes those received before a time, the oldest first, and no more than asked for", async () => {
      await using place = await newPlace();
      const store = await place.open();
      const works = times(10, (index) => aCommit({ received_at: afterNoon(index) }));
      await Promise.all(works.map((work) => store.commits.commit(work)));
      const left = async (): Promise<readonly string[]> => {
        const { data } = await store.deliveries.list({ limit: 200 });
        return data.map(({ id }) => id).toReversed();
      };
      const ids = works.map(({ delivery }) => delivery.id);

      assert.equal(await store.deliveries.prune(at(8), 3), 3);
      assert.deepEqual(await left(), ids.slice(3));
      assert.equal(await store.deliveries.prune(at(8), 100), 5);
      assert.deepEqual(await left(), ids.slice(8));
      assert.equal(await store.deliveries.prune(at(8), 100), 0);
      assert.equal(await store.deliveries.get(ids[0] ?? ""), undefined);
    });

    test("removes every outcome but queued", async () => {
      await using place = await newPlace();
      const store = await place.open();
      const waiting = await queued(store);
      const original = aCommit();
      await store.commits.commit(original);
      await store.commits.commit({ delivery: aDelivery({ key: original.delivery.key }), drafts: [] });
      for (const outcome of ["ignored", "rejected", "dead"] as const) {
        await store.commits.commit({ delivery: aDelivery({ outcome }), drafts: [] });
      }
      await store.deliveries.recordRefused([aRefusedDelivery()], 10);
      assert.equal((await store.deliveries.list({ limit: 200 })).data.length, 7);
      assert.equal(await store.deliveries.prune(at(60_000), 100), 6);
      const { data } = await store.deliveries.list({ limit: 200 });
      assert.deepEqual(
        data.map(({ id }) => id),
        [waiting.id],
      );
      assert.equal((await claimOne(store.queue, at(0))).delivery.id, waiting.id);
    });

    test("removes their keys: the same event again is a new one", async () => {
      await using place = await newPlace();
      const store = await place.open();
      const { key } = await queued(store);
      const event = `event of ${aName()}`;
      await store.commits.commit(settling(await claimOne(store.queue, at(0)), { key: event }));
      const duplicate = aDelivery({ key: event });
      await store.commits.commit({ delivery: duplicate, drafts: [] });
      assert.equal(await store.deliveries.prune(at(60_000), 100), 2);
      for (const old of [key, event]) {
        const anew = aCommit({ key: old, received_at: afterNoon(60_000) });
        assert.equal((await store.commits.commit(anew)).kind, "committed");
        const again = await store.commits.commit(aCommit({ key: old, received_at: afterNoon(60_000) }));
        assert.equal(again.kind === "duplicate" && again.original.id, anew.delivery.id);
      }
    });

    test("leaves the key that another delivery has taken over to that one", async () => {
      await using place = await newPlace();
      const store = await place.open();
      const old = aDelivery({ outcome: "rejected", code: "invalid_payload" });
      await store.commits.commit({ delivery: old, drafts: [] });
      const anew = aCommit({ key: old.key, received_at: afterNoon(60_000) });
      await store.commits.commit(anew);
      assert.equal(await store.deliveries.prune(at(30_000), 100), 1);
      const again = await store.commits.commit(aCommit({ key: old.key }));
      assert.equal(again.kind === "duplicate" && again.original.id, anew.delivery.id);
    });

    test("leaves the incidents that they made, with their count", async () => {
      await using place = await newPlace();
      const store = await place.open();
      const result = await store.commits.commit(aCommit({}, { external_id: "a" }));
      const before = await madeBy(result, store.incidents);
      await store.deliveries.prune(at(60_000), 100);
      assert.deepEqual(await madeBy(result, store.incidents), before);
      const later = aCommit({ received_at: afterNoon(60_000) }, { external_id: "a", created_at: afterNoon(60_000) });
      assert.equal((await madeBy(await store.commits.commit(later), store.incidents)).occurrences, 2);
    });

    test("goes on beside an intake, and loses none of what comes", async () => {
      await using place = await newPlace();
      const store = await place.open();
      await Promise.all(times(200, () => store.commits.commit(aCommit())));
      const later = times(200, (index) => aCommit({ received_at: afterNoon(60_000 + index) }));
      const [pruned, results] = await Promise.all([
        Promise.all(times(4, () => store.deliveries.prune(at(60_000), 50))),
        Promise.all(later.map((work) => store.commits.commit(work))),
      ]);
      while ((await store.deliveries.prune(at(60_000), 50)) > 0) pruned.push(0);
      assert.deepEqual(new Set(results.map(({ kind }) => kind)), new Set(["committed"]));
      const { data } = await store.deliveries.list({ limit: 200 });
      assert.deepEqual(
        data.map(({ id }) => id),
        later.map(({ delivery }) => delivery.id).toReversed(),
      );
    });
  });

  describe("pruning incidents", { timeout: 60_000 }, () => {
    test("removes those that nothing has changed since a time, the oldest first, and no more than asked for", async () => {
      await using place = await newPlace();
      const store = await place.open();
      const made = [];
      for (const index of times(6, (index) => index)) {
        const draft = { external_id: `alert-${index}`, created_at: afterNoon(index) };
        made.push(...incidentsOf(await store.commits.commit(aCommit({ received_at: afterNoon(index) }, draft))));
      }
      // The second is old, and yet something has just changed it.
      const change = aCommit(
        { received_at: afterNoon(60_000) },
        { external_id: "alert-1", created_at: afterNoon(60_000) },
      );
      await store.commits.commit(change);
      const left = async (): Promise<readonly string[]> => {
        const { data } = await store.incidents.list({ limit: 200, includeTests: true });
        return data.map(({ id }) => id).toReversed();
      };
      const ids = made.map(({ incident_id }) => incident_id);

      assert.equal(await store.incidents.prune(at(5), 2), 2);
      assert.deepEqual(await left(), [ids[1], ids[3], ids[4], ids[5]]);
      assert.equal(await store.incidents.prune(at(5), 100), 2);
      assert.deepEqual(await left(), [ids[1], ids[5]]);
      assert.equal(await store.incidents.prune(at(5), 100), 0);
      assert.equal(await store.incidents.get(made[0]?.incident_number ?? ""), undefined);
    });

    test("an alert about one that is gone makes a new one, under a new number", async () => {
      await using place = await newPlace();
      const store = await place.open();
      const [old] = incidentsOf(await store.commits.commit(aCommit({}, { external_id: "a" })));
      assert.equal(await store.incidents.prune(at(60_000), 100), 1);
      const draft = { external_id: "a", created_at: afterNoon(60_000) };
      const anew = await madeBy(await store.commits.commit(aCommit({}, draft)), store.incidents);
      assert.equal(anew.occurrences, 1);
      assert.notEqual(anew.number, old?.incident_number);
    });

    test("a delivery still names the incident that it made", async () => {
      await using place = await newPlace();
      const store = await place.open();
      const work = { delivery: aDelivery(), drafts: [aDraft()] };
      const refs = incidentsOf(await store.commits.commit(work));
      await store.deliveries.get(work.delivery.id);
      await store.incidents.prune(at(60_000), 100);
      assert.deepEqual((await store.deliveries.get(work.delivery.id))?.incidents, refs);
    });
  });
}
