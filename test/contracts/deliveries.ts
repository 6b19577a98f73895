import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { DeliveryQuery, NewDelivery, Outcome } from "../../core/store/ports.ts";
import {
  aDelivery,
  afterNoon,
  allPages,
  aName,
  aRefusedDelivery,
  awkwardTexts,
  idAt,
  incidentsOf,
  times,
} from "./builders.ts";
import { type NewPlace, sharedStore } from "./place.ts";

/** What arrived: stored as it came, found again by filters and pages, and bounded where anybody can fill it. */
export function deliverySuite(newPlace: NewPlace): void {
  describe("deliveries", { timeout: 60_000 }, () => {
    const shared = sharedStore(newPlace);

    async function stored(delivery: NewDelivery): Promise<void> {
      incidentsOf(await shared.store.commits.commit({ delivery, drafts: [] }));
    }

    async function idsOf(query: Omit<DeliveryQuery, "limit">): Promise<readonly string[]> {
      const { data } = await shared.store.deliveries.list({ limit: 200, ...query });
      return data.map(({ id }) => id);
    }

    test("an unknown id finds nothing", async () => {
      for (const id of [idAt(afterNoon(0)), "", "nonsense", "' OR 1=1 --"]) {
        assert.equal(await shared.store.deliveries.get(id), undefined);
      }
    });

    const bodies: Readonly<Record<string, Uint8Array>> = {
      "every byte there is": Uint8Array.from(times(256, (byte) => byte)),
      "no byte at all": new Uint8Array(0),
      "NUL bytes alone": new Uint8Array(64),
      "bytes that are not UTF-8": Buffer.from("ff fe c3 28 ed a0 80".replaceAll(" ", ""), "hex"),
      "a part of a larger buffer": new Uint8Array(1_000).map((_, index) => index).subarray(100, 200),
      "two megabytes": Buffer.alloc(2_097_152, "0123456789abcdef-"),
    };
    for (const [name, body] of Object.entries(bodies)) {
      test(`a body of ${name} comes back exactly`, async () => {
        const delivery = aDelivery({ body, body_bytes: body.length });
        await stored(delivery);
        const found = await shared.store.deliveries.get(delivery.id);
        assert.ok(found?.body instanceof Uint8Array);
        assert.equal(Buffer.compare(found.body, delivery.body), 0);
      });
    }

    test("where its trace goes on is kept with it, through the queue and to its end", async () => {
      const traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
      const delivery = aDelivery({ outcome: "queued", source: aName(), traceparent });
      await stored(delivery);
      assert.equal((await shared.store.deliveries.get(delivery.id))?.traceparent, traceparent);
      const now = new Date(Date.parse(delivery.received_at) + 1_000);
      const job = (await shared.store.queue.claim(50, now, 60_000)).find(({ delivery: { id } }) => id === delivery.id);
      assert.equal(job?.delivery.traceparent, traceparent);
      const ended = traceparent.replace("b7ad6b71", "00000001");
      const settled = { ...delivery, outcome: "ignored" as const, traceparent: ended };
      await shared.store.commits.commit({ delivery: settled, drafts: [], claim: { epoch: job.epoch, at: now } });
      assert.equal((await shared.store.deliveries.get(delivery.id))?.traceparent, ended);
      const refused = aRefusedDelivery({ source: aName(), traceparent });
      await shared.store.deliveries.recordRefused([refused], 10);
      assert.equal((await shared.store.deliveries.get(refused.id))?.traceparent, traceparent);
      const untraced = aDelivery();
      await stored(untraced);
      assert.equal((await shared.store.deliveries.get(untraced.id))?.traceparent, undefined);
    });

    test("bodies that are committed at once do not mix", async () => {
      const deliveries = times(50, (index) => aDelivery({ body: Buffer.alloc(index * 100, index) }));
      await Promise.all(deliveries.map(stored));
      for (const { id, body } of deliveries) {
        const found = await shared.store.deliveries.get(id);
        assert.equal(Buffer.compare(found?.body ?? Buffer.from("none"), body), 0);
      }
    });

    test("texts and numbers come back exactly", async () => {
      for (const awkward of awkwardTexts) {
        const delivery = aDelivery({
          reason: awkward,
          address: awkward,
          content_type: awkward,
          user_agent: awkward,
          details: [{ path: awkward, message: awkward }],
          stages: [{ stage: awkward, start_ms: 0.002, ms: 0.001, ok: false }],
          body_bytes: Number.MAX_SAFE_INTEGER,
        });
        await stored(delivery);
        const { key: _, body: __, ...record } = delivery;
        const { body: ___, ...found } = (await shared.store.deliveries.get(delivery.id)) ?? {};
        assert.deepEqual(found, {
          ...record,
          diagnosis: null,
          incidents: [],
          duplicate_of: null,
          attempts: 0,
          next_attempt_at: null,
        });
      }
    });

    test("keys are told apart to the letter", async () => {
      for (const key of [...awkwardTexts, ...awkwardTexts.map((awkward) => `${awkward} `)])
        await stored(aDelivery({ key }));
    });

    test("a list shows records without their bytes, newest first", async () => {
      const source = aName();
      const deliveries = times(5, (index) => aDelivery({ source, received_at: afterNoon(index) }));
      for (const delivery of [2, 0, 4, 1, 3].map((index) => deliveries[index])) if (delivery) await stored(delivery);
      const { data, next } = await shared.store.deliveries.list({ source, limit: 200 });
      assert.deepEqual(
        data.map(({ id }) => id),
        deliveries.map(({ id }) => id).toReversed(),
      );
      assert.equal(next, undefined);
      for (const record of data) {
        assert.ok(!("body" in record) && !("key" in record));
        const { body: _, ...whole } = (await shared.store.deliveries.get(record.id)) ?? {};
        assert.deepEqual(record, whole);
      }
    });

    test("a list is filtered by source, outcome, code and all of them", async () => {
      const [source, other] = [aName(), aName()];
      const given = [
        { source, outcome: "accepted", code: null },
        { source, outcome: "rejected", code: "invalid_payload" },
        { source, outcome: "rejected", code: "invalid_json" },
        { source, outcome: "ignored", code: null },
        { source: other, outcome: "accepted", code: null },
        { source: other, outcome: "rejected", code: "invalid_json" },
      ] as const;
      const ids = given.map((each, index) => ({ ...each, id: idAt(afterNoon(index)) }));
      for (const each of ids) await stored(aDelivery(each));

      async function finds(query: Omit<DeliveryQuery, "limit">, ...expected: readonly number[]): Promise<void> {
        const mine = new Set(ids.map(({ id }) => id));
        const found = (await idsOf(query)).filter((id) => mine.has(id));
        assert.deepEqual(
          found,
          expected.map((index) => ids[index]?.id),
          JSON.stringify(query),
        );
      }
      await finds({ source }, 3, 2, 1, 0);
      await finds({ source: other }, 5, 4);
      await finds({ source: "nobody" });
      await finds({ source, outcome: ["accepted"] }, 0);
      await finds({ source, outcome: ["rejected"] }, 2, 1);
      await finds({ source, outcome: ["ignored", "rejected"] }, 3, 2, 1);
      await finds({ source, outcome: ["accepted", "ignored"] }, 3, 0);
      await finds({ outcome: ["rejected"] }, 5, 2, 1);
      await finds({ outcome: ["accepted", "rejected"] }, 5, 4, 2, 1, 0);
      await finds({ outcome: ["dead"] });
      await finds({ code: "invalid_json" }, 5, 2);
      await finds({ source, code: "invalid_json" }, 2);
      await finds({ source, outcome: ["accepted"], code: "invalid_json" });
      await finds({ source, outcome: ["rejected", "dead"], code: "invalid_payload", until: afterNoon(2) }, 1);
    });

    test("every outcome can be asked for alone", async () => {
      const source = aName();
      const committed = ["accepted", "ignored", "queued", "rejected", "dead"] as const satisfies readonly Outcome[];
      for (const outcome of committed) await stored(aDelivery({ source, outcome, key: `${source} ${outcome}` }));
      await shared.store.commits.commit({ delivery: aDelivery({ source, key: `${source} accepted` }), drafts: [] });
      await shared.store.deliveries.recordRefused([aRefusedDelivery({ source })], 10);
      for (const outcome of [...committed, "duplicate", "refused"] as const) {
        const { data } = await shared.store.deliveries.list({ source, outcome: [outcome], limit: 200 });
        assert.deepEqual(
          data.map((each) => each.outcome),
          [outcome],
        );
      }
    });

    test("since is included, until is not", async () => {
      const source = aName();
      const ids = times(4, (index) => idAt(afterNoon(index)));
      for (const [index, id] of ids.entries()) await stored(aDelivery({ source, id, received_at: afterNoon(index) }));
      assert.deepEqual(await idsOf({ source, since: afterNoon(1) }), [ids[3], ids[2], ids[1]]);
      assert.deepEqual(await idsOf({ source, until: afterNoon(1) }), [ids[0]]);
      assert.deepEqual(await idsOf({ source, since: afterNoon(1), until: afterNoon(3) }), [ids[2], ids[1]]);
      assert.deepEqual(await idsOf({ source, since: afterNoon(2), until: afterNoon(2) }), []);
    });

    test("pages hold every delivery once, while new ones arrive", async () => {
      const source = aName();
      const deliveries = times(30, (index) => aDelivery({ source, received_at: afterNoon(index) }));
      await Promise.all(deliveries.map(stored));
      let later = 1_000;
      const arrive = (): Promise<void> => stored(aDelivery({ source, received_at: afterNoon(later++) }));
      const pages = await allPages((query) => shared.store.deliveries.list(query), { source, limit: 7 }, arrive);
      assert.deepEqual(
        pages.map((page) => page.length),
        [7, 7, 7, 7, 2],
      );
      assert.deepEqual(
        pages.flat().map(({ id }) => id),
        deliveries.map(({ id }) => id).toReversed(),
      );
    });

    test("a last page that is full says that it is the last", async () => {
      const source = aName();
      await Promise.all(times(6, () => stored(aDelivery({ source }))));
      const pages = await allPages((query) => shared.store.deliveries.list(query), { source, limit: 3 });
      assert.deepEqual(
        pages.map((page) => page.length),
        [3, 3],
      );
      assert.equal(new Set(pages.flat().map(({ id }) => id)).size, 6);
    });

    test("pages of a filtered list hold what the filter lets through", async () => {
      const source = aName();
      await Promise.all(
        times(20, (index) => stored(aDelivery({ source, outcome: index % 2 ? "ignored" : "accepted" }))),
      );
      for (const outcome of [["ignored"], ["ignored", "rejected"], ["accepted", "dead"]] as const) {
        const pages = await allPages((query) => shared.store.deliveries.list(query), { source, outcome, limit: 3 });
        assert.deepEqual(
          pages.map((page) => page.length),
          [3, 3, 3, 1],
        );
        assert.equal(new Set(pages.flat().map(({ id }) => id)).size, 10);
      }
    });
  });
}
