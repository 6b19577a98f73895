import assert from "node:assert/strict";
import { join } from "node:path";
import { describe, test } from "node:test";
import pino from "pino";
import { startSweeper } from "../../core/retention/sweep.ts";
import { openStore } from "../../core/store/open.ts";
import type { Store } from "../../core/store/ports.ts";
import { aCommit, aDelivery, aRefusedDelivery, idAt, times } from "../contracts/builders.ts";
import { aFolder } from "../support/gateway-process.ts";
import { stores } from "../support/stores.ts";

const dayMs = 86_400_000;
const now = new Date("2026-06-01T12:00:00.000Z");

function daysAgo(days: number, milliseconds = 0): string {
  return new Date(now.getTime() - days * dayMs + milliseconds).toISOString();
}

interface Opened extends AsyncDisposable {
  readonly store: Store;
}

for (const kind of stores) {
  async function open(): Promise<Opened> {
    const folder = await aFolder();
    const place = await kind.place();
    const store = await openStore(place.env.TW_STORE_URL ?? `sqlite:${join(folder.path, "thruway.db")}`);
    return {
      store,
      async [Symbol.asyncDispose]() {
        await store.close();
        await place[Symbol.asyncDispose]();
        await folder[Symbol.asyncDispose]();
      },
    };
  }

  async function sweep(
    { deliveries, incidents }: Store,
    policy?: Parameters<ReturnType<typeof startSweeper>["keep"]>[0],
  ): Promise<void> {
    const log = pino({ level: "silent" });
    const sweeper = startSweeper({ deliveries, incidents, log, now: () => now, clock: () => performance.now() });
    if (policy !== undefined) sweeper.keep(policy);
    await sweeper.sweep();
    await sweeper.close();
  }

  describe(`retention, with ${kind.name}`, { skip: kind.skip }, () => {
    test("removes what is too old to the millisecond, keeps the rest, and what is queued whatever its age", async () => {
      await using opened = await open();
      const { commits, deliveries, incidents, queue } = opened.store;
      const ages = [daysAgo(200), daysAgo(91), daysAgo(90, -1), daysAgo(90), daysAgo(1)];
      const works = ages.map((at) => aCommit({ received_at: at }, { created_at: at }));
      for (const work of works) await commits.commit(work);
      const waiting = aDelivery({ outcome: "queued", received_at: daysAgo(300) });
      await commits.commit({ delivery: waiting, drafts: [] });
      await deliveries.recordRefused([aRefusedDelivery({ received_at: daysAgo(100) })], 10);

      await sweep(opened.store);
      const left = (await deliveries.list({ limit: 200 })).data.map(({ id }) => id);
      assert.deepEqual(left, [works[4]?.delivery.id, works[3]?.delivery.id, waiting.id]);
      assert.equal((await incidents.list({ limit: 200, includeTests: true })).data.length, 5, "incidents stay");
      assert.equal((await queue.status(now)).depth, 1);
    });

    test("removes incidents where that is asked for, by their last change", async () => {
      await using opened = await open();
      const { commits, incidents } = opened.store;
      for (const [id, at] of Object.entries({ old: daysAgo(400), renewed: daysAgo(400), young: daysAgo(300) })) {
        await commits.commit(aCommit({ received_at: at }, { external_id: id, created_at: at }));
      }
      await commits.commit(aCommit({ received_at: daysAgo(5) }, { external_id: "renewed", created_at: daysAgo(5) }));
      await sweep(opened.store, { deliveries: null, incidents: 365 });
      const { data } = await incidents.list({ limit: 10, includeTests: true });
      assert.deepEqual(data.map(({ external_id }) => external_id ?? "").toSorted(), ["renewed", "young"]);
      assert.equal((await opened.store.deliveries.list({ limit: 10 })).data.length, 4);
    });

    test("lets an intake through while it removes", async () => {
      await using opened = await open();
      const { commits, deliveries } = opened.store;
      const old = times(1_000, (index) => idAt(daysAgo(100, index)));
      await Promise.all(old.map((id) => commits.commit(aCommit({ id, received_at: daysAgo(100) }))));
      const ended = new AbortController();
      const sweeping = sweep(opened.store).finally(() => ended.abort());
      let taken = 0;
      while (!ended.signal.aborted) {
        await commits.commit(aCommit({ received_at: daysAgo(0) }));
        taken += 1;
      }
      await sweeping;
      assert.ok(taken > 5, `${taken} were taken beside it`);
      const { data } = await deliveries.list({ until: daysAgo(50), limit: 1 });
      assert.deepEqual(data, []);
    });
  });
}
