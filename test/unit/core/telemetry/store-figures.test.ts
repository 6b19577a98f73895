import assert from "node:assert/strict";
import { test } from "node:test";
import type { Checks, QueueStatus } from "../../../../core/store/ports.ts";
import { storeFigures } from "../../../../core/telemetry/store-figures.ts";

const now = new Date("2026-11-25T12:00:00Z");
const status: QueueStatus = { depth: 5, due: 2, oldest_received_at: "2026-11-25T11:59:30Z", settled_last_minute: 0 };
const checks: Checks = {
  degraded: true,
  store: "ok",
  spool: { deliveries: 3, refused: 1, bytes: 4_096, max_bytes: 1_048_576 },
};

interface Asked {
  readonly figures: () => Promise<Readonly<Record<string, number>>>;
  readonly questions: () => number;
  clock: number;
}

function asking(queue: () => Promise<QueueStatus>, check: () => Promise<Checks>): Asked {
  let questions = 0;
  const asked = { clock: 0 };
  const ask = storeFigures({
    store: {
      queue: {
        status() {
          questions += 1;
          return queue();
        },
      },
      check,
    },
    now: () => now,
    clock: () => asked.clock,
  });
  return Object.assign(asked, {
    questions: () => questions,
    figures: async () =>
      Object.fromEntries((await ask()).map(({ name, values }) => [name, values[0]?.value ?? Number.NaN])),
  });
}

test("the queue, the spool and the store are told", async () => {
  const { figures } = asking(
    () => Promise.resolve(status),
    () => Promise.resolve(checks),
  );
  assert.deepEqual(await figures(), {
    thruway_store_up: 1,
    thruway_queue_deliveries: 5,
    thruway_queue_due_deliveries: 2,
    thruway_queue_oldest_age_seconds: 30,
    thruway_spool_deliveries: 3,
    thruway_spool_refused_deliveries: 1,
    thruway_spool_bytes: 4_096,
    thruway_spool_limit_bytes: 1_048_576,
  });
});

test("an empty queue has no age, and a store without a spool none of its figures", async () => {
  const { figures } = asking(
    () => Promise.resolve({ ...status, depth: 0, due: 0, oldest_received_at: null }),
    () => Promise.resolve({ degraded: false, store: "ok" }),
  );
  assert.deepEqual(await figures(), {
    thruway_store_up: 1,
    thruway_queue_deliveries: 0,
    thruway_queue_due_deliveries: 0,
    thruway_queue_oldest_age_seconds: 0,
  });
});

test("a store that fails is down and tells nothing else, and the spool beside it is told", async () => {
  const away = asking(
    () => Promise.reject(new Error("away")),
    () => Promise.resolve({ ...checks, store: "away since then" }),
  );
  const { thruway_store_up: up, thruway_spool_deliveries: spooled, ...rest } = await away.figures();
  assert.deepEqual([up, spooled, rest.thruway_queue_deliveries], [0, 3, undefined]);
  const broken = asking(
    () => Promise.reject(new Error("broken")),
    () => Promise.reject(new Error("broken")),
  );
  assert.deepEqual(await broken.figures(), { thruway_store_up: 0 });
});

test("one that does not answer is not waited for, and is asked no second time meanwhile", async () => {
  const asked = asking(
    () => new Promise(() => {}),
    () => Promise.resolve({ degraded: false, store: "ok" }),
  );
  const began = performance.now();
  assert.deepEqual(await asked.figures(), { thruway_store_up: 0 });
  assert.ok(performance.now() - began < 5_000);
  asked.clock = 60_000;
  await asked.figures();
  assert.equal(asked.questions(), 1);
});

test("scrapes of one second share an answer", async () => {
  const asked = asking(
    () => Promise.resolve(status),
    () => Promise.resolve(checks),
  );
  await Promise.all([asked.figures(), asked.figures()]);
  asked.clock = 999;
  await asked.figures();
  assert.equal(asked.questions(), 1);
  asked.clock = 1_000;
  await asked.figures();
  assert.equal(asked.questions(), 2);
});
