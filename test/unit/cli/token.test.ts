import assert from "node:assert/strict";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { findToken, tokenFolders } from "../../../core/cli/token.ts";
import { UserError } from "../../../core/errors.ts";

const token = "tw_abcdef_0123456789abcdefghijklmnopqrstuv";

async function aFolder(t: TestContext, content?: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "thruway-test-"));
  t.after(() => rm(folder, { recursive: true, force: true }));
  if (content !== undefined) await writeFile(join(folder, "admin.token"), content);
  return folder;
}

test("TW_API_KEY goes before every file", async (t) => {
  const folder = await aFolder(t, "tw_other");
  assert.deepEqual(findToken({ TW_API_KEY: ` ${token}\n` }, [folder]), { token, from: "TW_API_KEY" });
});

test("the first folder with an admin token gives it", async (t) => {
  const [empty, full, later] = [await aFolder(t), await aFolder(t, `${token}\n`), await aFolder(t, "tw_later\n")];
  assert.deepEqual(findToken({ TW_API_KEY: "" }, [join(empty, "absent"), empty, full, later]), {
    token,
    from: join(full, "admin.token"),
  });
});

test("TW_DATA_DIR is looked into first, then ./data, then the checkout's", () => {
  assert.deepEqual(tokenFolders({ TW_DATA_DIR: "mine" }, "/here", "/checkout"), [
    "/here/mine",
    "/here/data",
    "/checkout/data",
  ]);
  assert.deepEqual(tokenFolders({}, "/here", "/checkout"), ["/here/data", "/checkout/data"]);
  assert.deepEqual(tokenFolders({ TW_DATA_DIR: "data" }, "/checkout", "/checkout"), ["/checkout/data"]);
});

test("without a token, one line says where it was looked for and what to do", async (t) => {
  const folder = await aFolder(t);
  assert.throws(
    () => findToken({}, [folder, "/nowhere"]),
    (error) => {
      assert.ok(error instanceof UserError);
      assert.equal(
        error.message,
        `No API token: TW_API_KEY is not set and there is no admin.token in ${folder} or /nowhere. Is the gateway running? start it with: tw-cli serve`,
      );
      return true;
    },
  );
});

test("what cannot be a token is refused without being repeated", () => {
  assert.throws(
    () => findToken({ TW_API_KEY: "secret\u0007thing" }, []),
    (error) => error instanceof UserError && !error.message.includes("secret") && error.message.includes("TW_API_KEY"),
  );
});

test("a token file that cannot be read is named", async (t) => {
  const folder = await aFolder(t);
  await mkdir(join(folder, "admin.token"));
  assert.throws(
    () => findToken({}, [folder]),
    (error) => error instanceof UserError && error.message.startsWith("The API token cannot be read: "),
  );
});
