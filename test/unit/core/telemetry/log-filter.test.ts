import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { lineMatcher, longestFilter, parseFilter } from "../../../../core/telemetry/log-filter.ts";

const line = {
  level: 40,
  time: "2026-01-15T10:00:00.000Z",
  topic: "webhook",
  source: "edr",
  code: "invalid_signature",
  attempts: 10,
  incidents: ["INC-2026-0001", "INC-2026-0002"],
  err: { message: "connect ECONNREFUSED" },
  empty: null,
  msg: "Delivery refused",
};

describe("a filter takes a line by", () => {
  for (const [filter, expected] of [
    ["webhook", true],
    ["audit", false],
    ["audit or webhook", true],
    ["not audit", true],
    ["source=edr and level>=warn", true],
    ["source=edr and level>warn", false],
    ["level=40", true],
    ["level<ERROR", true],
    ["code!=invalid_signature", false],
    ["code != expired", true],
    ["attempts>9", true],
    ["attempts<9", false],
    ["incidents=INC-2026-0002", true],
    ["incidents~0003", false],
    ["err.message~econn", true],
    ['msg="Delivery refused"', true],
    ['msg="a \\"quoted\\" word"', false],
    ["time>=2026-01-15T10:00", true],
    ["time<2026-01-15T10:00", false],
    ["(audit or webhook) and not (code=invalid_json or source=siem)", true],
    ["audit and webhook or source=edr", true],
    ["outcome!=accepted", false],
    ["not outcome=accepted", true],
    ["empty=null", false],
    ["constructor.name=Object", false],
  ] as const) {
    test(`${filter}: ${expected}`, () => assert.equal(parseFilter(filter)(line), expected));
  }
});

describe("a filter that is wrong is answered with where:", () => {
  for (const [filter, message] of [
    [
      "webhok",
      'at character 1: "webhok" is no topic (they are gateway, webhook, triage, audit, store); a comparison is <field>=<value>',
    ],
    ["source=edr and", "at its end: a topic or a field is missing"],
    ["source=", "at its end: a value is missing after ="],
    ["source=edr audit", 'at character 12, "audit": and or or is missing before it'],
    ["level>=loud", 'at character 8: "loud" is no level; they are trace, debug, info, warn, error, fatal'],
    ["(webhook", 'at character 1, "(": this parenthesis is not closed'],
    ['msg="open', "at character 5: this quote is not closed"],
    ["source!edr", "at character 7: this is not understood"],
    ["", "at its end: a topic or a field is missing"],
    ["(".repeat(30), 'at character 21, "(": it is nested deeper than 20 times'],
    ["x".repeat(longestFilter + 1), "a filter has at most 1000 characters"],
  ] as const) {
    test(filter.slice(0, 20), () => assert.throws(() => parseFilter(filter), { name: "FilterError", message }));
  }
});

test("a list of lines is narrowed by level, source and time besides", () => {
  const at = "2026-01-15T10:00:00.000Z";
  assert.equal(lineMatcher({ level: "warn", source: "edr", since: at })(line), true);
  assert.equal(lineMatcher({ level: "error" })(line), false);
  assert.equal(lineMatcher({ source: "siem" })(line), false);
  assert.equal(lineMatcher({ until: at })(line), false);
  assert.equal(lineMatcher({ since: "2026-01-15T11:00:00.001+01:00" })(line), false);
});
