import assert from "node:assert/strict";
import { test } from "node:test";
import { coalesce } from "../../../core/coalesce.ts";

/** Work that ends when it is told to. */
function someWork(): { readonly ends: PromiseWithResolvers<void>[]; readonly ask: () => Promise<void> } {
  const ends: PromiseWithResolvers<void>[] = [];
  const ask = coalesce(() => {
    const end = Promise.withResolvers<void>();
    ends.push(end);
    return end.promise;
  });
  return { ends, ask };
}

test("who asks while a run is under way gets the next one, which all of them share", async () => {
  const { ends, ask } = someWork();
  const first = ask();
  const others = [ask(), ask(), ask()];
  assert.equal(ends.length, 1);
  ends[0]?.resolve();
  await first;
  await Promise.resolve();
  assert.equal(ends.length, 2);
  ends[1]?.resolve();
  await Promise.all(others);
  assert.equal(ends.length, 2);
});

test("a run that fails is its askers' own, and the next one is done all the same", async () => {
  const { ends, ask } = someWork();
  const first = assert.rejects(ask(), /away/);
  const second = ask();
  ends[0]?.reject(new Error("away"));
  await first;
  ends[1]?.resolve();
  await second;
});

test("who asks afterwards gets a run of its own", async () => {
  const { ends, ask } = someWork();
  for (const index of [0, 1, 2]) {
    const done = ask();
    assert.equal(ends.length, index + 1);
    ends[index]?.resolve();
    await done;
  }
});
