import assert from "node:assert/strict";
import { mkdir, mkdtemp, readdir, readFile, realpath, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { describe, type TestContext, test } from "node:test";
import { namesOf, rename } from "../../../../core/cli/plugin-kit/new/names.ts";
import { writePlugin } from "../../../../core/cli/plugin-kit/new/write-plugin.ts";
import { UserError } from "../../../../core/errors.ts";
import manifest from "../../../../package.json" with { type: "json" };
import sdkManifest from "../../../../sdk/package.json" with { type: "json" };

const ownFiles = [
  "README.md",
  "index.ts",
  "samples/alert.alerts.json",
  "samples/alert.json",
  "samples/heartbeat.alerts.json",
  "samples/heartbeat.json",
];

async function aFolder(t: TestContext, files: Readonly<Record<string, string>> = {}): Promise<string> {
  const folder = await realpath(await mkdtemp(join(tmpdir(), "thruway-test-new-")));
  t.after(() => rm(folder, { recursive: true, force: true }));
  for (const [file, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder, file)), { recursive: true });
    await writeFile(join(folder, file), text);
  }
  return folder;
}

const aCheckout = (t: TestContext, list: readonly string[] = ["./plugins/generic/index.ts"]): Promise<string> =>
  aFolder(t, { "package.json": '{"name": "thruway"}', "plugins.json": JSON.stringify(list), "core/cli/main.ts": "" });

async function listIn(checkout: string): Promise<unknown> {
  return JSON.parse(await readFile(join(checkout, "plugins.json"), "utf8"));
}

describe("the names of a plugin", () => {
  test("have the forms that its files need", () => {
    assert.deepEqual(namesOf("okta-system-log", undefined), {
      name: "okta-system-log",
      title: "Okta system log",
      header: "Okta-System-Log",
    });
    assert.deepEqual(namesOf("a1-2b", "A (1) & 2'b"), { name: "a1-2b", title: "A (1) & 2'b", header: "A1-2b" });
    const names = namesOf("acme", "Acme EDR");
    assert.equal(rename("my-sender X-My-Sender-Time My Sender", names), "acme X-Acme-Time Acme EDR");
  });

  test("are refused where no plugin may have them, with what is right", () => {
    for (const name of ["", "Acme", "2acme", "acme_edr", "acme-", "a--b", "../acme", "a".repeat(41), "acmé"]) {
      assert.throws(
        () => namesOf(name, undefined),
        { name: "UserError", message: /is no name .* lower-case letters/ },
        name,
      );
    }
    assert.throws(() => namesOf("auto", undefined), /means any plugin/);
    for (const title of ["", '"Acme"', "a\nb", "a`b", "<b>", "a".repeat(61)]) {
      assert.throws(() => namesOf("acme", title), { name: "UserError", message: /is no title/ }, title);
    }
  });
});

describe("in a checkout a plugin", () => {
  test("is a folder in plugins/ that plugins.json names, in its place, from wherever it is asked for", async (t) => {
    const checkout = await aCheckout(t, ["./plugins/acme/index.ts", "./plugins/splunk/index.ts"]);
    const written = await writePlugin({ name: "okta" }, join(checkout, "core/cli"));
    assert.deepEqual(written, {
      name: "okta",
      title: "Okta",
      folder: join(checkout, "plugins/okta"),
      files: ownFiles,
      listed_in: join(checkout, "plugins.json"),
    });
    const found = await readdir(written.folder, { recursive: true });
    assert.deepEqual(found.filter((file) => file !== "samples").toSorted(), ownFiles);
    assert.deepEqual(await listIn(checkout), [
      "./plugins/acme/index.ts",
      "./plugins/okta/index.ts",
      "./plugins/splunk/index.ts",
    ]);
  });

  test("has its name everywhere, and nothing of the template's", async (t) => {
    const { folder } = await writePlugin({ name: "okta-log", title: "Okta Log" }, await aCheckout(t));
    const texts = await Promise.all(ownFiles.map((file) => readFile(join(folder, file), "utf8")));
    assert.doesNotMatch(texts.join("\n"), /my.sender/i);
    assert.match(texts[1] ?? "", /name: "okta-log",\n {2}title: "Okta Log",[\s\S]*header: "X-Okta-Log-Signature"/);
    assert.match(texts[0] ?? "", /^# Okta Log\n[\s\S]*tw-cli webhook add okta-log --plugin okta-log /);
  });

  test("stands at the end of a list that is in no order", async (t) => {
    const checkout = await aCheckout(t, [
      "./plugins/splunk/index.ts",
      "thruway-plugin-b",
      "./plugins/generic/index.ts",
    ]);
    await writePlugin({ name: "acme" }, checkout);
    assert.deepEqual(((await listIn(checkout)) as readonly string[]).at(-1), "./plugins/acme/index.ts");
  });

  test("can have another folder, and is named by it", async (t) => {
    const checkout = await aCheckout(t);
    await writePlugin({ name: "acme", dir: "contrib/acme-edr" }, checkout);
    assert.ok(((await listIn(checkout)) as readonly string[]).includes("./contrib/acme-edr/index.ts"));
  });
});

describe("elsewhere a plugin", () => {
  test("is a package that needs the SDK of this version, and that nothing lists", async (t) => {
    const folder = await aFolder(t);
    const written = await writePlugin({ name: "acme" }, folder);
    assert.deepEqual([written.folder, written.listed_in], [join(folder, "acme"), null]);
    assert.deepEqual(
      written.files.toSorted(),
      [...ownFiles, "package.json", "tsconfig.json", "index.test.ts", ".gitignore"].toSorted(),
    );
    const made = JSON.parse(await readFile(join(folder, "acme/package.json"), "utf8"));
    assert.equal(made.name, "thruway-plugin-acme");
    assert.deepEqual([made.type, made.exports, made.files], ["module", "./dist/index.js", ["dist", "samples"]]);
    assert.deepEqual(made.dependencies, { "@thruway/sdk": `^${sdkManifest.version}` });
    assert.equal(made.devDependencies.typescript, manifest.devDependencies.typescript);
    assert.match(await readFile(join(folder, "acme/README.md"), "utf8"), /npm install thruway-plugin-acme/);
    assert.match(await readFile(join(folder, "acme/.gitignore"), "utf8"), /^dist\/$/m);
  });

  test("is what one gets by a folder outside the checkout that one is in", async (t) => {
    const [checkout, outside] = [await aCheckout(t), await aFolder(t)];
    const { listed_in: list } = await writePlugin({ name: "acme", dir: join(outside, "acme") }, checkout);
    assert.equal(list, null);
    assert.deepEqual(await listIn(checkout), ["./plugins/generic/index.ts"]);
  });
});

describe("nothing is overwritten:", () => {
  test("a folder with something in it is left alone, and so is the list", async (t) => {
    const checkout = await aCheckout(t);
    await mkdir(join(checkout, "plugins/acme"), { recursive: true });
    await writeFile(join(checkout, "plugins/acme/index.ts"), "mine");
    await assert.rejects(writePlugin({ name: "acme" }, checkout), (error) => {
      assert.ok(error instanceof UserError);
      assert.match(
        error.message,
        /plugins\/acme is there already, and is not empty; choose another name, or .* --dir$/,
      );
      return true;
    });
    assert.deepEqual(await readdir(join(checkout, "plugins/acme")), ["index.ts"]);
    assert.equal(await readFile(join(checkout, "plugins/acme/index.ts"), "utf8"), "mine");
    assert.deepEqual(await listIn(checkout), ["./plugins/generic/index.ts"]);
  });

  test("a list that is broken is found before anything is written", async (t) => {
    const checkout = await aCheckout(t);
    await writeFile(join(checkout, "plugins.json"), "[");
    await assert.rejects(writePlugin({ name: "acme" }, checkout), /plugins\.json: cannot be read as JSON/);
    assert.ok(!(await readdir(checkout)).includes("plugins"));
  });

  test("an empty folder is taken", async (t) => {
    const folder = await aFolder(t);
    await mkdir(join(folder, "acme"));
    await writePlugin({ name: "acme" }, folder);
    assert.ok((await readdir(join(folder, "acme"))).includes("index.ts"));
  });
});
