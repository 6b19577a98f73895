import assert from "node:assert/strict";
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { describe, test } from "node:test";
import { aPluginFolder } from "../../support/a-plugin-folder.ts";
import { aFolder } from "../../support/gateway-process.ts";
import { root } from "../../support/markdown.ts";
import { aCheckout, checkCode } from "../../support/page.ts";
import { twCli } from "../../support/tw-cli.ts";

const plugins = ["crowdstrike", "defender", "generic", "splunk"].map((name) => `plugins/${name}`);

describe("plugin new and plugin check", () => {
  test("make a plugin in a clean checkout that is green, typed and formatted, whatever its name is", async () => {
    await using checkout = await aCheckout();
    const longest = "a-sender-with-as-long-a-name-as-there-is";
    assert.equal(longest.length, 40);
    for (const name of ["ox", longest]) {
      const made = await twCli(checkout.folder, ["plugin", "new", name]);
      assert.deepEqual([made.code, made.stderr], [0, ""]);
      assert.match(
        made.stdout,
        new RegExp(`plugins/${name}/index\\.ts\n[\\s\\S]*tw-cli plugin check plugins/${name}\n`),
      );
      const checked = await twCli(checkout.folder, ["plugin", "check", `plugins/${name}`]);
      assert.deepEqual([checked.code, checked.stderr], [0, ""]);
      assert.match(checked.stdout, /✔ All \d+ checks passed\n$/);
      await checkCode(checkout.folder, `plugins/${name}`);
    }
    assert.deepEqual(JSON.parse(await readFile(join(checkout.folder, "plugins.json"), "utf8")).slice(0, 2), [
      `./plugins/${longest}/index.ts`,
      "./plugins/crowdstrike/index.ts",
    ]);
    await checkCode(checkout.folder, "plugins.json");

    const again = await twCli(checkout.folder, ["plugin", "new", "ox"]);
    assert.equal(again.code, 1);
    assert.match(again.stderr, /^error: .*plugins\/ox is there already, and is not empty;.*\n$/);
  });

  test("print JSON for programs", async () => {
    await using folder = await aFolder();
    const made = await twCli(folder.path, ["plugin", "new", "acme", "--title", "Acme EDR", "--json"]);
    const { name, title, folder: written, listed_in: list } = JSON.parse(made.stdout);
    assert.deepEqual([name, title, list], ["acme", "Acme EDR", null]);
    assert.ok((await readdir(written)).includes("package.json"));
  });
});

describe("plugin check", () => {
  test("passes the plugins that ship, several at once", async () => {
    const { code, stdout, stderr } = await twCli(root, ["plugin", "check", ...plugins]);
    assert.deepEqual([code, stderr], [0, ""]);
    for (const path of plugins) assert.match(stdout, new RegExp(`^.*, ${path}$`, "m"));
    assert.doesNotMatch(stdout, /✘/);
  });

  test("says what is wrong and what to mend, and ends with 1; --update writes what is right", async () => {
    await using plugin = await aPluginFolder({ "samples/heartbeat.alerts.json": '{"ignored": "something else"}\n' });
    const cwd = dirname(plugin.path);
    const red = await twCli(cwd, ["plugin", "check", "acme"]);
    assert.deepEqual([red.code, red.stderr], [1, "error: 1 of 24 checks failed\n"]);
    assert.match(red.stdout, /✘ heartbeat: becomes the alerts beside it\n {4}The sample becomes something else/);
    assert.match(red.stdout, / {6}- {3}"ignored": "something else"\n {6}\+ {3}"ignored": "no alert: heartbeat"\n/);
    assert.match(red.stdout, / {4}To mend it: change map; or/);

    const json = JSON.parse((await twCli(cwd, ["plugin", "check", "acme", "--json"])).stdout);
    assert.equal(json[0].ok, false);
    assert.equal(json[0].checks.filter(({ ok }: { readonly ok: boolean }) => !ok).length, 1);

    const green = await twCli(cwd, ["plugin", "check", "acme", "--update", "--seed", "7"]);
    assert.deepEqual([green.code, green.stderr], [0, ""]);
    assert.match(green.stdout, /samples\/heartbeat\.alerts\.json is written; read it/);
    assert.match(green.stdout, /survives 500 mutated payloads \(seed 7\)/);
  });

  test("goes on to the next where one cannot be loaded, with the place of the mistake", async () => {
    await using plugin = await aPluginFolder({ "broken.ts": "export default {\n  name: ,\n};" });
    const { code, stdout, stderr } = await twCli(dirname(plugin.path), ["plugin", "check", "acme/broken.ts", "acme"]);
    assert.deepEqual([code, stderr], [1, "error: 1 of 25 checks failed\n"]);
    assert.match(
      stdout,
      /^✘ can be loaded\n {4}"acme\/broken\.ts" failed to load: Expression expected \(broken\.ts:2\)\n/,
    );
    assert.match(stdout, /✔ heartbeat: survives/);
  });

  test("makes what a plugin writes harmless to a terminal", async () => {
    await using plugin = await aPluginFolder();
    const source = await readFile(join(plugin.path, "index.ts"), "utf8");
    await plugin.write("index.ts", source.replace(/ignore\(`no alert: .*`\)/, 'ignore("\\u001b[31mred")'));
    const { stdout } = await twCli(dirname(plugin.path), ["plugin", "check", "acme"]);
    assert.match(stdout, /\\u001b\[31mred/);
    assert.ok(!stdout.includes("\u001b"));
  });
});

describe("plugin catalogue", () => {
  test("describes what the list names: what it takes, how it is signed, its options and which are sensitive", async () => {
    await using plugin = await aPluginFolder();
    const source = await readFile(join(plugin.path, "index.ts"), "utf8");
    const options = `options: joi.object({
      auth: joi.object({ token: joi.string().meta({ sensitive: true }).required() }),
      region: joi.valid("eu", "us"),
      limit: joi.number().integer(),
      from: joi.alternatives(joi.string().pattern(/^x/, "an address"), joi.array()),
    }) as never,`;
    await plugin.write("index.ts", source.replace('title: "My Sender",', `title: "My Sender",\n  ${options}`));
    const home = dirname(plugin.path);
    await writeFile(join(home, "plugins.json"), '["./acme/index.ts"]');
    const env = { TW_PLUGINS: join(home, "plugins.json") };

    const { code, stdout } = await twCli(home, ["plugin", "catalogue"], env);
    assert.equal(code, 0);
    assert.equal(
      stdout,
      `### my-sender

My Sender. Takes alerts of My Sender. See [its README](acme/README.md).

Signed by \`sha256=<hex HMAC-SHA-256> of "{timestamp}.{body}" in X-My-Sender-Signature\`.

Options:

- \`auth.token\`: a text; required; sensitive
- \`region\`: \`eu\` or \`us\`
- \`limit\`: a whole number
- \`from\`: a text (an address) or a list
`,
    );

    await mkdir(join(home, "docs"));
    const page = join(home, "docs/page.md");
    const marks = ["<!-- The catalogue: written by npm run docs -->", "<!-- The end of the catalogue -->"];
    await writeFile(page, `before\n\n${marks[0]}\nold\n${marks[1]}\n\nafter\n`);
    const written = await twCli(home, ["plugin", "catalogue", "--write", "docs/page.md"], env);
    assert.equal(written.stdout, "✔ docs/page.md describes my-sender\n");
    const text = await readFile(page, "utf8");
    assert.match(text, /^before\n\n<!-- The catalogue[^\n]*-->\n\n### my-sender\n/);
    assert.match(text, /\(\.\.\/acme\/README\.md\)[\s\S]*a list\n\n<!-- The end of the catalogue -->\n\nafter\n$/);
    await twCli(home, ["plugin", "catalogue", "--write", "docs/page.md"], env);
    assert.equal(await readFile(page, "utf8"), text, "a second time changes nothing");

    await writeFile(page, "no marks\n");
    const lost = await twCli(home, ["plugin", "catalogue", "--write", "docs/page.md"], env);
    assert.equal(lost.code, 1);
    assert.match(lost.stderr, /^error: docs\/page\.md: has no place for the catalogue; put these lines/);
  });
});
