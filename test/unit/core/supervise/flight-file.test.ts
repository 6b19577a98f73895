import assert from "node:assert/strict";
import { readFileSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { type TestContext, test } from "node:test";
import type { Flight } from "../../../../core/ingest/flights.ts";
import { openFlightFile, readFlight } from "../../../../core/supervise/flight-file.ts";
import { aDelivery, awkwardTexts } from "../../../contracts/builders.ts";

async function aPath(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "thruway-test-flight-"));
  t.after(() => rm(folder, { recursive: true, force: true }));
  return join(folder, "run", "worker-8080-0.flight");
}

/** What is read of a file that was written, and not closed: its process has died. */
async function flown(t: TestContext, ...flights: readonly Flight[]): Promise<string> {
  const path = await aPath(t);
  const file = openFlightFile(path);
  t.after(() => file.close());
  for (const flight of flights) file.write(flight);
  return path;
}

function comparable(flight: Flight | undefined): unknown {
  return flight && { ...flight, delivery: { ...flight.delivery, body: [...flight.delivery.body] } };
}

for (const [what, body] of [
  ["no byte", Buffer.alloc(0)],
  ["bytes that are no text", Buffer.from([0, 255, 128, 10, 0])],
  ["a part of a larger buffer", Buffer.from("before{}after").subarray(6, 8)],
  ["64 MiB", Buffer.alloc(64 * 1024 * 1024, "thruway ")],
] as const) {
  test(`a delivery with a body of ${what} is read as it was written`, async (t) => {
    const delivery = aDelivery({ body, reason: awkwardTexts.join(""), code: "plugin_stalled" });
    for (const flight of [{ delivery }, { delivery, epoch: 7 }]) {
      const found = readFlight(await flown(t, flight));
      assert.ok(found && Buffer.compare(found.delivery.body, body) === 0);
      assert.deepEqual(
        { ...found, delivery: { ...found.delivery, body: null } },
        { ...flight, delivery: { ...delivery, body: null } },
      );
    }
  });
}

test("the last delivery counts, also where it is shorter than the one before", async (t) => {
  const long = { delivery: aDelivery({ body: Buffer.alloc(10_000, 1) }), epoch: 3 };
  const short = { delivery: aDelivery({ body: Buffer.from("{}") }) };
  assert.deepEqual(comparable(readFlight(await flown(t, long, short))), comparable(short));
});

test("nothing is in flight before the first delivery, after each, and where there is no file", async (t) => {
  const path = await aPath(t);
  assert.equal(readFlight(path), undefined);
  const file = openFlightFile(path);
  t.after(() => file.close());
  assert.equal(readFlight(path), undefined);
  file.write({ delivery: aDelivery() });
  file.clear();
  assert.equal(readFlight(path), undefined);
});

test("a new process begins with nothing in flight", async (t) => {
  const path = await flown(t, { delivery: aDelivery() });
  openFlightFile(path).close();
  assert.equal(readFlight(path), undefined);
});

test("only its owner may read it", async (t) => {
  const path = await flown(t, { delivery: aDelivery() });
  assert.equal(statSync(path).mode & 0o777, 0o600);
  assert.equal(statSync(dirname(path)).mode & 0o777, 0o700);
});

test("a file that is torn at any place is never taken for a delivery", async (t) => {
  const path = await flown(t, { delivery: aDelivery({ body: Buffer.from('{"id":"torn"}') }) });
  const whole = readFileSync(path);
  for (let length = 0; length < whole.length; length += 1) {
    truncateSync(path, length);
    if (length < 16) assert.equal(readFlight(path), undefined);
    else assert.throws(() => readFlight(path), { message: "it is torn" });
    writeFileSync(path, whole);
  }
  for (let at = 4; at < whole.length; at += 1) {
    const damaged = Buffer.from(whole);
    damaged[at] = (damaged[at] ?? 0) ^ 1;
    writeFileSync(path, damaged);
    assert.throws(() => readFlight(path), { message: "it is torn" }, `byte ${at}`);
  }
});

test("a file of something else is not taken for one", async (t) => {
  const path = await flown(t, { delivery: aDelivery() });
  writeFileSync(path, "Dear diary, today I learnt");
  assert.throws(() => readFlight(path), { message: "it does not begin like one" });
});
