import assert from "node:assert/strict";
import { test } from "node:test";
import { setImmediate } from "node:timers/promises";
import { each } from "../../../core/cli/each.ts";

const items = Array.from({ length: 100 }, (_, index) => index);

test("every item is worked on, in order, and no more than so many at once", async () => {
  const begun: number[] = [];
  let running = 0;
  let most = 0;
  await each(items, 7, async (item) => {
    begun.push(item);
    running += 1;
    most = Math.max(most, running);
    await setImmediate();
    running -= 1;
  });
  assert.deepEqual(begun, items);
  assert.equal(most, 7);
});

test("nothing more is begun once it does not go on", async () => {
  let begun = 0;
  await each(
    items,
    4,
    async () => {
      begun += 1;
      await setImmediate();
    },
    () => begun < 10,
  );
  assert.equal(begun, 10);
});

test("what fails stops the rest, and is thrown when what was under way has ended", async () => {
  const ended: number[] = [];
  const work = async (item: number): Promise<void> => {
    await setImmediate();
    if (item === 5) throw new Error("the sixth");
    ended.push(item);
  };
  await assert.rejects(each(items, 3, work), { message: "the sixth" });
  assert.ok(ended.length < 10, `${ended.length} were begun`);
});

test("of nothing, nothing is done", async () => {
  await each([], 4, () => assert.fail("there is nothing to work on"));
});
