import assert from "node:assert/strict";
import { mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { stateOf, watchFiles } from "../../../../core/cli/plugin-kit/dev/watch-files.ts";
import { aFolder } from "../../../support/gateway-process.ts";

test("a change of a module is told, also one that came before the first look; what is no module is not", async () => {
  await using folder = await aFolder();
  const write = async (file: string, text: string): Promise<void> => {
    await mkdir(join(folder.path, file, ".."), { recursive: true });
    await writeFile(join(folder.path, file), text);
  };
  await write("index.ts", "1");
  const loaded = await stateOf(folder.path);
  await write("index.ts", "12");

  let changed = Promise.withResolvers<void>();
  let count = 0;
  const ended = new AbortController();
  const watching = watchFiles(folder.path, loaded, ended.signal, async () => {
    count += 1;
    changed.resolve();
  });
  const next = async (): Promise<void> => {
    await changed.promise;
    changed = Promise.withResolvers();
  };
  await next();

  for (const file of ["samples/a.json", "node_modules/b/index.js", ".git/c.json", "README.md"]) await write(file, "x");
  await write("lib/words.ts", "1");
  await next();
  await rm(join(folder.path, "lib/words.ts"));
  await next();
  assert.equal(count, 3, "each change is told once, and what is left out never");
  ended.abort();
  await watching;
});

test("a folder that holds too much is refused, by what to do", async () => {
  await using folder = await aFolder();
  await Promise.all(Array.from({ length: 2_001 }, (_, index) => writeFile(join(folder.path, `${index}.ts`), "")));
  await assert.rejects(stateOf(folder.path), {
    name: "UserError",
    message: /holds more than 2000 modules; name a folder of the plugin's own$/,
  });
});
