import assert from "node:assert/strict";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { aFolder } from "../../../support/gateway-process.ts";
import { madeOnce } from "../../../support/mongo/made-once.ts";

test("of those who make a folder at once one is first, and all get it whole", async () => {
  await using parent = await aFolder();
  const folder = join(parent.path, "deep", "lib");
  const all = Promise.withResolvers<void>();
  let filling = 0;

  const made = await Promise.all(
    ["one", "two", "three"].map((name) =>
      madeOnce(folder, async (partial) => {
        filling += 1;
        if (filling === 3) all.resolve();
        await all.promise;
        await writeFile(join(partial, "a.jar"), name);
        await writeFile(join(partial, "b.jar"), name);
      }),
    ),
  );

  assert.deepEqual(made, [folder, folder, folder]);
  assert.deepEqual(await readdir(join(parent.path, "deep")), ["lib"]);
  assert.equal(await readFile(join(folder, "a.jar"), "utf8"), await readFile(join(folder, "b.jar"), "utf8"));
});

test("a folder that is there is not made again", async () => {
  await using parent = await aFolder();
  assert.equal(await madeOnce(parent.path, () => assert.fail("it was filled")), parent.path);
});

test("a folder that could not be filled is not there, and the reason is told", async () => {
  await using parent = await aFolder();
  const folder = join(parent.path, "lib");
  await assert.rejects(
    madeOnce(folder, async (partial) => {
      await writeFile(join(partial, "a.jar"), "half");
      throw new Error("no network");
    }),
    /no network/,
  );
  assert.deepEqual(await readdir(parent.path), []);
});
