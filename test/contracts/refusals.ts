import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { DeliveryQuery } from "../../core/store/ports.ts";
import { aDelivery, afterNoon, aName, aRefusedDelivery, incidentsOf, times } from "./builders.ts";
import { type NewPlace, sharedStore } from "./place.ts";

/** Deliveries that were not authenticated: anybody can send them, so what is kept of them is bounded. */
export function refusalSuite(newPlace: NewPlace): void {
  describe("refused deliveries", { timeout: 60_000 }, () => {
    const shared = sharedStore(newPlace);

    async function stored(delivery: ReturnType<typeof aDelivery>): Promise<void> {
      incidentsOf(await shared.store.commits.commit({ delivery, drafts: [] }));
    }

    async function idsOf(query: Omit<DeliveryQuery, "limit">): Promise<readonly string[]> {
      const { data } = await shared.store.deliveries.list({ limit: 200, ...query });
      return data.map(({ id }) => id);
    }

    test("refused deliveries are kept without bytes, and their source keeps its newest", async () => {
      const [source, other] = [aName(), aName()];
      const accepted = aDelivery({ source });
      await stored(accepted);
      const diagnosis = {
        expected: { scheme: "webhook", summary: "“quoted” $sign" },
        proof: [{ path: "headers.x-a.b", found: "missing" }],
        body_sha256: "ab",
        timestamp: null,
        clock_difference_seconds: -0.1,
        tried: 3,
        findings: [{ code: "a.$b", message: "so" }],
      } as const;
      const records = times(12, (index) => aRefusedDelivery({ source, received_at: afterNoon(index + 1), diagnosis }));
      const theirs = times(3, (index) => aRefusedDelivery({ source: other, received_at: afterNoon(index) }));
      await shared.store.deliveries.recordRefused(records.slice(0, 4), 5);
      await shared.store.deliveries.recordRefused([...records.slice(4).toReversed(), ...theirs], 5);

      const newest = records.slice(-5).map(({ id }) => id);
      assert.deepEqual(await idsOf({ source, outcome: ["refused"] }), newest.toReversed());
      assert.deepEqual(await idsOf({ source }), [...newest.toReversed(), accepted.id]);
      assert.equal((await idsOf({ source: other })).length, 3);
      const found = await shared.store.deliveries.get(newest[0] ?? "");
      assert.deepEqual(found, {
        ...records.at(-5),
        incidents: [],
        duplicate_of: null,
        attempts: 0,
        next_attempt_at: null,
        body: null,
      });
    });

    test("a flood of refusals at once leaves the newest of each source, and every accepted delivery", async () => {
      const source = aName();
      const records = times(300, (index) => aRefusedDelivery({ source, received_at: afterNoon(index) }));
      const flood = times(30, (index) =>
        shared.store.deliveries.recordRefused(records.slice(index * 10, index * 10 + 10), 20),
      );
      await Promise.all([...flood, ...times(30, () => stored(aDelivery({ source })))]);
      assert.deepEqual(
        await idsOf({ source, outcome: ["refused"] }),
        records
          .slice(-20)
          .map(({ id }) => id)
          .toReversed(),
      );
      assert.equal((await idsOf({ source, outcome: ["accepted"] })).length, 30);
    });

    test("a refused delivery takes no key: the same request is accepted once it is signed", async () => {
      const delivery = aDelivery({ source: aName() });
      const { key: _, body: __, ...record } = aDelivery({ source: delivery.source, outcome: "refused" });
      await shared.store.deliveries.recordRefused([record], 5);
      await stored(delivery);
    });

    test("recording no refusal changes nothing", async () => {
      await shared.store.deliveries.recordRefused([], 5);
    });
  });
}
