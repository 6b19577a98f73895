import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtemp, readdir } from "node:fs/promises";
import { join } from "node:path";
import { describe, test } from "node:test";
import { cli, folder, json, start } from "../../support/cli.ts";
import { readPage } from "../../support/markdown.ts";

describe("demo", () => {
  test("--once delivers every sample, shows their incidents and leaves nothing behind", async () => {
    const TMPDIR = await mkdtemp(join(folder, "tmp-"));
    const { code, stdout, stderr } = await cli("demo --once", { env: { TMPDIR, TW_PORT: "0" } });
    assert.deepEqual([code, stderr], [0, ""]);
    assert.match(stdout, /^✔ demo-generic +\d+ accepted$/m);
    assert.match(stdout, /^INC-\d{4}-0001 +\w+ +new +demo-/m);
    assert.match(stdout, /^INC-\d{4}-\d+ +true_positive +Urgent Action Required\n +.*lures/m);
    assert.match(stdout, /^INC-\d{4}-\d+ +false_positive +Lunch menu.*\n +It is an authenticated mail/m);
    assert.deepEqual(await readdir(TMPDIR), []);
  });

  test("--json prints deliveries and incidents, and nothing else; README tells how many", async () => {
    const { deliveries, incidents } = await json("demo", { env: { TW_PORT: "0" } });
    assert.ok(deliveries.length > 0);
    assert.ok(deliveries.every(({ status }: { readonly status: string }) => ["accepted", "ignored"].includes(status)));
    const numbers = incidents.map(({ number }: { readonly number: string }) => number);
    assert.deepEqual(numbers, numbers.toSorted());
    assert.ok((await readPage("README.md")).includes(`\nThey became ${numbers.length} incidents:\n`));
  });

  test("stays up, tells what to try, and ends cleanly on Ctrl-C", async () => {
    const TMPDIR = await mkdtemp(join(folder, "tmp-"));
    const child = start(["demo"], { env: { TMPDIR, TW_PORT: "0" } });
    let stdout = "";
    for await (const chunk of child.stdout) {
      stdout += String(chunk);
      if (stdout.includes("curl -H")) break;
    }
    const [, url = "", dataDir = ""] = /export TW_API_URL=(\S+) TW_DATA_DIR=(\S+)/.exec(stdout) ?? [];
    const env = { TW_API_URL: url, TW_DATA_DIR: dataDir };
    const { data } = await json("incident list --limit 1", { env });
    assert.equal(data.length, 1);
    const [, why = ""] = /tw-cli (incident show \S+ --why)\n/.exec(stdout) ?? [];
    assert.match((await cli(why, { env })).stdout, /true_positive \(85 %\): .*lures/);
    child.kill("SIGINT");
    assert.deepEqual(await once(child, "exit"), [0, null]);
    assert.deepEqual(await readdir(TMPDIR), []);
  });
});
