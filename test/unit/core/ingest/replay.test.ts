import assert from "node:assert/strict";
import { describe, test } from "node:test";
import pino from "pino";
import { replay } from "../../../../core/ingest/replay.ts";
import type { StoredDelivery } from "../../../../core/store/ports.ts";
import { aDelivery } from "../../../contracts/builders.ts";
import { noon } from "../builders.ts";

function stored(given: Partial<StoredDelivery> = {}): StoredDelivery {
  const { key: _, ...delivery } = aDelivery();
  return {
    ...delivery,
    diagnosis: null,
    incidents: [],
    duplicate_of: null,
    attempts: 0,
    next_attempt_at: null,
    ...given,
  };
}

/** Replays a delivery in a store that holds `all`, where `requeued` says whether one could be put back. */
async function replayed(
  id: string,
  all: readonly StoredDelivery[],
  requeue: (id: string) => boolean = () => true,
): Promise<{ readonly answer: unknown; readonly asked: readonly string[]; readonly woken: number }> {
  const asked: string[] = [];
  let woken = 0;
  const answer = await replay(id, {
    deliveries: { get: (id) => Promise.resolve(all.find((each) => each.id === id)) },
    queue: {
      requeue(id, at) {
        assert.equal(at, noon);
        asked.push(id);
        return Promise.resolve(requeue(id));
      },
    },
    onQueued: () => {
      woken += 1;
    },
    by: { by: "admin", token_id: "AbCdEf", request_id: "r" },
    log: pino({ level: "silent" }),
    now: () => noon,
  });
  return { answer, asked, woken };
}

const queued = (id: string): unknown => ({
  status: "queued",
  queue_id: `queue-${id}`,
  message: "Event queued for processing",
});
const incidents = [{ incident_id: "i", incident_number: "INC-2026-0001" }];

describe("a replay", () => {
  for (const outcome of ["rejected", "dead", "ignored"] as const) {
    test(`puts one that was ${outcome} back into the queue, and wakes the worker`, async () => {
      const delivery = stored({ outcome, reason: "no" });
      const { answer, asked, woken } = await replayed(delivery.id, [delivery]);
      assert.deepEqual(answer, queued(delivery.id));
      assert.deepEqual([asked, woken], [[delivery.id], 1]);
    });
  }

  test("leaves one that waits already where it is", async () => {
    const delivery = stored({ outcome: "queued" });
    const { answer, asked, woken } = await replayed(delivery.id, [delivery]);
    assert.deepEqual([answer, asked, woken], [queued(delivery.id), [], 0]);
  });

  test("makes nothing of one that made its incidents, and names them", async () => {
    const delivery = stored({ outcome: "accepted", incidents });
    const { answer, asked } = await replayed(delivery.id, [delivery]);
    assert.deepEqual(answer, { status: "accepted", ...incidents[0], duplicate: true });
    assert.deepEqual(asked, []);
  });

  test("of a duplicate is one of what it repeats, however far away that is", async () => {
    const first = stored({ outcome: "rejected" });
    const second = stored({ outcome: "duplicate", duplicate_of: first.id, body: null });
    const third = stored({ outcome: "duplicate", duplicate_of: second.id, body: null });
    const { answer, asked } = await replayed(third.id, [first, second, third]);
    assert.deepEqual([answer, asked], [queued(first.id), [first.id]]);
    const made = { ...first, outcome: "accepted", incidents } as const;
    assert.deepEqual((await replayed(third.id, [made, second, third])).answer, {
      status: "accepted",
      ...incidents[0],
      duplicate: true,
    });
  });

  test("that somebody else was quicker with is told what became of it", async () => {
    const delivery = stored({ outcome: "rejected" });
    const all = [delivery];
    const { answer, asked } = await replayed(delivery.id, all, () => {
      all[0] = { ...delivery, outcome: "queued" };
      return false;
    });
    assert.deepEqual([answer, asked.length], [queued(delivery.id), 1]);
  });

  const refused = stored({ outcome: "refused", body: null });
  const orphan = stored({ outcome: "duplicate", duplicate_of: "gone", body: null });
  const bare = stored({ outcome: "rejected", body: null });
  const given = stored({ outcome: "rejected" });
  const impossible: readonly (readonly [what: string, delivery: StoredDelivery, reason: RegExp])[] = [
    ["was never authenticated", refused, /never authenticated, and its bytes are not kept$/],
    ["repeats one that is gone", orphan, /is not stored any more$/],
    ["has no bytes", bare, /Its bytes are not kept$/],
    ["gave its key away", given, /was taken in its place$/],
  ];
  for (const [what, delivery, message] of impossible) {
    test(`of one that ${what} is refused with the reason`, async () => {
      const requeue = (): boolean => false;
      await assert.rejects(replayed(delivery.id, [delivery], requeue), {
        code: "not_replayable",
        status: 409,
        message,
      });
    });
  }

  test("of one that is not there is not found", async () => {
    await assert.rejects(replayed("nothing", []), { code: "not_found", message: "There is no delivery 'nothing'" });
  });
});
