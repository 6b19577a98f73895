import assert from "node:assert/strict";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { type TestContext, test } from "node:test";
import { sdkVersion } from "@thruway/sdk";
import { loadInstalled, loadPlugins } from "../../../../core/registry/plugins.ts";

/** A folder of its own, with files in it. */
async function aFolder(t: TestContext, files: Readonly<Record<string, string>>): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "thruway-test-load-"));
  t.after(() => rm(folder, { recursive: true, force: true }));
  for (const [file, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder, file)), { recursive: true });
    await writeFile(join(folder, file), text);
  }
  return folder;
}

/** As another copy of the SDK makes it: this folder has none. */
function aModule(name: string, sdk: object = { version: sdkVersion }): string {
  return `export default { [Symbol.for("thruway.plugin")]: true, name: "${name}", sdk: ${JSON.stringify(sdk)} };`;
}

const packaged = (name: string, main: string): Readonly<Record<string, string>> => ({
  [`node_modules/${name}/package.json`]: JSON.stringify({ name, type: "module", exports: `./${main}` }),
});

test("a list names folders and packages, and each is found with its own folder", async (t) => {
  const folder = await aFolder(t, {
    "plugins.json": '["./mine/index.ts", "thruway-plugin-acme"]',
    "mine/index.ts": aModule("mine"),
    ...packaged("thruway-plugin-acme", "dist/index.js"),
    "node_modules/thruway-plugin-acme/dist/index.js": aModule("acme"),
  });
  const installed = await loadInstalled(join(folder, "plugins.json"));
  assert.deepEqual(
    installed.map(({ named, plugin, folder: own }) => [named, plugin.name, own]),
    [
      ["./mine/index.ts", "mine", join(folder, "mine")],
      ["thruway-plugin-acme", "acme", join(folder, "node_modules/thruway-plugin-acme")],
    ],
  );
  const plugins = await loadPlugins(join(folder, "plugins.json"));
  assert.deepEqual([plugins.all.length, plugins.get("acme")?.name], [2, "acme"]);
});

const mistakes: readonly (readonly [what: string, files: Readonly<Record<string, string>>, says: RegExp])[] = [
  [
    "throws, with the place",
    { "mine.ts": '\n  throw new Error("no licence");' },
    /^"\.\/mine\.ts" failed to load: no licence \(mine\.ts:2:9\)$/,
  ],
  [
    "has a mistake of syntax, with the line",
    { "mine.ts": "const mine = 1;\nexport default {\n  name: ,\n};" },
    /^"\.\/mine\.ts" failed to load: Expression expected \(mine\.ts:3\)$/,
  ],
  [
    "imports a module with a mistake, with the place there",
    { "mine.ts": 'import "./row.ts";', "row.ts": "export enum Row { first }" },
    /^"\.\/mine\.ts" failed to load: TypeScript enum is not supported .* \(row\.ts:1\)$/,
  ],
  [
    "imports a package that is not installed, with what to run",
    { "mine.ts": 'import "no-such-package";' },
    /^"\.\/mine\.ts" failed to load: the package "no-such-package" is not installed; run npm install in \/.*thruway-test-load/,
  ],
  [
    "is made by another line of the SDK, with both versions",
    { "mine.ts": aModule("mine", { version: "7.0.0" }) },
    /^"\.\/mine\.ts" cannot be used: the plugin "mine" was made with SDK 7\.0\.0, and this Thruway has SDK \d+\.\d+\.\d+; install /,
  ],
  [
    "asks for a later SDK",
    { "mine.ts": aModule("mine", { version: sdkVersion, asks: "^99.0.0" }) },
    /^"\.\/mine\.ts" cannot be used: the plugin "mine" asks for SDK \^99\.0\.0, and this Thruway has SDK /,
  ],
  ["is made by an SDK without a version", { "mine.ts": aModule("mine", {}) }, /was made with SDK unknown/],
  [
    "has the name that means any plugin",
    { "mine.ts": aModule("auto") },
    /^"\.\/mine\.ts" is named "auto", which means any plugin$/,
  ],
];

for (const [what, files, says] of mistakes) {
  test(`one line says of a plugin that it ${what}`, async (t) => {
    const folder = await aFolder(t, { "plugins.json": '["./mine.ts"]', ...files });
    await assert.rejects(loadPlugins(join(folder, "plugins.json")), ({ name, message }: Error) => {
      assert.equal(name, "UserError");
      const [file, rest] = [`${folder}/plugins.json: `, message.replace(`${folder}/plugins.json: `, "")];
      assert.equal(message, file + rest);
      assert.match(rest, says);
      return true;
    });
  });
}

test("one line says of a package that it is not installed, or that it is TypeScript", async (t) => {
  const folder = await aFolder(t, {
    "absent.json": '["thruway-plugin-absent"]',
    "typed.json": '["thruway-plugin-typed"]',
    ...packaged("thruway-plugin-typed", "index.ts"),
    "node_modules/thruway-plugin-typed/index.ts": aModule("typed"),
  });
  await assert.rejects(loadPlugins(join(folder, "absent.json")), {
    name: "UserError",
    message: `${folder}/absent.json: "thruway-plugin-absent" is not installed; run npm install thruway-plugin-absent in ${folder}`,
  });
  await assert.rejects(loadPlugins(join(folder, "typed.json")), {
    name: "UserError",
    message:
      /typed\.json: "thruway-plugin-typed" is TypeScript in node_modules, .*: a package ships JavaScript, built by tsc/,
  });
});
