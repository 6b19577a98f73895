import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { NewDelivery, Outcome, Store } from "../../core/store/ports.ts";
import { aDelivery, aDraft, afterNoon, aName, aRefusedDelivery, idAt, incidentsOf, noon } from "./builders.ts";
import { at, claimOne, leaseMs, queued, settling } from "./jobs.ts";
import type { NewPlace } from "./place.ts";

/** A replay: what made no incident goes back into the queue with its bytes, and is worked off as if it had just come. */
export function requeueSuite(newPlace: NewPlace): void {
  describe("a delivery that is put back into the queue", { timeout: 60_000 }, () => {
    for (const outcome of ["rejected", "dead", "ignored"] as const) {
      test(`is due at once with its key and bytes, its attempts and reason forgotten: ${outcome}`, async () => {
        await using place = await newPlace();
        const store = await place.open();
        const delivery = await kept(store, { outcome, body: Uint8Array.from([0, 255, 123]) });
        assert.equal(await store.queue.requeue(delivery.id, at(5_000)), true);

        const waiting = await store.deliveries.get(delivery.id);
        assert.deepEqual(
          [waiting?.outcome, waiting?.code, waiting?.reason, waiting?.details, waiting?.attempts],
          ["queued", null, null, null, 0],
        );
        assert.equal(waiting?.next_attempt_at, afterNoon(5_000));
        assert.equal(waiting?.received_at, noon);
        assert.deepEqual((await store.deliveries.list({ code: "invalid_payload", limit: 10 })).data, []);
        assert.deepEqual(await store.queue.claim(10, at(4_999), leaseMs), []);

        const job = await claimOne(store.queue, at(5_000));
        assert.deepEqual([job.delivery.id, job.key, [...job.body]], [delivery.id, delivery.key, [0, 255, 123]]);
        assert.equal(job.delivery.attempts, 1);
        const incidents = incidentsOf(await store.commits.commit(settling(job)));
        const settled = await store.deliveries.get(delivery.id);
        assert.deepEqual([settled?.outcome, settled?.incidents], ["accepted", incidents]);
        assert.deepEqual([...(settled?.body ?? [])], [0, 255, 123]);
      });
    }

    test("is put back once, however often that is asked for", async () => {
      await using place = await newPlace();
      const store = await place.open();
      const { id } = await kept(store, { outcome: "rejected" });
      const asked = await Promise.all(Array.from({ length: 20 }, () => store.queue.requeue(id, at(0))));
      assert.equal(asked.filter(Boolean).length, 1);
      await store.commits.commit(settling(await claimOne(store.queue, at(0))));
      assert.equal(await store.queue.requeue(id, at(0)), false);
      assert.equal((await store.incidents.list({ limit: 10, includeTests: true })).data.length, 1);
    });

    test("can fail again, and be put back again", async () => {
      await using place = await newPlace();
      const store = await place.open();
      const { id } = await kept(store, { outcome: "rejected" });
      for (const time of [1, 2, 3]) {
        assert.equal(await store.queue.requeue(id, at(0)), true, `time ${time}`);
        const failed = { outcome: "rejected", code: "invalid_payload", reason: `no, ${time}` } as const;
        const work = { ...settling(await claimOne(store.queue, at(0)), failed), drafts: [] };
        assert.deepEqual(await store.commits.commit(work), { kind: "committed", incidents: [] });
        assert.equal((await store.deliveries.get(id))?.reason, `no, ${time}`);
      }
    });

    test("keeps its key: the same event is its duplicate while it waits and afterwards", async () => {
      await using place = await newPlace();
      const store = await place.open();
      const { id, key } = await kept(store, { outcome: "rejected" });
      await store.queue.requeue(id, at(0));
      const meanwhile = await store.commits.commit({ delivery: aDelivery({ key }), drafts: [aDraft()] });
      assert.equal(meanwhile.kind === "duplicate" && meanwhile.original.id, id);
      assert.equal(meanwhile.kind === "duplicate" && meanwhile.original.outcome, "queued");
      await store.commits.commit(settling(await claimOne(store.queue, at(0))));
      const afterwards = await store.commits.commit({ delivery: aDelivery({ key }), drafts: [aDraft()] });
      assert.equal(afterwards.kind === "duplicate" && afterwards.original.id, id);
      assert.equal((await store.incidents.list({ limit: 10, includeTests: true })).data.length, 1);
    });

    test("ends as the duplicate of the one that has taken its key over", async () => {
      await using place = await newPlace();
      const store = await place.open();
      const old = await kept(store, { outcome: "rejected" });
      const other = aDelivery({ key: old.key });
      const incidents = incidentsOf(await store.commits.commit({ delivery: other, drafts: [aDraft()] }));
      assert.equal(await store.queue.requeue(old.id, at(0)), true);
      assert.deepEqual(await store.commits.commit(settling(await claimOne(store.queue, at(0)))), {
        kind: "duplicate",
        original: { id: other.id, outcome: "accepted", reason: null, incidents },
      });
      const settled = await store.deliveries.get(old.id);
      assert.deepEqual([settled?.outcome, settled?.duplicate_of], ["duplicate", other.id]);
      assert.equal(await store.queue.requeue(old.id, at(0)), false);
      assert.equal((await store.incidents.list({ limit: 10, includeTests: true })).data.length, 1);
    });

    test("takes its key back from another that failed as well", async () => {
      await using place = await newPlace();
      const store = await place.open();
      const old = await kept(store, { outcome: "dead" });
      const other = await queued(store, { key: old.key });
      const failed = { outcome: "rejected", code: "invalid_payload" } as const;
      await store.commits.commit({ ...settling(await claimOne(store.queue, at(0)), failed), drafts: [] });
      await store.queue.requeue(old.id, at(0));
      assert.equal((await store.commits.commit(settling(await claimOne(store.queue, at(0))))).kind, "committed");
      const again = await store.commits.commit({ delivery: aDelivery({ key: old.key }), drafts: [] });
      assert.equal(again.kind === "duplicate" && again.original.id, old.id);
      assert.equal((await store.deliveries.get(other.id))?.outcome, "rejected");
    });

    test("is not settled by a worker that had it before", async () => {
      await using place = await newPlace();
      const store = await place.open();
      const { id } = await queued(store);
      const job = await claimOne(store.queue, at(0));
      const dead = { outcome: "dead", code: "internal_error" } as const;
      await store.commits.commit({ ...settling(job, dead), drafts: [] });
      await store.queue.requeue(id, at(0));
      assert.deepEqual(await store.commits.commit(settling(job)), { kind: "lost" });
      assert.equal(await store.queue.retry(id, job.epoch, at(0), { reason: "too late" }), false);
      assert.equal((await store.deliveries.get(id))?.outcome, "queued");
    });

    test("is none of those that made an incident, wait already, or have no bytes", async () => {
      await using place = await newPlace();
      const store = await place.open();
      for (const outcome of ["accepted", "queued"] as const satisfies readonly Outcome[]) {
        const { id } = await kept(store, { outcome });
        const before = await store.deliveries.get(id);
        assert.equal(await store.queue.requeue(id, at(0)), false, outcome);
        assert.deepEqual(await store.deliveries.get(id), before);
      }
      const original = await kept(store, { outcome: "accepted" });
      const duplicate = aDelivery({ key: original.key });
      await store.commits.commit({ delivery: duplicate, drafts: [] });
      const refused = aRefusedDelivery();
      await store.deliveries.recordRefused([refused], 10);
      for (const id of [duplicate.id, refused.id, idAt(noon), "", "nonsense"]) {
        assert.equal(await store.queue.requeue(id, at(0)), false, id);
      }
    });
  });
}

async function kept(store: Store, given: Pick<NewDelivery, "outcome"> & Partial<NewDelivery>): Promise<NewDelivery> {
  const failed = given.outcome === "rejected" || given.outcome === "dead";
  const why = {
    code: "invalid_payload",
    reason: "no",
    details: [{ path: "id", message: "must be a string" }],
  } as const;
  const delivery = aDelivery({ source: aName(), ...(failed && why), ...given });
  assert.equal((await store.commits.commit({ delivery, drafts: [] })).kind, "committed");
  return delivery;
}
