import assert from "node:assert/strict";
import { randomUUIDv7 } from "node:crypto";
import { existsSync, writeFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import pino from "pino";
import type { Flight } from "../../../../core/ingest/flights.ts";
import type { Observed } from "../../../../core/ingest/observe.ts";
import type { Commit, Why } from "../../../../core/store/ports.ts";
import { openFlightFile } from "../../../../core/supervise/flight-file.ts";
import { recoverFlights } from "../../../../core/supervise/recover-flights.ts";
import { runFolder } from "../../../../core/supervise/run-folder.ts";
import { untraced } from "../../../../core/trace.ts";
import { aDelivery } from "../../../contracts/builders.ts";
import { eventually } from "../../../support/eventually.ts";
import { noon } from "../builders.ts";

interface Recovered {
  readonly commits: readonly Commit[];
  readonly retries: readonly (readonly [id: string, epoch: number, afterMs: number, why: Why])[];
  readonly lines: readonly Readonly<Record<string, unknown>>[];
  readonly observed: readonly Observed[];
  /** The files that are still there. */
  readonly left: () => readonly string[];
  readonly stop: () => Promise<void>;
}

/** Brings in what workers had in hand. @param away how often the store does not answer */
async function recovered(t: TestContext, flights: readonly Flight[], away = 0, torn = false): Promise<Recovered> {
  const dataDir = await mkdtemp(join(tmpdir(), "thruway-test-recover-"));
  const folder = runFolder({ dataDir, port: 8080 }, { listens: true });
  for (const flight of flights) {
    const file = openFlightFile(folder.fileOf(0));
    file.write(flight);
    file.close();
    folder.setAside(0, flight);
  }
  if (torn) for (const file of folder.aside()) writeFileSync(file, "Dear diary, today I learnt");
  const commits: Commit[] = [];
  const retries: [string, number, number, Why][] = [];
  const lines: Record<string, unknown>[] = [];
  const observed: Observed[] = [];
  let failures = away;
  async function answer<T>(value: T): Promise<T> {
    if (failures === 0) return value;
    failures -= 1;
    throw new Error("away");
  }
  const stop = await recoverFlights({
    folder,
    store: {
      commits: {
        async commit(commit) {
          await answer(undefined);
          commits.push(commit);
          return { kind: "committed", incidents: [] };
        },
      },
      queue: {
        claim: () => assert.fail("nothing is claimed"),
        requeue: () => assert.fail("nothing is replayed"),
        status: () => assert.fail("nobody asks"),
        async retry(id, epoch, at, why) {
          await answer(undefined);
          retries.push([id, epoch, at.getTime() - noon.getTime(), why]);
          return true;
        },
      },
    },
    log: pino({ base: null }, { write: (line: string) => void lines.push(JSON.parse(line)) }),
    now: () => noon,
    observe: (each) => void observed.push(each),
    tracing: untraced,
  });
  t.after(async () => {
    await stop();
    await rm(dataDir, { recursive: true, force: true });
  });
  return { commits, retries, lines, observed, left: () => folder.aside(), stop };
}

const arrived: Flight = { delivery: aDelivery({ source: "edr", plugin: "moody", outcome: "queued" }) };
const first = "The plugin 'moody' did not come to an end (first try)";
const second = "The plugin 'moody' did not come to an end (second try)";

test("what had just arrived is queued, under its own key and with its bytes", async (t) => {
  const { commits, retries, lines, left } = await recovered(t, [arrived]);
  assert.equal(commits.length, 1);
  const { id, key, body } = arrived.delivery;
  assert.partialDeepStrictEqual(commits[0], {
    delivery: { id, key, outcome: "queued", code: "plugin_stalled", reason: first },
    drafts: [],
  });
  assert.deepEqual(Buffer.from(commits[0]?.delivery.body ?? []), body);
  assert.equal(commits[0]?.claim, undefined);
  assert.deepEqual([retries, left()], [[], []]);
  assert.partialDeepStrictEqual(lines, [
    {
      level: 50,
      delivery_id: id,
      source: "edr",
      plugin: "moody",
      outcome: "queued",
      msg: "Plugin did not come to an end",
    },
  ]);
});

test("what came from the queue goes back for its second try", async (t) => {
  const { commits, retries, left } = await recovered(t, [{ ...arrived, epoch: 3 }]);
  assert.deepEqual(retries, [[arrived.delivery.id, 3, 1_000, { code: "plugin_stalled", reason: first }]]);
  assert.deepEqual([commits, left()], [[], []]);
});

test("what has had its second try is dead, under the lease of that try", async (t) => {
  const delivery = { ...arrived.delivery, code: "plugin_stalled" } as const;
  const { commits, retries, left } = await recovered(t, [{ delivery, epoch: 4 }]);
  assert.partialDeepStrictEqual(commits, [
    {
      delivery: { outcome: "dead", code: "plugin_stalled", reason: second },
      drafts: [],
      claim: { epoch: 4, at: noon },
    },
  ]);
  assert.deepEqual([retries, left()], [[], []]);
});

test("who counts and traces is told once of each, when it is in", async (t) => {
  const ids = ["intake", "retry", "dead"].map(() => randomUUIDv7());
  const [intake = "", retry = "", dead = ""] = ids;
  const flights: readonly Flight[] = [
    { delivery: { ...arrived.delivery, id: intake } },
    { delivery: { ...arrived.delivery, id: retry }, epoch: 3 },
    { delivery: { ...arrived.delivery, id: dead, code: "plugin_stalled" }, epoch: 4 },
  ];
  const { observed, left } = await recovered(t, flights, 1);
  await eventually(async () => (left().length === 0 ? true : undefined));
  const seen = new Map(observed.map(({ id, kind, outcome, code }) => [id, [kind, outcome, code]]));
  assert.equal(observed.length, 3);
  assert.deepEqual(
    ids.map((id) => seen.get(id)),
    [
      ["intake", "failed", "plugin_stalled"],
      ["work", "retry", "plugin_stalled"],
      ["work", "dead", "plugin_stalled"],
    ],
  );
});

test("a source whose plugin is found by the payload has no plugin to blame", async (t) => {
  const { commits } = await recovered(t, [{ delivery: { ...arrived.delivery, plugin: null } }]);
  assert.equal(commits[0]?.delivery.reason, "A plugin did not come to an end (first try)");
});

test("a store that is away keeps nothing, is said once, and gets it when it is back", async (t) => {
  const started = performance.now();
  const { commits, lines, left } = await recovered(t, [arrived, { delivery: aDelivery(), epoch: 1 }], 3);
  assert.ok(performance.now() - started < 4_000);
  assert.equal(left().length > 0, true);
  await eventually(async () => left().length === 0 || undefined);
  assert.equal(commits.length, 1);
  const said = lines.filter(({ msg }) => msg === "Delivery of an ended worker could not be stored yet");
  assert.equal(said.length, 2);
});

test("what cannot be stored yet is there for the next start", async (t) => {
  const { commits, left, stop } = await recovered(t, [arrived], Infinity);
  await stop();
  assert.equal(commits.length, 0);
  assert.deepEqual(left().map(existsSync), [true]);
});

test("a file that cannot be read is said, and ignored", async (t) => {
  const { commits, lines, left } = await recovered(t, [arrived], 0, true);
  assert.deepEqual([commits, left()], [[], []]);
  assert.partialDeepStrictEqual(lines, [{ level: 40, msg: "What a worker was at cannot be read" }]);
});

test("gateways of other ports keep theirs", async (t) => {
  const dataDir = await mkdtemp(join(tmpdir(), "thruway-test-recover-"));
  t.after(() => rm(dataDir, { recursive: true, force: true }));
  const [one, other] = [
    runFolder({ dataDir, port: 8080 }, { listens: true }),
    runFolder({ dataDir, port: 80 }, { listens: true }),
  ];
  assert.notEqual(one.fileOf(0), other.fileOf(0));
  openFlightFile(one.fileOf(0)).close();
  one.setAside(0, arrived);
  assert.equal(one.aside().length, 1);
  assert.deepEqual(other.aside(), []);
});
