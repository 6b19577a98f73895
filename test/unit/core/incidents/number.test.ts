import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { incidentNumber, parseIncidentNumber } from "../../../../core/incidents/number.ts";
import { keyOf, numberKey, numberOf } from "../../../../core/store/sqlite/number-key.ts";

const year = fc.integer({ min: 1970, max: 9_000 });
const sequence = fc.integer({ min: 1, max: 999_999_999 });

test("a number has the year and at least four digits", () => {
  assert.equal(incidentNumber(2024, 1), "INC-2024-0001");
  assert.equal(incidentNumber(2026, 9_999), "INC-2026-9999");
  assert.equal(incidentNumber(2026, 10_000), "INC-2026-10000");
});

test("every number is read back as what it was written from, in any case", () => {
  fc.assert(
    fc.property(year, sequence, (year, sequence) => {
      const number = incidentNumber(year, sequence);
      assert.deepEqual(parseIncidentNumber(number), { year, sequence });
      assert.deepEqual(parseIncidentNumber(number.toLowerCase()), { year, sequence });
    }),
  );
});

test("what is no number is not read as one", () => {
  const others = [
    "",
    "INC",
    "INC-2024",
    "INC-2024-",
    "INC-2024-1",
    "INC-2024-001",
    "INC-24-0001",
    "INC-2024-0001 ",
    " INC-2024-0001",
    "INC-2024-0001\n",
    "INC-2024--001",
    "INC-2024-0x01",
    "INC-2024-1e10",
    "INC_2024_0001",
    "XINC-2024-0001",
    "INC-2024-٠٠٠١",
    `INC-2024-${"9".repeat(13)}`,
    "550e8400-e29b-41d4-a716-446655440000",
  ];
  for (const other of others) assert.equal(parseIncidentNumber(other), undefined, other);
});

test("no text at all makes it throw", () => {
  fc.assert(fc.property(fc.string(), (text) => void parseIncidentNumber(text)));
});

test("the key of a row is the number in another form, and sorts by year, then sequence", () => {
  const number = fc.record({ year, sequence });
  fc.assert(
    fc.property(number, number, (a, b) => {
      const [first, second] = [a, b].map(({ year, sequence }) => numberKey(year, sequence)) as [number, number];
      assert.ok(Number.isSafeInteger(first));
      assert.equal(numberOf(first), incidentNumber(a.year, a.sequence));
      assert.equal(keyOf(numberOf(first)), first);
      const later = a.year === b.year ? a.sequence - b.sequence : a.year - b.year;
      assert.equal(Math.sign(first - second), Math.sign(later));
    }),
  );
  assert.equal(keyOf("no number"), undefined);
});
