import assert from "node:assert/strict";
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { isToken } from "../../../../core/access/api-token.ts";
import { adminTokenFile, masterKeyFile, readKeyring, readMasterKey } from "../../../../core/config/keyring.ts";
import { readSettings } from "../../../../core/config/settings.ts";
import { UserError } from "../../../../core/errors.ts";

async function aDataDir(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "thruway-test-"));
  t.after(() => rm(folder, { recursive: true, force: true }));
  return join(folder, "data");
}

function keyringIn(dataDir: string, env: Readonly<Record<string, string>> = {}): ReturnType<typeof readKeyring> {
  return readKeyring(readSettings({ TW_DATA_DIR: dataDir, ...env }));
}

test("the first start makes a key and a token that nobody else can read", async (t) => {
  const dataDir = await aDataDir(t);
  const { masterKey, adminToken, made } = await keyringIn(dataDir);
  assert.equal(masterKey.length, 32);
  assert.ok(isToken(adminToken));
  assert.deepEqual(made, [join(dataDir, masterKeyFile), join(dataDir, adminTokenFile)]);
  assert.equal((await stat(dataDir)).mode & 0o777, 0o700);
  for (const file of made) assert.equal((await stat(file)).mode & 0o777, 0o600);
  assert.deepEqual((await readdir(dataDir)).toSorted(), [adminTokenFile, masterKeyFile]);
});

test("the next start finds them", async (t) => {
  const dataDir = await aDataDir(t);
  const first = await keyringIn(dataDir);
  assert.deepEqual(await keyringIn(dataDir), { ...first, made: [] });
});

test("starts at once agree, and leave nothing else behind", async (t) => {
  const dataDir = await aDataDir(t);
  const all = await Promise.all(Array.from({ length: 8 }, () => keyringIn(dataDir)));
  assert.equal(new Set(all.map(({ masterKey }) => masterKey.toString("hex"))).size, 1);
  assert.equal(new Set(all.map(({ adminToken }) => adminToken)).size, 1);
  assert.equal(all.flatMap(({ made }) => made).length, 2);
  assert.deepEqual((await readdir(dataDir)).toSorted(), [adminTokenFile, masterKeyFile]);
});

test("the environment goes before the files, and makes none", async (t) => {
  const dataDir = await aDataDir(t);
  const given = { TW_MASTER_KEY: "0f".repeat(32), TW_ADMIN_TOKEN: "tw_abcdef_0123456789abcdefghijklmnopqrstuv" };
  const { masterKey, adminToken, made } = await keyringIn(dataDir, given);
  assert.equal(masterKey.toString("hex"), given.TW_MASTER_KEY);
  assert.equal(adminToken, given.TW_ADMIN_TOKEN);
  assert.deepEqual(made, []);
  assert.deepEqual(await readdir(dataDir), []);
});

for (const file of [masterKeyFile, adminTokenFile]) {
  test(`a broken ${file} stops the start with one line that names it, and is not written over`, async (t) => {
    const dataDir = await aDataDir(t);
    await keyringIn(dataDir);
    await writeFile(join(dataDir, file), "test-secret-broken\n");
    await assert.rejects(keyringIn(dataDir), (error) => {
      assert.ok(error instanceof UserError);
      assert.ok(error.message.startsWith(`${join(dataDir, file)}: must hold `), error.message);
      assert.ok(!error.message.includes("\n") && !error.message.includes("test-secret"));
      return true;
    });
    assert.equal(await readFile(join(dataDir, file), "utf8"), "test-secret-broken\n");
  });
}

test("a data folder that cannot be used stops the start with one line that names it", async (t) => {
  const dataDir = await aDataDir(t);
  await writeFile(dataDir, "a file");
  await assert.rejects(keyringIn(dataDir), (error) => {
    assert.ok(error instanceof UserError);
    assert.ok(error.message.includes(dataDir) && error.message.includes("TW_DATA_DIR"), error.message);
    return true;
  });
});

test("a process beside a gateway reads its master key, from its folder or the environment", async (t) => {
  const dataDir = await aDataDir(t);
  const { masterKey } = await keyringIn(dataDir);
  assert.deepEqual(await readMasterKey(readSettings({ TW_DATA_DIR: dataDir })), { masterKey, made: [] });
  const given = readSettings({ TW_DATA_DIR: "/nowhere", TW_MASTER_KEY: "ab".repeat(32) });
  assert.deepEqual((await readMasterKey(given)).masterKey, Buffer.alloc(32, 0xab));
});

test("a process beside a gateway makes no master key, and takes none that is none", async (t) => {
  const dataDir = await aDataDir(t);
  const settings = readSettings({ TW_DATA_DIR: dataDir });
  const remedy = /TW_DATA_DIR, or give its key in TW_MASTER_KEY$/;
  await assert.rejects(readMasterKey(settings), { name: "UserError", message: remedy });
  await mkdir(dataDir);
  await assert.rejects(readMasterKey(settings), { name: "UserError", message: remedy });
  assert.deepEqual(await readdir(dataDir), []);
  await writeFile(join(dataDir, masterKeyFile), "none\n");
  await assert.rejects(readMasterKey(settings), { name: "UserError", message: /must hold 64 hex digits/ });
});
