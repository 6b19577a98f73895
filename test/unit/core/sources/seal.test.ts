import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { UserError } from "../../../../core/errors.ts";
import { sealer } from "../../../../core/sources/seal.ts";

const key = Buffer.alloc(32, 7);
const mine = sealer(key);

function assertRefused(sealed: string, context = "edr", by = mine): void {
  assert.throws(
    () => by.open(sealed, context),
    (error) => {
      assert.ok(error instanceof UserError, String(error));
      assert.match(error.message, /^A secret of edr cannot be opened: the master key /);
      assert.ok(!error.message.includes("\n") && !error.message.includes("test-secret"));
      return true;
    },
  );
}

test("what was sealed opens again, whatever it is", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), fc.string(), (plain, context) => {
      assert.equal(mine.open(mine.seal(plain, context), context), plain);
    }),
  );
});

test("a sealed secret shows nothing of the secret, and differs each time", () => {
  const [one, other] = [mine.seal("test-secret", "edr"), mine.seal("test-secret", "edr")];
  assert.notEqual(one, other);
  for (const sealed of [one, other]) {
    assert.match(sealed, /^v1:[A-Za-z0-9+/]+=*$/);
    assert.ok(!Buffer.from(sealed.slice(3), "base64").includes("test-secret"));
  }
});

test("another master key opens nothing, and says so in one line", () => {
  assertRefused(mine.seal("test-secret", "edr"), "edr", sealer(Buffer.alloc(32, 8)));
});

test("a secret opens only for the source that it belongs to", () => {
  assertRefused(mine.seal("test-secret", "siem"));
});

test("a change to any byte is seen", () => {
  const sealed = mine.seal("test-secret", "edr");
  const bytes = Buffer.from(sealed.slice(3), "base64");
  for (const index of bytes.keys()) {
    const changed = Buffer.from(bytes);
    changed[index] = (changed[index] ?? 0) ^ 1;
    assertRefused(`v1:${changed.toString("base64")}`);
  }
});

test("what was cut, emptied or never sealed is refused alike", () => {
  const sealed = mine.seal("test-secret", "edr");
  for (let length = 0; length < sealed.length - 4; length += 4) assertRefused(sealed.slice(0, length));
  for (const nonsense of ["", "v1:", "test-secret", `${sealed}AAAA`]) assertRefused(nonsense);
});
