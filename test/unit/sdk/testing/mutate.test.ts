import assert from "node:assert/strict";
import { test } from "node:test";
import { JsonError, parseJson } from "@thruway/sdk";
import { mutants } from "@thruway/sdk/testing";

const payload = {
  kind: "detection",
  detection: { id: "det-1", score: 83, seen: [1768471200, "x"], user: { name: "j" } },
};
const all = [...mutants(payload, 1, 2_000)];

/** What the parser makes of each; its refusal where it makes nothing. */
const parsed = all.map(({ body }) => {
  try {
    return parseJson(body);
  } catch (error) {
    assert.ok(error instanceof JsonError, String(error));
    return error;
  }
});
const taken = parsed.filter((value) => !(value instanceof JsonError));
const refused = parsed.filter((value) => value instanceof JsonError).map(({ message }) => message);

function some(form: RegExp): boolean {
  return taken.some((value) => form.test(JSON.stringify(value)));
}

test("the same seed gives the same mutants, another one others, and the payload stays as it was", () => {
  const before = structuredClone(payload);
  const bodies = (seed: number): readonly string[] =>
    [...mutants(payload, seed, 50)].map(({ body }) => body.toString());
  assert.deepEqual(bodies(7), bodies(7));
  assert.notDeepEqual(bodies(7), bodies(8));
  assert.deepEqual(payload, before);
  assert.equal(bodies(7).length, 50);
});

test("a mutant says what was done to it, with the path", () => {
  const changes = all.flatMap((mutant) => mutant.changes);
  for (const form of [
    /^detection\.user\.name: dropped$/,
    /: replaced by null$/,
    /^detection\.id: replaced by the text "\w/,
    /: replaced by the number 9007199254740993$/,
    /^detection\.seen: repeated \d+ times in a list$/,
    /^detection: nested \d+ levels deep$/,
    /^detection\.score: a text instead$/,
    /^detection\.id: a number instead of a text$/,
    /^detection\.seen: its first instead of the list$/,
    /^kind: replaced by what stands at detection/,
    /^detection\.user: a field "toString" added, /,
    /^the payload: /,
  ]) {
    assert.ok(
      changes.some((change) => form.test(change)),
      String(form),
    );
  }
  for (const mutant of all) assert.ok(mutant.changes.length >= 1 && mutant.changes.length <= 4);
});

test("what the parser takes reaches the plugin as the parser gives it", () => {
  assert.ok(some(/"9007199254740993"/), "digits beyond 2^53 are text");
  assert.ok(some(/"1e400"/), "a number beyond what a double holds is text");
  assert.ok(some(/"constructor":"x"/), "a constructor that leads nowhere is let through");
  assert.ok(some(/x{20000}/), "a very long text");
  assert.ok(some(/(?:\[\{"value":){10}/), "deep nesting");
  assert.ok(some(/\\ud800/), "half of a character");
});

test("what the parser refuses is among them", () => {
  for (const form of [/"__proto__"/, /"constructor\.prototype"/, /nested more than 64/, /not valid JSON/]) {
    assert.ok(
      refused.some((message) => form.test(message)),
      String(form),
    );
  }
  assert.ok(refused.length < all.length / 3, `${refused.length} of ${all.length} are refused`);
});

test("a mutant is no larger than what a gateway takes", () => {
  assert.ok(Math.max(...all.map(({ body }) => body.length)) < 1_048_576);
});
