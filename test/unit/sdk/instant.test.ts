import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { inspect } from "node:util";
import { instant, parseJson, record } from "@thruway/sdk";
import * as fc from "fast-check";

// A machine's own zone must not matter; where it is UTC, the wrong code would pass.
process.env.TZ = "America/New_York";

const cases = {
  "Unix seconds": [
    [1705320000, "2024-01-15T12:00:00.000Z"],
    ["1705320000", "2024-01-15T12:00:00.000Z"],
    ["  1705320000 ", "2024-01-15T12:00:00.000Z"],
    ["1659705859.827088", "2022-08-05T13:24:19.827Z"],
    ["1716105612.000", "2024-05-19T08:00:12.000Z"],
    [1705320000.5, "2024-01-15T12:00:00.500Z"],
  ],
  milliseconds: [
    [1705320000123, "2024-01-15T12:00:00.123Z"],
    ["1705320000123", "2024-01-15T12:00:00.123Z"],
  ],
  microseconds: [["1705320000123456", "2024-01-15T12:00:00.123Z"]],
  nanoseconds: [["1643317927664000000", "2022-01-27T21:12:07.664Z"]],
  "Windows FILETIME": [["133221234560000000", "2023-03-01T05:50:56.000Z"]],
  "ISO 8601": [
    ["2024-01-15T10:00:00Z", "2024-01-15T10:00:00.000Z"],
    ["2024-01-15T10:00:00.1234567Z", "2024-01-15T10:00:00.123Z"],
    ["2025-02-10T11:50:16.000+05:30", "2025-02-10T06:20:16.000Z"],
    ["2024-01-15T10:00:00-0700", "2024-01-15T17:00:00.000Z"],
    ["2024-01-15t10:00:00z", "2024-01-15T10:00:00.000Z"],
    ["2024-01-15 10:00:00 +02:00", "2024-01-15T08:00:00.000Z"],
    ["2024-01-15T10:00Z", "2024-01-15T10:00:00.000Z"],
  ],
  "ISO 8601 without a zone, which is UTC": [
    ["2024-01-15T10:00:00", "2024-01-15T10:00:00.000Z"],
    ["2024-07-15 10:00:00.5", "2024-07-15T10:00:00.500Z"],
    ["2024-01-15", "2024-01-15T00:00:00.000Z"],
  ],
} as const;

for (const [title, times] of Object.entries(cases)) {
  test(`${title} are read`, () => {
    for (const [given, expected] of times) assert.equal(instant(given), expected, String(given));
  });
}

describe("absence", () => {
  const absent = {
    "no value": [undefined, null, "", " ", {}, [], true, Number.NaN],
    "a zero": [0, "0", "0000000000", "1970-01-01T00:00:00Z", "1601-01-01T00:00:00Z", "0001-01-01T00:00:00"],
    "a time before 2000 or after 2199": ["1999-12-31T23:59:59Z", 946684799, "2200-01-01T00:00:00Z", 7258118400],
    "a day that no calendar has": ["2026-02-30", "2026-02-29T10:00:00Z", "2026-04-31 10:00:00"],
    "no time": [
      "yesterday",
      "15/01/2024",
      "Jan 15 2024",
      "2024-13-01",
      "2024-01-15T25:00:00Z",
      "10:00:00",
      "-1705320000",
    ],
    "digits of no unit": ["17053200001234567", "1".repeat(20), "1".repeat(400)],
  } as const;
  for (const [title, values] of Object.entries(absent)) {
    test(`${title} is absence`, () => {
      for (const value of values) assert.equal(instant(value), undefined, inspect(value));
    });
  }
});

test("the bounds themselves are times", () => {
  assert.equal(instant("2000-01-01T00:00:00Z"), "2000-01-01T00:00:00.000Z");
  assert.equal(instant("2199-12-31T23:59:59.999Z"), "2199-12-31T23:59:59.999Z");
});

test("a time whose digits a double cannot hold is read from the payload to the millisecond", () => {
  const { FileTime, Nanoseconds } = record(
    parseJson(Buffer.from('{"FileTime":133221234567890123,"Nanoseconds":1643317927664999999}')),
  );
  assert.equal(instant(FileTime), "2023-03-01T05:50:56.789Z");
  assert.equal(instant(Nanoseconds), "2022-01-27T21:12:07.664Z");
});

test("one moment reads the same in every unit", () => {
  const moments = fc.date({
    min: new Date("2001-09-10"),
    max: new Date("2199-12-31T23:59:59.999Z"),
    noInvalidDate: true,
  });
  fc.assert(
    fc.property(moments, (moment) => {
      const milliseconds = BigInt(moment.getTime());
      const expected = moment.toISOString();
      for (const written of [
        expected,
        expected.replace("T", " ").replace("Z", ""),
        `${milliseconds}`,
        `${milliseconds / 1000n}.${String(milliseconds % 1000n).padStart(3, "0")}`,
        `${milliseconds * 1000n + 999n}`,
        `${(milliseconds + 11_644_473_600_000n) * 10_000n}`,
        `${milliseconds * 1_000_000n + 999_999n}`,
      ]) {
        assert.equal(instant(written), expected, written);
      }
    }),
    { numRuns: 500 },
  );
});
