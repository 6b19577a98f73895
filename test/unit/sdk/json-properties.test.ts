import assert from "node:assert/strict";
import { test } from "node:test";
import { maxJsonDepth, parseJson } from "@thruway/sdk";
import * as fc from "fast-check";

function parse(text: string): unknown {
  return parseJson(Buffer.from(text));
}

/** Text full of what a scanner of bytes may stumble over. */
const tricky = fc.string({
  unit: fc.constantFrom('"', "\\", "[", "]", "{", "}", "9", "e", "-", ".", "ü", "😀", "\n", ":"),
});
const key = fc.oneof(tricky, fc.string()).filter((name) => !["__proto__", "constructor"].includes(name));
const safe = fc
  .oneof(
    fc.maxSafeInteger(),
    fc.double({ noNaN: true, noDefaultInfinity: true }).filter((n) => !Number.isInteger(n) || Number.isSafeInteger(n)),
  )
  .map((n) => (Object.is(n, -0) ? 0 : n));

const { value } = fc.letrec((tie) => ({
  value: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    fc.constantFrom(null, true, false),
    safe,
    tricky,
    fc.string(),
    fc.array(tie("value"), { maxLength: 5 }),
    fc.dictionary(key, tie("value"), { maxKeys: 5, noNullPrototype: true }),
  ),
}));

test("what JSON.stringify writes comes back, spaced or not", () => {
  fc.assert(
    fc.property(value, fc.constantFrom(0, 2), (given, space) => {
      assert.deepEqual(parse(JSON.stringify(given, null, space)), given);
    }),
    { numRuns: 1_000 },
  );
});

test("an integer of any size comes back: as a number where that is exact, else as its digits", () => {
  fc.assert(
    fc.property(fc.bigInt({ min: -(10n ** 40n), max: 10n ** 40n }), tricky, (given, beside) => {
      const parsed = parse(`{"a":[${JSON.stringify(beside)},${given}],"b":${given}}`) as { a: unknown[]; b: unknown };
      const exact = given >= Number.MIN_SAFE_INTEGER && given <= Number.MAX_SAFE_INTEGER;
      assert.deepEqual(parsed, { a: [beside, exact ? Number(given) : String(given)], b: parsed.a[1] });
      assert.equal(BigInt(parsed.b as string | number), given);
    }),
    { numRuns: 1_000 },
  );
});

test("integers around the limits of a double come back", () => {
  const limits = [2n ** 53n, -(2n ** 53n), 2n ** 63n, 2n ** 64n, 10n ** 15n, 10n ** 16n];
  for (const limit of limits) {
    for (let offset = -3n; offset <= 3n; offset++) {
      assert.equal(BigInt(parse(`${limit + offset}`) as string | number), limit + offset);
    }
  }
});

test("nesting is refused exactly where it is too deep", () => {
  fc.assert(
    fc.property(fc.array(fc.boolean(), { minLength: 1, maxLength: maxJsonDepth * 2 }), (kinds) => {
      const open = kinds.map((isList) => (isList ? "[" : '{"a":')).join("");
      const close = kinds
        .toReversed()
        .map((isList) => (isList ? "]" : "}"))
        .join("");
      const body = `${open}1${close}`;
      if (kinds.length <= maxJsonDepth) assert.deepEqual(parse(body), JSON.parse(body));
      else assert.throws(() => parse(body), { name: "JsonError", message: /levels deep/ });
    }),
  );
});

test("no bytes make it throw anything but a JsonError", () => {
  const almost = fc.tuple(value, fc.nat(), fc.uint8Array({ maxLength: 3 })).map(([given, at, bytes]) => {
    const body = Buffer.from(JSON.stringify(given));
    const index = at % (body.length + 1);
    return Buffer.concat([body.subarray(0, index), bytes, body.subarray(index + 1)]);
  });
  fc.assert(
    fc.property(fc.oneof(fc.uint8Array(), almost), (bytes) => {
      try {
        parseJson(bytes);
      } catch (error) {
        assert.equal(error instanceof Error && error.name, "JsonError");
      }
    }),
    { numRuns: 1_000 },
  );
});
