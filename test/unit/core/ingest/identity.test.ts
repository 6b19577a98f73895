import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { deliveryKey, isTest } from "../../../../core/ingest/identity.ts";

test("the same delivery has the same key, as text or as bytes", () => {
  fc.assert(
    fc.property(fc.string(), (value) => {
      const key = deliveryKey("edr", "event", value);
      assert.equal(deliveryKey("edr", "event", Buffer.from(value)), key);
      assert.match(key, /^[A-Za-z0-9_-]{43}$/);
    }),
  );
});

test("another source, kind or value gives another key", () => {
  const part = fc.record({
    source: fc.stringMatching(/^[a-z0-9][a-z0-9._-]{0,5}$/),
    kind: fc.constantFrom("event", "signed"),
    value: fc.string({ maxLength: 5 }),
  });
  fc.assert(
    fc.property(part, part, (a, b) => {
      const same = a.source === b.source && a.kind === b.kind && a.value === b.value;
      assert.equal(deliveryKey(a.source, a.kind, a.value) === deliveryKey(b.source, b.kind, b.value), same);
    }),
  );
});

test("where one part ends and the next begins makes a difference", () => {
  const keys = [
    deliveryKey("edr", "event", "1"),
    deliveryKey("edr1", "event", ""),
    deliveryKey("edr", "signed", "1"),
    deliveryKey("edr", "event", "\x001"),
    deliveryKey("edr", "event", "event\x001"),
    deliveryKey("edr", "event", "event1"),
    deliveryKey("edrevent", "event", "1"),
  ];
  assert.equal(new Set(keys).size, keys.length);
});

test("a test of a source is recognised by its key, and nothing else is", () => {
  const delivery = { id: "01a20d45-7f71-7769-a2f4-4821e8e0aacf", source: "edr" };
  assert.equal(isTest(delivery, deliveryKey("edr", "signed", delivery.id)), true);
  assert.equal(isTest(delivery, deliveryKey("edr", "event", delivery.id)), false);
  assert.equal(isTest(delivery, deliveryKey("edr", "signed", "1705320000.{}")), false);
  assert.equal(isTest({ ...delivery, source: "siem" }, deliveryKey("edr", "signed", delivery.id)), false);
});
