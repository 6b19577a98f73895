import assert from "node:assert/strict";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { type TestContext, test } from "node:test";
import { pathToFileURL } from "node:url";
import { reloading } from "../../../../core/registry/reload.ts";

/** Imports what the module at `index.ts` says, each time afresh; `write` changes a file of its folder. */
async function aModule(t: TestContext, files: Readonly<Record<string, string>>) {
  const folder = await mkdtemp(join(tmpdir(), "thruway-test-reload-"));
  const write = async (file: string, text: string): Promise<void> => {
    await mkdir(dirname(join(folder, file)), { recursive: true });
    await writeFile(join(folder, file), text);
  };
  for (const [file, text] of Object.entries(files)) await write(file, text);
  const modules = reloading(folder);
  t.after(async () => {
    modules.close();
    await rm(folder, { recursive: true, force: true });
  });
  const url = pathToFileURL(join(folder, "index.ts")).href;
  const load = async (): Promise<unknown> =>
    ((await import(modules.fresh(url))) as { readonly default: unknown }).default;
  return { write, load, url, modules };
}

test("a module is imported again as it is now, and so is what it imports, however far", async (t) => {
  const { write, load } = await aModule(t, {
    "index.ts": 'import { b } from "./lib/b.ts";\nexport default ["one", b] as readonly string[];',
    "lib/b.ts": 'import data from "../data.json" with { type: "json" };\nexport const b: string = data.text;',
    "data.json": '{"text": "first"}',
  });
  assert.deepEqual(await load(), ["one", "first"]);
  await write("data.json", '{"text": "second"}');
  assert.deepEqual(await load(), ["one", "second"]);
  await write("lib/b.ts", 'export const b = "third";');
  assert.deepEqual(await load(), ["one", "third"]);
});

test("a mistake is thrown, and mended by the next change", async (t) => {
  const { write, load } = await aModule(t, { "index.ts": 'import "./b.ts";\nexport default 1;', "b.ts": "" });
  assert.equal(await load(), 1);
  await write("b.ts", "export {");
  await assert.rejects(load(), SyntaxError);
  await write("b.ts", "");
  assert.equal(await load(), 1);
});

test("what is installed in its folder, and what is elsewhere, is one thing however often it is imported", async (t) => {
  const { load } = await aModule(t, {
    "index.ts": 'import dep from "dep";\nimport fs from "node:fs";\nexport default { dep, fs };',
    "node_modules/dep/package.json": '{"name": "dep", "type": "module", "exports": "./index.js"}',
    "node_modules/dep/index.js": "export default {};",
  });
  const [first, second] = [await load(), await load()] as readonly { readonly dep: object; readonly fs: object }[];
  assert.notEqual(first, second);
  assert.equal(first?.dep, second?.dep);
  assert.equal(first?.fs, second?.fs);
});

test("what is imported without asking stays what it was", async (t) => {
  const { write, load, url } = await aModule(t, {
    "index.ts": 'import b from "./b.ts";\nexport default b;',
    "b.ts": "export default 1;",
  });
  const plain = (await import(url)) as { readonly default: unknown };
  await write("b.ts", "export default 2;");
  assert.equal(await load(), 2);
  assert.equal(plain.default, 1);
  assert.equal(((await import(url)) as { readonly default: unknown }).default, 1);
});
