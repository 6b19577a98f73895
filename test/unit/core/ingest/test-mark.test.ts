import assert from "node:assert/strict";
import { test } from "node:test";
import { testMarks } from "../../../../core/ingest/test-mark.ts";

const key = Buffer.alloc(32, 7);
let time = Date.parse("2026-01-15T12:00:00Z");
const marks = testMarks(key, () => new Date(time));

test("a mark is read by whoever has the master key", () => {
  const other = testMarks(Buffer.from(key), () => new Date(time));
  assert.deepEqual(other.read("edr", marks.make("edr", { vouched: true })), { vouched: true });
  assert.deepEqual(other.read("edr", marks.make("edr", { vouched: false })), { vouched: false });
});

test("a mark is good for one source and a moment, and for what it says", () => {
  const mark = marks.make("edr", { vouched: false });
  assert.equal(marks.read("siem", mark), undefined);
  assert.equal(marks.read("edr", mark.replace("signed", "vouched")), undefined);
  assert.equal(marks.read("edr", mark.replace(/^\d/, "9")), undefined);
  assert.equal(testMarks(Buffer.alloc(32, 8), () => new Date(time)).read("edr", mark), undefined);
  time += 10_001;
  assert.equal(marks.read("edr", mark), undefined);
});

test("what is no mark is none", () => {
  for (const value of ["", "1", "1.vouched.", `${time}.vouched.${"0".repeat(64)}`, "a".repeat(10_000)]) {
    assert.equal(marks.read("edr", value), undefined);
  }
});
