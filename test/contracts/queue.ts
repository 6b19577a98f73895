import assert from "node:assert/strict";
import { afterEach, describe, test } from "node:test";
import type { Store } from "../../core/store/ports.ts";
import { aDelivery, aDraft, afterNoon, aName, incidentsOf, noon, times } from "./builders.ts";
import { at, claimOne, idsOf, leaseMs, queued, settling } from "./jobs.ts";
import { type NewPlace, sharedStore, twoGateways } from "./place.ts";

/** Deliveries that wait: each is worked off by one worker at a time, and never by one that lost its lease. */
export function queueSuite(newPlace: NewPlace): void {
  describe("the queue", { timeout: 60_000 }, () => {
    const shared = sharedStore(newPlace);

    // Everybody claims from one queue: what a test leaves there is settled after it.
    afterEach(async () => {
      const { queue, commits } = shared.store;
      const left = await queue.claim(1_000, at(leaseMs * 100), leaseMs);
      const dead = left.map((job) => ({ ...settling(job, { outcome: "dead" }), drafts: [] }));
      await Promise.all(dead.map((work) => commits.commit(work)));
    });

    test("what is claimed comes with its key, its bytes and its record", async () => {
      const { store } = shared;
      const delivery = await queued(store, { body: Uint8Array.from([0, 255, 10, 0]), reason: "the mapper failed" });
      const job = await claimOne(store.queue, at(0));
      assert.equal(job.key, delivery.key);
      assert.deepEqual([...job.body], [0, 255, 10, 0]);
      const { body: _, ...record } = (await store.deliveries.get(delivery.id)) ?? {};
      assert.deepEqual(job.delivery, record);
      assert.equal(job.delivery.reason, "the mapper failed");
      assert.equal(job.delivery.attempts, 1);
    });

    test("a queued delivery shows when it is due", async () => {
      const { store } = shared;
      const { id, source } = await queued(store);
      assert.equal((await store.deliveries.get(id))?.next_attempt_at, noon);
      assert.equal((await store.deliveries.list({ source, limit: 1 })).data[0]?.next_attempt_at, noon);
    });

    test("only queued deliveries are claimed", async () => {
      const { store } = shared;
      for (const outcome of ["accepted", "ignored", "rejected", "dead"] as const) await queued(store, { outcome });
      assert.deepEqual(await store.queue.claim(10, at(0), leaseMs), []);
    });

    test("the oldest due comes first, and no more than asked for", async () => {
      const { store } = shared;
      const deliveries = [];
      for (const index of [3, 1, 4, 0, 2]) deliveries.push(await queued(store, { received_at: afterNoon(index) }));
      const ids = deliveries.map(({ id }) => id).toSorted();
      assert.deepEqual(idsOf(await store.queue.claim(2, at(10), leaseMs)).toSorted(), ids.slice(0, 2));
      assert.deepEqual(idsOf(await store.queue.claim(200, at(10), leaseMs)).toSorted(), ids.slice(2));
    });

    test("what was given back comes when it is due, and not by its age", async () => {
      const { store } = shared;
      const older = await queued(store, { received_at: afterNoon(0) });
      const younger = await queued(store, { received_at: afterNoon(1) });
      for (const { delivery, epoch } of await store.queue.claim(2, at(1), leaseMs)) {
        await store.queue.retry(delivery.id, epoch, at(delivery.id === older.id ? 2_000 : 1_000), { reason: "later" });
      }
      assert.deepEqual(idsOf(await store.queue.claim(1, at(5_000), leaseMs)), [younger.id]);
      assert.deepEqual(idsOf(await store.queue.claim(1, at(5_000), leaseMs)), [older.id]);
    });

    test("64 workers claim 500 deliveries, and none of them twice", async () => {
      const { store } = shared;
      const ids = await fill(store, 500);
      assert.deepEqual((await claimAll(() => store, 64)).toSorted(), ids);
    });

    test("the workers of two gateways on one store claim no delivery twice", async () => {
      await using place = await newPlace();
      const gateway = await twoGateways(place);
      const ids = await fill(gateway(0), 200);
      assert.deepEqual((await claimAll(gateway, 16)).toSorted(), ids);
    });

    test("nobody else gets a delivery before its lease has run out", async () => {
      const { store } = shared;
      await queued(store);
      const first = await claimOne(store.queue, at(0));
      for (const later of [0, 1, leaseMs - 1]) assert.deepEqual(await store.queue.claim(10, at(later), leaseMs), []);
      const second = await claimOne(store.queue, at(leaseMs));
      assert.equal(second.delivery.id, first.delivery.id);
      assert.ok(second.epoch > first.epoch);
      assert.equal(second.delivery.attempts, 2);
    });

    test("a settled delivery has its incidents, and is not claimed again", async () => {
      const { store } = shared;
      const delivery = await queued(store);
      const job = await claimOne(store.queue, at(0));
      const incidents = incidentsOf(await store.commits.commit(settling(job)));
      assert.equal(incidents.length, 1);
      const settled = await store.deliveries.get(delivery.id);
      assert.equal(settled?.outcome, "accepted");
      assert.equal(settled?.next_attempt_at, null);
      assert.equal(settled?.attempts, 1);
      assert.deepEqual(settled?.incidents, incidents);
      assert.deepEqual(Buffer.from(settled?.body ?? []), delivery.body);
      assert.deepEqual(await store.queue.claim(10, at(leaseMs * 2), leaseMs), []);
    });

    test("a worker that lost its lease can neither finish nor retry, and changes nothing", async () => {
      const { store } = shared;
      const { id, source } = await queued(store);
      const slow = await claimOne(store.queue, at(0));
      const quick = await claimOne(store.queue, at(leaseMs));
      const before = await store.deliveries.get(id);

      assert.deepEqual(await store.commits.commit(settling(slow)), { kind: "lost" });
      assert.equal(await store.queue.retry(id, slow.epoch, at(0), { reason: "too late" }), false);
      assert.deepEqual(await store.deliveries.get(id), before);
      assert.deepEqual((await store.incidents.list({ source, limit: 10, includeTests: true })).data, []);
      assert.equal((await store.commits.commit(settling(quick))).kind, "committed");
    });

    test("a worker that settles twice has lost its lease the second time", async () => {
      const { store } = shared;
      const { id, source } = await queued(store);
      const job = await claimOne(store.queue, at(0));
      const results = await Promise.all([store.commits.commit(settling(job)), store.commits.commit(settling(job))]);
      assert.deepEqual(results.map(({ kind }) => kind).toSorted(), ["committed", "lost"]);
      assert.equal(await store.queue.retry(id, job.epoch, at(0), { reason: "once more" }), false);
      assert.equal((await store.incidents.list({ source, limit: 10, includeTests: true })).data.length, 1);
    });

    test("of two workers that settle at once, the one with the lease does", async () => {
      const { store } = shared;
      const source = aName();
      await Promise.all(times(20, () => queued(store, { source })));
      const slow = await store.queue.claim(20, at(0), leaseMs);
      const quick = await store.queue.claim(20, at(leaseMs), leaseMs);
      const jobs = [...slow, ...quick].toSorted((a, b) => a.delivery.id.localeCompare(b.delivery.id));
      const results = await Promise.all(jobs.map((job) => store.commits.commit(settling(job))));
      assert.equal(results.filter(({ kind }) => kind === "committed").length, 20);
      assert.equal(results.filter(({ kind }) => kind === "lost").length, 20);
      assert.equal((await store.incidents.list({ source, limit: 200, includeTests: true })).data.length, 20);
    });

    test("a lease of a delivery that is not there is lost", async () => {
      const { store } = shared;
      const job = { delivery: aDelivery(), drafts: [aDraft()], claim: { epoch: 1, at: at(0) } };
      assert.deepEqual(await store.commits.commit(job), { kind: "lost" });
      assert.equal(await store.queue.retry(job.delivery.id, 1, at(0), { reason: "why" }), false);
      assert.equal(await store.deliveries.get(job.delivery.id), undefined);
    });

    test("a delivery that is given back is due when it was said, with the reason", async () => {
      const { store } = shared;
      const { id } = await queued(store);
      const job = await claimOne(store.queue, at(0));
      const reason = 'The plugin failed: "\0" 🚨 \\ \'';
      assert.equal(await store.queue.retry(id, job.epoch, at(5_000), { reason }), true);
      const waiting = await store.deliveries.get(id);
      assert.equal(waiting?.reason, reason);
      assert.equal(waiting?.next_attempt_at, afterNoon(5_000));
      assert.equal(waiting?.outcome, "queued");
      assert.deepEqual(await store.queue.claim(10, at(4_999), leaseMs), []);
      const again = await claimOne(store.queue, at(5_000));
      assert.ok(again.epoch > job.epoch);
      assert.equal(again.delivery.attempts, 2);
      assert.equal(again.delivery.reason, reason);
    });

    test("a delivery that is given back has the code that was said, until the next try says another", async () => {
      const { store } = shared;
      const { id, source } = await queued(store, { code: "internal_error", reason: "at the intake" });
      const codeOf = async (): Promise<unknown> => [
        (await store.deliveries.get(id))?.code,
        (await store.deliveries.list({ source, code: "store_unavailable", limit: 1 })).data.length,
      ];
      const first = await claimOne(store.queue, at(0));
      assert.equal(first.delivery.code, "internal_error");
      await store.queue.retry(id, first.epoch, at(1), { code: "store_unavailable", reason: "away" });
      assert.deepEqual(await codeOf(), ["store_unavailable", 1]);
      const second = await claimOne(store.queue, at(1));
      assert.deepEqual([second.delivery.code, second.delivery.reason], ["store_unavailable", "away"]);
      await store.queue.retry(id, second.epoch, at(2), { reason: "something else" });
      assert.deepEqual(await codeOf(), [null, 0]);
      await store.commits.commit(settling(await claimOne(store.queue, at(2)), { code: null, reason: null }));
      assert.deepEqual(await codeOf(), [null, 0]);
    });

    test("a delivery that is settled under another key holds that one", async () => {
      const { store } = shared;
      const { id } = await queued(store);
      const key = `event of ${aName()}`;
      const work = settling(await claimOne(store.queue, at(0)), { key });
      assert.equal((await store.commits.commit(work)).kind, "committed");
      const again = await store.commits.commit({ delivery: aDelivery({ key }), drafts: [] });
      assert.equal(again.kind === "duplicate" && again.original.id, id);
    });

    test("a queued delivery that turns out to be another one again is its duplicate, without bytes", async () => {
      const { store } = shared;
      const original = aDelivery();
      const incidents = incidentsOf(await store.commits.commit({ delivery: original, drafts: [aDraft()] }));
      const { id } = await queued(store);
      const work = settling(await claimOne(store.queue, at(0)), { key: original.key });
      assert.deepEqual(await store.commits.commit(work), {
        kind: "duplicate",
        original: { id: original.id, outcome: "accepted", reason: null, incidents },
      });
      const settled = await store.deliveries.get(id);
      assert.equal(settled?.outcome, "duplicate");
      assert.equal(settled?.duplicate_of, original.id);
      assert.deepEqual(settled?.incidents, []);
      assert.deepEqual(await store.queue.claim(10, at(leaseMs * 2), leaseMs), []);
      assert.equal(settled?.body, null);
    });

    test("the key under which it was queued leads to it, or to what it is a duplicate of, for ever", async () => {
      const { store } = shared;
      const first = await queued(store);
      const key = `event of ${aName()}`;
      await store.commits.commit(settling(await claimOne(store.queue, at(0)), { key }));
      const anew = await queued(store);
      await store.commits.commit(settling(await claimOne(store.queue, at(0)), { key }));
      for (const old of [first.key, anew.key, key]) {
        const result = await store.commits.commit({ delivery: aDelivery({ key: old }), drafts: [aDraft()] });
        assert.equal(result.kind === "duplicate" && result.original.id, first.id);
      }
    });

    test("a failed delivery gives the key under which it was queued away too", async () => {
      const { store } = shared;
      const { key } = await queued(store);
      const job = await claimOne(store.queue, at(0));
      const failed = { key: `event of ${aName()}`, outcome: "rejected", code: "invalid_payload" } as const;
      await store.commits.commit({ ...settling(job, failed), drafts: [] });
      const again = { delivery: aDelivery({ key }), drafts: [] };
      assert.equal((await store.commits.commit(again)).kind, "committed");
      const third = await store.commits.commit({ delivery: aDelivery({ key }), drafts: [] });
      assert.equal(third.kind === "duplicate" && third.original.id, again.delivery.id);
    });

    test("a delivery that is given up is dead, and gives its key away", async () => {
      const { store } = shared;
      const { id, key } = await queued(store);
      const job = await claimOne(store.queue, at(0));
      const dead = { outcome: "dead", code: "internal_error", reason: "The plugin failed" } as const;
      const result = await store.commits.commit({ ...settling(job, dead), drafts: [] });
      assert.deepEqual(result, { kind: "committed", incidents: [] });
      const given = await store.deliveries.get(id);
      assert.deepEqual([given?.outcome, given?.code, given?.reason], ["dead", "internal_error", "The plugin failed"]);
      assert.deepEqual(await store.queue.claim(10, at(leaseMs * 2), leaseMs), []);
      assert.equal((await store.commits.commit({ delivery: aDelivery({ key }), drafts: [] })).kind, "committed");
    });
  });
}

/** @returns the ids, sorted */
async function fill(store: Store, count: number): Promise<readonly string[]> {
  const deliveries = await Promise.all(times(count, () => queued(store)));
  return deliveries.map(({ id }) => id).toSorted();
}

/** Lets workers claim until nothing is left. @returns what they got, in any order */
async function claimAll(storeOf: (worker: number) => Store, workers: number): Promise<readonly string[]> {
  const got: string[] = [];
  async function work({ queue }: Store): Promise<void> {
    for (;;) {
      const jobs = await queue.claim(5, at(0), leaseMs);
      if (jobs.length === 0) return;
      assert.ok(jobs.length <= 5);
      got.push(...idsOf(jobs));
    }
  }
  await Promise.all(times(workers, (worker) => work(storeOf(worker))));
  return got;
}
