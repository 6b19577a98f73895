import assert from "node:assert/strict";
import { test } from "node:test";
import { startJourney } from "../../../../core/ingest/journey.ts";

/** A clock that shows these times, one after the other. */
function aClock(...times: readonly number[]): () => number {
  const rest = [...times];
  return () => rest.shift() ?? assert.fail("the clock was asked too often");
}

test("each stage has its time, and the one since the work began, to the microsecond", () => {
  const journey = startJourney(aClock(100, 100.5, 101.73456, 110, 110));
  assert.equal(
    journey.run("parse", () => "parsed"),
    "parsed",
  );
  journey.run("map", () => undefined);
  assert.deepEqual(journey.times, [
    { stage: "parse", start_ms: 0.5, ms: 1.235, ok: true },
    { stage: "map", start_ms: 10, ms: 0, ok: true },
  ]);
});

test("a stage that waits is timed to its end", async () => {
  const journey = startJourney(aClock(0, 0, 5));
  const running = journey.run("commit", () => Promise.resolve("done"));
  assert.deepEqual(journey.times, []);
  assert.equal(await running, "done");
  assert.deepEqual(journey.times, [{ stage: "commit", start_ms: 0, ms: 5, ok: true }]);
});

test("a stage that fails is timed, is marked, and fails", async () => {
  const journey = startJourney(aClock(0, 0, 2, 2, 6));
  assert.throws(() => journey.run("validate", () => assert.fail("wrong shape")), /wrong shape/);
  await assert.rejects(
    journey.run("commit", () => Promise.reject(new Error("no disk"))),
    /no disk/,
  );
  assert.deepEqual(journey.times, [
    { stage: "validate", start_ms: 0, ms: 2, ok: false },
    { stage: "commit", start_ms: 2, ms: 4, ok: false },
  ]);
});
