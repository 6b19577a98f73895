import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { CommitResult, Outcome } from "../../core/store/ports.ts";
import { aCommit, aDelivery, aName, incidentsOf, times } from "./builders.ts";
import { type NewPlace, sharedStore, twoGateways } from "./place.ts";

/** One delivery that arrives again, or many times at once: the key decides, and a failed delivery gives it away. */
export function duplicateSuite(newPlace: NewPlace): void {
  describe("duplicates", { timeout: 60_000 }, () => {
    const shared = sharedStore(newPlace);
    const commit: typeof shared.store.commits.commit = (work) => shared.store.commits.commit(work);

    test("a duplicate is told what became of the first, and is kept without its bytes", async () => {
      const first = aCommit({ reason: "why the first" });
      const incidents = incidentsOf(await commit(first));
      const again = aCommit({ key: first.delivery.key, reason: "why the second" });

      assert.deepEqual(await commit(again), {
        kind: "duplicate",
        original: { id: first.delivery.id, outcome: "accepted", reason: "why the first", incidents },
      });
      const stored = await shared.store.deliveries.get(again.delivery.id);
      assert.equal(stored?.outcome, "duplicate");
      assert.equal(stored?.duplicate_of, first.delivery.id);
      assert.equal(stored?.body, null);
      assert.deepEqual(stored?.incidents, []);
      assert.equal(await shared.store.incidents.get(again.drafts[0]?.id ?? ""), undefined);
    });

    test("a duplicate of a duplicate names the first", async () => {
      const first = aCommit();
      await commit(first);
      await commit(aCommit({ key: first.delivery.key }));
      assert.equal(originalOf(await commit(aCommit({ key: first.delivery.key }))), first.delivery.id);
    });

    test("50 commits of one key at once make one incident and 49 duplicates that name it", async () => {
      const source = aName();
      const works = times(50, () => aCommit({ source, key: `key of ${source}` }));
      await oneWins(await Promise.all(works.map(commit)));
      const { data } = await shared.store.incidents.list({ source, limit: 200, includeTests: true });
      assert.equal(data.length, 1);
      const deliveries = await shared.store.deliveries.list({ source, limit: 200 });
      assert.equal(deliveries.data.filter(({ outcome }) => outcome === "duplicate").length, 49);
    });

    test("two gateways on one store make one incident of 50 commits of one key", async () => {
      await using place = await newPlace();
      const gateway = await twoGateways(place);
      const works = times(50, () => aCommit({ key: "the same" }));
      await oneWins(await Promise.all(works.map((work, index) => gateway(index).commits.commit(work))));
      const { data } = await (await place.open()).incidents.list({ limit: 200, includeTests: true });
      assert.equal(data.length, 1);
    });

    for (const failed of ["rejected", "dead"] as const) {
      test(`a ${failed} delivery gives its key to one that is understood`, async () => {
        const key = `key of ${aName()}`;
        const first = aDelivery({ key, outcome: failed, code: "invalid_payload", reason: "no" });
        await commit({ delivery: first, drafts: [] });
        const second = aCommit({ key });
        assert.equal((await commit(second)).kind, "committed");
        assert.equal(originalOf(await commit(aCommit({ key }))), second.delivery.id);

        const kept = await shared.store.deliveries.get(first.id);
        assert.equal(kept?.outcome, failed);
        assert.deepEqual(Buffer.from(kept?.body ?? []), first.body);
      });

      test(`a ${failed} delivery that fails again is its own duplicate`, async () => {
        const key = `key of ${aName()}`;
        const first = aDelivery({ key, outcome: failed, code: "invalid_payload", reason: "no" });
        await commit({ delivery: first, drafts: [] });
        const again = aDelivery({ key, outcome: "rejected", code: "invalid_payload", reason: "still no" });
        assert.deepEqual(await commit({ delivery: again, drafts: [] }), {
          kind: "duplicate",
          original: { id: first.id, outcome: failed, reason: "no", incidents: [] },
        });
      });
    }

    test("of 20 commits at once after a rejected one, one takes the key", async () => {
      const key = `key of ${aName()}`;
      await commit({ delivery: aDelivery({ key, outcome: "rejected", code: "invalid_payload" }), drafts: [] });
      await oneWins(await Promise.all(times(20, () => commit(aCommit({ key })))));
    });

    for (const outcome of ["accepted", "ignored", "queued"] as const satisfies readonly Outcome[]) {
      test(`a delivery that was ${outcome} keeps its key`, async () => {
        const first = aDelivery({ outcome });
        await commit({ delivery: first, drafts: [] });
        for (const again of ["accepted", "rejected"] as const) {
          const result = await commit({ delivery: aDelivery({ key: first.key, outcome: again }), drafts: [] });
          assert.equal(originalOf(result), first.id);
          assert.equal(result.kind === "duplicate" && result.original.outcome, outcome);
        }
      });
    }
  });
}

async function oneWins(results: readonly CommitResult[]): Promise<void> {
  const kinds = results.map((result) => result.kind);
  assert.equal(kinds.filter((kind) => kind === "committed").length, 1);
  assert.equal(kinds.filter((kind) => kind === "duplicate").length, results.length - 1);
  const winner = results.find((result) => result.kind === "committed");
  assert.ok(winner);
  for (const result of results) {
    if (result.kind === "duplicate") assert.deepEqual(result.original.incidents, incidentsOf(winner));
  }
}

function originalOf(result: CommitResult): string | undefined {
  return result.kind === "duplicate" ? result.original.id : undefined;
}
