import assert from "node:assert/strict";
import { symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, test } from "node:test";
import manifest from "../../../package.json" with { type: "json" };
import { bin, cli, folder, gateway, json, misused } from "../../support/cli.ts";

test("plugin list names what is installed", async () => {
  assert.match((await cli("plugin list")).stdout, /^generic +Generic JSON /m);
  const { data } = await json("plugin list");
  assert.ok(data.some(({ name }: { readonly name: string }) => name === "generic"));
});

describe("a command line", () => {
  test("that is wrong is explained on standard error, and exits with 2", async () => {
    assert.match((await misused("webhok list")).stderr, /Did you mean webhook\?/);
    assert.match((await misused("webhook ad")).stderr, /Did you mean add\?/);
    assert.match((await misused("webhook list --jso")).stderr, /Did you mean --json\?/);
    await misused("webhook add");
    await misused("webhook add edr --auto-triage maybe");
    await misused("incident list --since yesterday");
    await misused("incident list --limit many");
  });

  test("--version and --help need no gateway", async () => {
    assert.deepEqual(await cli("--version", { env: {} }), { code: 0, stdout: `${manifest.version}\n`, stderr: "" });
    const help = await cli("webhook add --help", { env: {} });
    assert.equal(help.code, 0);
    assert.match(help.stdout, /--secret-stdin/);
  });

  test("works through a symlink, from another folder", async () => {
    const entry = join(folder, "tw-cli");
    await symlink(bin, entry);
    assert.equal((await cli("--version", { env: {}, entry, cwd: tmpdir() })).stdout, `${manifest.version}\n`);
  });

  test("gives no escape codes to a pipe, nor where NO_COLOR is set", async () => {
    const where = { TW_API_URL: gateway.url, TW_DATA_DIR: gateway.dataDir };
    for (const env of [where, { ...where, NO_COLOR: "1" }]) {
      for (const line of ["incident list --include-tests", "webhook show absent", "webhook list"]) {
        const { stdout, stderr } = await cli(line, { env });
        assert.ok(!`${stdout}${stderr}`.includes("\u001b"), line);
      }
    }
  });
});
