import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { test } from "node:test";
import { aFolder } from "../../support/gateway-process.ts";
import { searchLogged } from "../../support/logged.ts";

const support = join(import.meta.dirname, "../../support");

test("a secret in a line is found, whichever process kept the two", async () => {
  await using folder = await aFolder();
  await writeFile(join(folder.path, "1.secrets"), '"throw-away-test-secret"\n"with \\"quotes\\" in it"\n');
  await writeFile(
    join(folder.path, "2.log"),
    '{"msg":"good"}\n{"msg":"a throw-away-test-secret"}\n{"msg":"with \\"quotes\\" in it"}\n',
  );
  const { lines, secrets, found } = await searchLogged(folder.path);
  assert.deepEqual([lines, secrets], [3, 2]);
  assert.deepEqual(
    found.map(({ secret }) => secret),
    ["throw-away-test-secret", 'with \\"quotes\\" in it'],
  );
});

for (const [fate, line, code] of [
  ["fails", "this line has throw-away-test-secret in it", 1],
  ["passes", "this line has none", 0],
] as const) {
  test(`a run of tests ${fate} where ${line}`, async () => {
    await using folder = await aFolder();
    const file = join(folder.path, "one.test.ts");
    const logged = JSON.stringify(join(support, "logged.ts"));
    await writeFile(
      file,
      `import { test } from "node:test";
import { keepLogged, keepSecrets } from ${logged};
test("it logs", () => { keepSecrets("throw-away-test-secret"); keepLogged(${JSON.stringify(line)}); });
`,
    );
    const setup = `--test-global-setup=${join(support, "global-setup.ts")}`;
    const child = spawn(process.execPath, ["--test", setup, file], {
      // Where nothing is found, no MongoDB server is started.
      env: { PATH: folder.path, HOME: folder.path },
      stdio: ["ignore", "ignore", "pipe"],
    });
    const [stderr, [ended]] = await Promise.all([text(child.stderr), once(child, "close")]);
    assert.match(stderr, /Searched 1 lines of logs for 1 secrets of the tests: found [01]\n/);
    assert.equal(ended, code, stderr);
  });
}
