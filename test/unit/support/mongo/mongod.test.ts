import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { eventually } from "../../../support/eventually.ts";
import { aFolder } from "../../../support/gateway-process.ts";
import { mongod } from "../../../support/mongo/mongod.ts";

const fake = join(import.meta.dirname, "fake-mongod.ts");

/** A program at `path` that does as `fake-mongod.ts` does, and says that it has this version. */
async function aMongod(path: string, version: string): Promise<void> {
  await aProgram(path, `FAKE_MONGOD_VERSION=${version} exec '${process.execPath}' '${fake}' "$@"`);
}

async function aProgram(path: string, script: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, `#!/bin/sh\n${script}\n`, { mode: 0o755 });
}

interface Machine {
  readonly env: NodeJS.ProcessEnv;
  readonly bin: string;
  readonly cache: string;
}

/** What a machine with nothing on it has. */
function machineIn(folder: string): Machine {
  const bin = join(folder, "bin");
  return {
    env: { PATH: bin, HOME: folder, FAKE_MONGOD_NOTES: join(folder, "notes.json") },
    bin,
    cache: join(folder, ".cache/mongodb-binaries"),
  };
}

test("a mongod on PATH runs as a replica set of one on the loopback interface, and leaves nothing", async () => {
  await using folder = await aFolder();
  const { env, bin } = machineIn(folder.path);
  await aMongod(join(bin, "mongod"), "8.0.1");

  const found = await mongod(env);
  assert.ok("uri" in found, JSON.stringify(found));
  assert.equal(found.name, "mongod 8.0.1 from PATH");
  const { port } = new URL(found.uri);
  const notes = JSON.parse(await readFile(join(folder.path, "notes.json"), "utf8"));
  assert.deepEqual(notes, {
    bind_ip: "127.0.0.1",
    port,
    dbpath: notes.dbpath,
    replSet: "thruway-test",
    initiated: { _id: "thruway-test", members: [{ _id: 0, host: `127.0.0.1:${port}` }] },
  });
  assert.equal(existsSync(notes.dbpath), true);

  await found[Symbol.asyncDispose]();
  assert.equal(existsSync(notes.dbpath), false);
  await eventually(async () => (await refuses(Number(port))) || undefined);
});

test("without one on PATH, the newest is taken that mongodb-memory-server has cached", async () => {
  await using folder = await aFolder();
  const { env, cache } = machineIn(folder.path);
  for (const version of ["7.0.14", "8.0.1", "10.0.0", "8.0.10"])
    await aMongod(join(cache, `mongod-x64-debian-${version}`), version);
  await writeFile(join(cache, "mongod-x64-debian-11.0.0"), "half a download");
  await writeFile(join(cache, "10.0.0.lock"), "");

  const found = await mongod(env);
  assert.ok("uri" in found, JSON.stringify(found));
  await found[Symbol.asyncDispose]();
  assert.equal(found.name, "mongod 10.0.0 from the cache of mongodb-memory-server");
});

test("one that does not run is passed over for the next", async () => {
  await using folder = await aFolder();
  const { env, bin, cache } = machineIn(folder.path);
  await aProgram(join(bin, "mongod"), "echo a library is missing >&2; exit 127");
  await aMongod(join(cache, "mongod-x64-debian-8.0.1"), "8.0.1");

  const found = await mongod(env);
  assert.ok("uri" in found, JSON.stringify(found));
  await found[Symbol.asyncDispose]();
  assert.equal(found.name, "mongod 8.0.1 from the cache of mongodb-memory-server");
});

test("one that does not start is told with what it said", async () => {
  await using folder = await aFolder();
  const { env, bin } = machineIn(folder.path);
  await aProgram(
    join(bin, "mongod"),
    `[ "$1" = --version ] && echo 'db version v8.0.1' && exit; echo no space left; exit 100`,
  );

  const found = await mongod(env);
  assert.ok("reason" in found);
  assert.match(found.reason, /mongod did not start: .*no space left/s);
});

function refuses(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    socket.on("error", () => resolve(true));
    socket.on("connect", () => resolve(!socket.destroy()));
  });
}
