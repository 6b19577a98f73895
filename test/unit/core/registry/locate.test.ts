import assert from "node:assert/strict";
import { mkdir, mkdtemp, realpath, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, before, describe, test } from "node:test";
import { pathToFileURL } from "node:url";
import { UserError } from "../../../../core/errors.ts";
import { locateListed, locateNamed } from "../../../../core/registry/locate.ts";

let home: string;

before(async () => {
  home = await realpath(await mkdtemp(join(tmpdir(), "thruway-test-locate-")));
  const files = {
    "acme/index.ts": "",
    "built/index.js": "",
    "elsewhere/package.json": '{"name": "elsewhere", "exports": "./dist/main.js"}',
    "elsewhere/dist/main.js": "",
    "unbuilt/package.json": '{"name": "unbuilt", "exports": "./dist/main.js"}',
    "broken/package.json": "{",
    "empty/README.md": "",
    "node_modules/packed/package.json": '{"name": "packed", "exports": {".": {"import": "./dist/index.js"}}}',
    "node_modules/packed/dist/index.js": "",
    "node_modules/@acme/old/package.json": '{"main": "lib/main.js"}',
    "node_modules/@acme/old/lib/main.js": "",
  };
  for (const [file, text] of Object.entries(files)) {
    await mkdir(dirname(join(home, file)), { recursive: true });
    await writeFile(join(home, file), text);
  }
});
after(() => rm(home, { recursive: true, force: true }));

/** Module and folder, from the home of the test. */
function found({ url, folder }: { readonly url: string; readonly folder: string }): readonly string[] {
  return [url.replace(`${pathToFileURL(home).href}/`, ""), folder.replace(`${home}/`, "")];
}

describe("a list names", () => {
  test("a path beside it", () => {
    assert.deepEqual(found(locateListed("./acme/index.ts", home)), ["acme/index.ts", "acme"]);
    assert.deepEqual(found(locateListed(join(home, "acme/index.ts"), "/")), ["acme/index.ts", "acme"]);
  });

  test("a package that is installed for its folder, whose samples are in the package's own", () => {
    assert.deepEqual(found(locateListed("packed", home)), ["node_modules/packed/dist/index.js", "node_modules/packed"]);
    assert.deepEqual(found(locateListed("packed", join(home, "acme"))), found(locateListed("packed", home)));
    const old = ["node_modules/@acme/old/lib/main.js", "node_modules/@acme/old"];
    assert.deepEqual(found(locateListed("@acme/old", home)), old);
  });

  test("a package that is installed for Thruway", () => {
    assert.match(locateListed("joi", home).url, /\/node_modules\/joi\//);
  });

  test("no package that is installed nowhere", () => {
    assert.throws(() => locateListed("absent", home), {
      name: "UserError",
      message: `"absent" is not installed; run npm install absent in ${home}`,
    });
  });
});

describe("a person names", () => {
  test("a folder, whose module is TypeScript or JavaScript, or what its package exports", () => {
    assert.deepEqual(found(locateNamed("acme", home)), ["acme/index.ts", "acme"]);
    assert.deepEqual(found(locateNamed("./built", home)), ["built/index.js", "built"]);
    assert.deepEqual(found(locateNamed("elsewhere/", home)), ["elsewhere/dist/main.js", "elsewhere"]);
    assert.deepEqual(found(locateNamed(".", join(home, "acme"))), ["acme/index.ts", "acme"]);
  });

  test("a module", () => {
    assert.deepEqual(found(locateNamed("acme/index.ts", home)), ["acme/index.ts", "acme"]);
  });

  test("an installed package", () => {
    assert.deepEqual(found(locateNamed("packed", home)), ["node_modules/packed/dist/index.js", "node_modules/packed"]);
  });

  test("nothing that is not there, with what is missing", () => {
    const says = (named: string, message: RegExp): void =>
      assert.throws(
        () => locateNamed(named, home),
        (error) => error instanceof UserError && message.test(error.message),
      );
    says("empty", /^"empty" has no index\.ts, no index\.js, and no package\.json whose "exports" lead to a module$/);
    says("unbuilt", /^"unbuilt" has no index\.ts/);
    says("broken", /^"broken" has no index\.ts/);
    says("./absent", /^"\.\/absent" is neither a file nor a folder$/);
    says("absent/index.ts", /^"absent\/index\.ts" is neither a file nor a folder$/);
    says("absent", /^"absent" is not installed; run npm install absent in /);
  });
});
