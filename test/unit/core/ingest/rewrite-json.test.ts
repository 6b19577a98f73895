import assert from "node:assert/strict";
import { test } from "node:test";
import { rewritten } from "../../../../core/ingest/rewrite-json.ts";

test("JSON is written as others write it, with its strings and numbers untouched", () => {
  const texts = rewritten('{ "a: b, c": [1719309930613520072, "\\" , :\\\\"],\n "n": 1.0 }').map(({ text }) => text);
  assert.deepEqual(texts.slice(0, 2), [
    '{"a: b, c":[1719309930613520072,"\\" , :\\\\"],"n":1.0}',
    '{"a: b, c": [1719309930613520072, "\\" , :\\\\"], "n": 1.0}',
  ]);
  assert.equal(texts.length, 3);
});

test("what is no JSON, and what is nested too deep to be written, has no other form", () => {
  for (const text of ["", "{", '"open', "[".repeat(100_000)]) assert.deepEqual(rewritten(text), []);
});

test("a form that is the text itself, but for what stands around it, is none", () => {
  assert.deepEqual(
    rewritten("[1,2]\n").map(({ text }) => text),
    ["[1, 2]", "[\n  1,\n  2\n]"],
  );
});
