import assert from "node:assert/strict";
import { test } from "node:test";
import { InvalidArgumentError } from "commander";
import {
  collectOption,
  collectPair,
  collectValues,
  parseBoolean,
  parseRateLimit,
  parseTime,
  parseWholeNumber,
} from "../../../core/cli/values.ts";

const now = new Date("2026-01-15T10:00:00.000Z");

test("a duration is so long before now", () => {
  const cases = {
    "90s": "2026-01-15T09:58:30.000Z",
    "30m": "2026-01-15T09:30:00.000Z",
    "24h": "2026-01-14T10:00:00.000Z",
    "7d": "2026-01-08T10:00:00.000Z",
    "2w": "2026-01-01T10:00:00.000Z",
  };
  for (const [text, time] of Object.entries(cases)) assert.equal(parseTime(text, now), time, text);
});

test("a time is ISO 8601, in UTC where it names no zone", () => {
  const cases = {
    "2026-01-15": "2026-01-15T00:00:00.000Z",
    "2026-01-15T10:00": "2026-01-15T10:00:00.000Z",
    "2026-01-15T10:00:00.5": "2026-01-15T10:00:00.500Z",
    "2026-01-15T10:00:00Z": "2026-01-15T10:00:00.000Z",
    "2026-01-15T10:00:00+02:00": "2026-01-15T08:00:00.000Z",
  };
  for (const [text, time] of Object.entries(cases)) assert.equal(parseTime(text, now), time, text);
});

test("what is neither a duration nor a time is refused", () => {
  for (const text of ["", "yesterday", "1", "h", "-1h", "1.5h", "1y", "2026-13-01", "2026-01-15 10:00", "15/01/2026"]) {
    assert.throws(() => parseTime(text, now), InvalidArgumentError, text);
  }
});

test("true and false are the only truth values", () => {
  assert.equal(parseBoolean("true"), true);
  assert.equal(parseBoolean("false"), false);
  for (const text of ["yes", "1", "TRUE", ""]) assert.throws(() => parseBoolean(text), InvalidArgumentError, text);
});

test("a whole number has digits only", () => {
  assert.equal(parseWholeNumber("50"), 50);
  for (const text of ["", "-1", "1.5", "1e3", "0x10", " 1"]) {
    assert.throws(() => parseWholeNumber(text), InvalidArgumentError, text);
  }
});

test("a rate limit is requests in seconds, alone per second", () => {
  assert.deepEqual(parseRateLimit("100/60"), { requests: 100, per_seconds: 60 });
  assert.deepEqual(parseRateLimit("100"), { requests: 100, per_seconds: 1 });
  for (const text of ["", "/60", "100/", "a/b", "1/2/3"])
    assert.throws(() => parseRateLimit(text), InvalidArgumentError, text);
});

test("values are collected from commas and repetition", () => {
  assert.deepEqual(collectValues("high, critical", ["low"]), ["low", "high", "critical"]);
});

test("a pair is split at its first equals sign", () => {
  assert.deepEqual(collectPair("a=b=c", { x: "y" }), { x: "y", a: "b=c" });
  assert.deepEqual(collectPair("a="), { a: "" });
  for (const text of ["a", "=b", ""]) assert.throws(() => collectPair(text), InvalidArgumentError, text);
});

test("dots nest options", () => {
  const first = collectOption("hmac.header=X-Foo");
  assert.deepEqual(collectOption("hmac.timestamp.unit=ms", first), {
    hmac: { header: "X-Foo", timestamp: { unit: "ms" } },
  });
  assert.deepEqual(first, { hmac: { header: "X-Foo" } });
});

test("an option's value is JSON where it is JSON, else text", () => {
  const cases: Readonly<Record<string, unknown>> = {
    true: true,
    "12": 12,
    '"12"': "12",
    "[1,2]": [1, 2],
    '{"a":1}': { a: 1 },
    null: null,
    "X-Foo": "X-Foo",
    "": "",
    "{broken": "{broken",
    "12345678901234567890": "12345678901234567890",
  };
  for (const [text, value] of Object.entries(cases)) assert.deepEqual(collectOption(`o=${text}`), { o: value }, text);
});

test("no option reaches a prototype", () => {
  const collected = collectOption("__proto__.polluted=true", collectOption("a.constructor.prototype.polluted=true"));
  assert.equal("polluted" in {}, false);
  assert.deepEqual(
    JSON.parse(JSON.stringify(collected)),
    JSON.parse('{"a":{"constructor":{"prototype":{"polluted":true}}},"__proto__":{"polluted":true}}'),
  );
});

test("an option with an empty name between its dots is refused", () => {
  for (const text of ["a..b=1", ".a=1", "a.=1"]) assert.throws(() => collectOption(text), InvalidArgumentError, text);
});
