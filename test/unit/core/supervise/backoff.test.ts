import assert from "node:assert/strict";
import { test } from "node:test";
import { createBackoff } from "../../../../core/supervise/backoff.ts";

test("what ends at once is started later each time, and after five seconds at most", () => {
  const delayAfter = createBackoff();
  const delays = Array.from({ length: 8 }, () => delayAfter(0));
  assert.deepEqual(delays, [100, 200, 400, 800, 1_600, 3_200, 5_000, 5_000]);
});

test("what has worked for a while is started at once, and its past is forgotten", () => {
  const delayAfter = createBackoff();
  delayAfter(0);
  delayAfter(9_999);
  assert.equal(delayAfter(10_000), 0);
  assert.equal(delayAfter(0), 100);
});
