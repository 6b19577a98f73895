import assert from "node:assert/strict";
import { test } from "node:test";
import { startJourney } from "../../../../core/ingest/journey.ts";

/** A clock that shows these times, one after the other. */
function aClock(...times: readonly number[]): () => number {
  const rest = [...times];
  return () => rest.shift() ?? assert.fail("the clock was asked too often");
}

test("each stage has its time, to the microsecond", () => {
  const journey = startJourney(aClock(0, 1.23456, 10, 10));
  assert.equal(
    journey.run("parse", () => "parsed"),
    "parsed",
  );
  journey.run("map", () => undefined);
  assert.deepEqual(journey.times, [
    { stage: "parse", ms: 1.235 },
    { stage: "map", ms: 0 },
  ]);
});

test("a stage that waits is timed to its end", async () => {
  const journey = startJourney(aClock(0, 5));
  const running = journey.run("commit", () => Promise.resolve("done"));
  assert.deepEqual(journey.times, []);
  assert.equal(await running, "done");
  assert.deepEqual(journey.times, [{ stage: "commit", ms: 5 }]);
});

test("a stage that fails is timed, and fails", async () => {
  const journey = startJourney(aClock(0, 2, 2, 6));
  assert.throws(() => journey.run("validate", () => assert.fail("wrong shape")), /wrong shape/);
  await assert.rejects(
    journey.run("commit", () => Promise.reject(new Error("no disk"))),
    /no disk/,
  );
  assert.deepEqual(journey.times, [
    { stage: "validate", ms: 2 },
    { stage: "commit", ms: 4 },
  ]);
});
