import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtemp } from "node:fs/promises";
import { join } from "node:path";
import { describe, test } from "node:test";
import { cli, eventually, folder, start } from "../../support/cli.ts";

describe("serve", () => {
  test("runs a gateway that the CLI finds, and ends cleanly on SIGTERM", async () => {
    const dataDir = await mkdtemp(join(folder, "serve-"));
    const child = start(["serve", "--port", "0", "--data-dir", dataDir], { env: {} });
    const url = await eventually(async () => {
      for await (const chunk of child.stdout) {
        const found = /"url":"(http:[^"]+)"/.exec(String(chunk))?.[1];
        if (found !== undefined) return found;
      }
      return undefined;
    });
    const { code } = await cli("webhook list", { env: { TW_API_URL: url, TW_DATA_DIR: dataDir } });
    assert.equal(code, 0);
    child.kill("SIGTERM");
    assert.deepEqual(await once(child, "exit"), [0, null]);
  });

  test("says in one line what is wrong with its settings", async () => {
    const { code, stdout, stderr } = await cli("serve --port none", { env: {} });
    assert.deepEqual(
      { code, stdout, stderr },
      { code: 1, stdout: "", stderr: "error: Settings: TW_PORT must be a number\n" },
    );
  });
});
