import assert from "node:assert/strict";
import { test } from "node:test";
import { presetPolicy, readPolicy } from "../../../../core/retention/policy.ts";

test("without a word, deliveries are kept for 90 days and incidents for ever", () => {
  for (const nothing of [undefined, null, {}]) assert.deepEqual(readPolicy(nothing), { value: presetPolicy });
  assert.deepEqual(presetPolicy, { deliveries: 90, incidents: null });
});

test("each is set by itself, in days, and switched off in every way that YAML has for it", () => {
  assert.deepEqual(readPolicy({ deliveries: 7 }), { value: { deliveries: 7, incidents: null } });
  assert.deepEqual(readPolicy({ incidents: "365" }), { value: { deliveries: 90, incidents: 365 } });
  for (const off of ["off", null, false]) {
    assert.deepEqual(readPolicy({ deliveries: off, incidents: off }), { value: { deliveries: null, incidents: null } });
  }
});

test("what is no number of days is refused with the remedy and its path", () => {
  const message = "must be a number of days, 1 to 36500, or off";
  for (const deliveries of [0, -1, 1.5, "soon", "30 days", true, {}, [], 36_501, Number.POSITIVE_INFINITY]) {
    assert.deepEqual(readPolicy({ deliveries }), { details: [{ path: "retention.deliveries", message }] });
  }
  assert.deepEqual(readPolicy({ deliveries: 0, incidents: "x", logs: 1 }), {
    details: [
      { path: "retention.deliveries", message },
      { path: "retention.incidents", message },
      { path: "retention.logs", message: "is not allowed" },
    ],
  });
  for (const odd of [5, "90", [90], true]) {
    assert.deepEqual(readPolicy(odd), { details: [{ path: "retention", message: "must be of type object" }] });
  }
});
