import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, test } from "node:test";
import { cli, folder, json } from "../../support/cli.ts";
import { testSecret } from "../../support/gateway.ts";

describe("config validate", () => {
  test("says that a file is good", async () => {
    const file = join(folder, "good.yaml");
    await writeFile(file, `sources:\n  edr:\n    secret: "\${EDR_SECRET}"\n`);
    const options = { env: { EDR_SECRET: testSecret } };
    const { code, stdout } = await cli(`config validate ${file}`, options);
    assert.deepEqual([code, stdout], [0, `✔ ${file} is valid, with 1 source: edr\n`]);
    assert.deepEqual(await json(`config validate ${file}`, options), { file, sources: ["edr"], problems: [] });
  });

  test("lists every problem with its line", async () => {
    await writeFile(
      join(folder, "bad.yaml"),
      "sources:\n  edr:\n    secret: x\n    plugin: nonsense\n  siem:\n    bogus: 1\n",
    );
    const { code, stdout, stderr } = await cli("config validate bad.yaml", { env: {} });
    assert.deepEqual([code, stdout], [1, ""]);
    assert.match(stderr, /^error: bad\.yaml has 2 problems\nbad\.yaml:4: .*nonsense.*\nbad\.yaml:6: .*bogus.*\n$/);
  });

  test("fails where there is no file", async () => {
    const { code, stderr } = await cli("config validate absent.yaml", { env: {} });
    assert.equal(code, 1);
    assert.match(stderr, /absent\.yaml: cannot be read/);
  });
});
