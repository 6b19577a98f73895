import assert from "node:assert/strict";
import { test } from "node:test";
import { retryAfterMs } from "../../../../core/fetch/retry-after.ts";

const now = Date.parse("2026-01-15T12:00:00Z");

test("a number counts seconds, and a date is waited for", () => {
  assert.equal(retryAfterMs("7", now), 7_000);
  assert.equal(retryAfterMs(" 0 ", now), 0);
  assert.equal(retryAfterMs("Thu, 15 Jan 2026 12:00:30 GMT", now), 30_000);
});

test("a date that is over asks for no wait, and nobody is waited for longer than an hour", () => {
  assert.equal(retryAfterMs("Thu, 15 Jan 2026 11:00:00 GMT", now), 0);
  assert.equal(retryAfterMs("999999999", now), 3_600_000);
});

test("anything else is as good as nothing", () => {
  for (const header of [null, "", "soon", "-1s"]) assert.equal(retryAfterMs(header, now), undefined);
});
