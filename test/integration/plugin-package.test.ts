import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, test } from "node:test";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { type Plugin, sdkVersion } from "@thruway/sdk";
import { aFolder, register, running, serve } from "../support/gateway-process.ts";
import { root } from "../support/markdown.ts";
import { install, npm, packInstalled, packSdk } from "../support/packed.ts";
import { missing } from "../support/page.ts";
import { twCli } from "../support/tw-cli.ts";

const execute = promisify(execFile);
const tsc = join(root, "node_modules/.bin/tsc");
const secret = "throw-away-test-secret-of-a-package";

const absent = missing("npm");
const skip = absent.length > 0 && `NOT RUN: this machine has no ${absent.join(", ")}`;

describe("outside the repository", { skip }, () => {
  test("a plugin is written, checked, built, packed and installed with the packed SDK, and takes events", async () => {
    await using home = await aFolder();
    const [tarballs, work, site] = ["tarballs", "work", "site"].map((name) => join(home.path, name)) as [
      string,
      string,
      string,
    ];
    for (const folder of [tarballs, work, site]) await mkdir(folder);
    const sdk = await packSdk(tarballs);

    // Its author: the SDK is what npm installed.
    await install(work, [...sdk, ...(await packInstalled(tarballs, "@types/node"))]);
    const author = join(work, "acme");
    const made = await twCli(work, ["plugin", "new", "acme", "--title", "Acme EDR"]);
    assert.deepEqual([made.code, made.stderr], [0, ""]);
    const checked = await twCli(author, ["plugin", "check", "."]);
    assert.deepEqual([checked.code, checked.stderr], [0, ""], checked.stdout);
    // The same checks in another runner.
    const { NODE_TEST_CONTEXT: _, ...env } = process.env;
    const tested = await execute(process.execPath, ["--test", "--test-reporter=tap"], { cwd: author, env });
    assert.match(tested.stdout, /ok \d+ - alert: survives 500 mutated payloads/);
    assert.match(tested.stdout, /^# fail 0$/m);

    // Every door of the SDK leads into the package, JSONata's realm too.
    const calls = [
      'import { compileExpression, evaluateExpressions } from "@thruway/sdk/expression";',
      'import { severities } from "@thruway/sdk/alert";',
      'import { text } from "@thruway/sdk/read";',
      'const expressions = [compileExpression("a & b")];',
      'const [[made]] = evaluateExpressions({ expressions, items: [{ a: "x", b: "y" }], receivedAt: new Date() });',
      "console.log(made.value, severities[0], text(7));",
    ];
    const opened = await execute(process.execPath, ["--input-type=module", "--eval", calls.join("\n")], {
      cwd: author,
    });
    assert.equal(opened.stdout, "xy critical 7\n");

    // The types are those of the SDK: what is wrong does not compile.
    await writeFile(join(author, "wrong.ts"), 'import { hmac } from "@thruway/sdk";\nhmac({ header: 7 });\n');
    await assert.rejects(execute(tsc, ["--noEmit"], { cwd: author }), ({ stdout }: { readonly stdout: string }) => {
      assert.match(stdout, /^wrong\.ts\(2,8\): error TS2322: Type 'number' is not assignable to type 'string/);
      return stdout.trim().split("\n").length === 1;
    });
    await rm(join(author, "wrong.ts"));
    await npm(author, "pack", "--pack-destination", tarballs);
    const packed = (await readdir(tarballs)).find((file) => file.startsWith("thruway-plugin-acme-"));
    assert.ok(packed);

    // Its user: a gateway beside which the package is installed.
    await install(site, [...sdk, join(tarballs, packed)]);
    const installed = join(site, "node_modules/thruway-plugin-acme");
    assert.deepEqual((await readdir(installed)).toSorted(), ["README.md", "dist", "package.json", "samples"]);
    assert.deepEqual((await readdir(join(installed, "dist"))).toSorted(), ["index.js"]);
    const again = await twCli(site, ["plugin", "check", "thruway-plugin-acme"]);
    assert.deepEqual([again.code, again.stderr], [0, ""], again.stdout);

    const list = join(site, "plugins.json");
    await writeFile(list, '["thruway-plugin-acme"]');
    const { default: plugin } = (await import(pathToFileURL(join(installed, "dist/index.js")).href)) as {
      readonly default: Plugin;
    };
    const body = await readFile(join(installed, "samples/alert.json"));
    {
      await using gateway = await running(join(site, "data"), { TW_PLUGINS: list });
      await register(gateway, "edr", { plugin: "acme", secret });
      const { url, headers } = plugin.signature({}).sign({ url: "/api/webhooks/edr", body }, secret, new Date());
      const post = (body: Uint8Array<ArrayBuffer>): Promise<Response> =>
        fetch(`${gateway.url}${url}`, {
          method: "POST",
          headers: { "content-type": "application/json", ...headers },
          body,
        });
      const answer = await post(Uint8Array.from(body));
      assert.equal(answer.status, 202);
      const { incident_number: number } = (await answer.json()) as { readonly incident_number: string };
      const { body: incident } = await gateway.api("GET", `/api/incidents/${number}`);
      assert.deepEqual([incident.plugin, incident.title], ["acme", "Credentials were dumped"]);
      assert.equal(
        (await post(Uint8Array.from(body.map((byte, index) => (index === 9 ? byte ^ 1 : byte))))).status,
        401,
      );
    }

    // It brought an SDK of its own. One of another line is refused at the start.
    const version = join(site, "node_modules/@thruway/sdk/dist/version.js");
    const text = await readFile(version, "utf8");
    assert.ok(text.includes(`"${sdkVersion}"`));
    await writeFile(version, text.replace(`"${sdkVersion}"`, '"7.1.0"'));
    await using refused = serve(join(site, "data"), { TW_PLUGINS: list });
    const { code } = await refused.exit;
    assert.equal(code, 1);
    assert.equal(
      refused.stderr().replaceAll(site, ""),
      `error: /plugins.json: "thruway-plugin-acme" cannot be used: the plugin "acme" was made with SDK 7.1.0, and this Thruway has SDK ${sdkVersion}; install a version of it that is made with SDK ${sdkVersion.split(".", 2).join(".")}, or a Thruway with SDK 7\n`,
    );
  });
});
