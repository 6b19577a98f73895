import assert from "node:assert/strict";
import { test } from "node:test";
import type { Flight } from "../../../../core/ingest/flights.ts";
import { createStalls } from "../../../../core/supervise/stalls.ts";
import { aDelivery, times } from "../../../contracts/builders.ts";

function arrived(text: string, source = "edr"): Flight {
  return { delivery: aDelivery({ source, body: Buffer.from(text) }) };
}
function queued(text: string): Flight {
  return { ...arrived(text), epoch: 1 };
}

test("a payload that has stalled once is not tried again on arrival, and once more from the queue", () => {
  const stalls = createStalls();
  assert.deepEqual([stalls.includes(arrived("a")), stalls.includes(queued("a"))], [false, false]);
  stalls.add(arrived("a"));
  assert.deepEqual([stalls.includes(arrived("a")), stalls.includes(queued("a"))], [true, false]);
  stalls.add(queued("a"));
  assert.deepEqual([stalls.includes(arrived("a")), stalls.includes(queued("a"))], [true, true]);
});

test("it is known by its source and its bytes, whatever its id and its key", () => {
  const stalls = createStalls();
  stalls.add(arrived("a"));
  assert.equal(stalls.includes(arrived("a")), true);
  assert.equal(stalls.includes(arrived("b")), false);
  assert.equal(stalls.includes(arrived("a", "mail")), false);
});

test("what one process counts, the others are told, also those that start later", () => {
  const [one, other] = [createStalls(), createStalls()];
  other.set(one.add(arrived("a")));
  other.set(one.add(queued("a")));
  assert.equal(other.includes(queued("a")), true);
  assert.equal(createStalls(one.all).includes(queued("a")), true);
});

test("the newest hundred are known", () => {
  const stalls = createStalls();
  for (const index of times(101, (index) => index)) stalls.add(arrived(`payload ${index}`));
  assert.equal(stalls.all.length, 100);
  assert.equal(stalls.includes(arrived("payload 0")), false);
  assert.equal(stalls.includes(arrived("payload 1")), true);
  stalls.add(queued("payload 1"));
  stalls.add(arrived("payload 101"));
  assert.equal(stalls.includes(queued("payload 1")), true);
});
