import assert from "node:assert/strict";
import { mkdir, mkdtemp, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { type TestContext, test } from "node:test";
import { UserError } from "../../../../core/errors.ts";
import { openStore } from "../../../../core/store/open.ts";
import { openDatabase } from "../../../../core/store/sqlite/database.ts";

async function aFolder(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "thruway-test-"));
  t.after(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

async function refuses(url: string, ...says: readonly (string | RegExp)[]): Promise<void> {
  await assert.rejects(openStore(url), (error) => {
    assert.ok(error instanceof UserError, String(error));
    assert.ok(!error.message.includes("\n"), error.message);
    for (const part of says) {
      assert.ok(typeof part === "string" ? error.message.includes(part) : part.test(error.message), error.message);
    }
    return true;
  });
}

test("a store that there is not is refused with those that there are", async () => {
  for (const url of ["redis://localhost", "redis", ""])
    await refuses(url, "TW_STORE_URL", "sqlite:<file>", "mongodb://");
});

test("an address of MongoDB that is none is refused without the password in it", async () => {
  await refuses("mongodb://tester:throw-away@", "TW_STORE_URL", /^(?!.*throw-away)/);
});

test("a MongoDB is not connected before it is used", async () => {
  const store = await openStore("mongodb://127.0.0.1:1/nothing");
  await store.close();
});

test("a new store and its folder are for nobody else to read", async (t) => {
  const folder = join(await aFolder(t), "a", "b");
  const file = join(folder, "thruway.db");
  await (await openStore(`sqlite:${file}`)).close();
  assert.equal((await stat(folder)).mode & 0o777, 0o700);
  assert.equal((await stat(file)).mode & 0o777, 0o600);
});

test("a file that is no database is refused by its name, and stays as it was", async (t) => {
  const file = join(await aFolder(t), "thruway.db");
  await writeFile(file, "this is a letter, not a database, and it is long enough for a header\n".repeat(20));
  const { size } = await stat(file);
  await refuses(`sqlite:${file}`, file, /not a database/);
  assert.equal((await stat(file)).size, size);
});

test("a folder where a file should be is refused by its name", async (t) => {
  const folder = join(await aFolder(t), "thruway.db");
  await mkdir(folder);
  await refuses(`sqlite:${folder}`, folder);
});

test("a database of a newer Thruway is refused with what to do, and stays as it was", async (t) => {
  const file = join(await aFolder(t), "thruway.db");
  await (await openStore(`sqlite:${file}`)).close();
  const database = new DatabaseSync(file);
  database.exec("PRAGMA user_version = 999");
  database.close();
  await refuses(`sqlite:${file}`, "schema version 999", /start a newer Thruway/);
  const after = new DatabaseSync(file, { readOnly: true });
  assert.equal(after.prepare("PRAGMA user_version").get()?.user_version, 999);
  after.close();
});

test("each commit waits for the disk: write-ahead log, full sync", async (t) => {
  const database = openDatabase(join(await aFolder(t), "thruway.db"), "write");
  assert.equal(database.get("PRAGMA journal_mode")?.journal_mode, "wal");
  assert.equal(database.get("PRAGMA synchronous")?.synchronous, 2);
  database.close();
});
