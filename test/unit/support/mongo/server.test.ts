import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { test } from "node:test";
import { MongoClient } from "mongodb";
import { eventually } from "../../../support/eventually.ts";
import { aFolder } from "../../../support/gateway-process.ts";
import { root } from "../../../support/markdown.ts";
import { aMongoDatabase } from "../../../support/mongo/database.ts";
import { findMongo, mongoServer, withoutMongo } from "../../../support/mongo/server.ts";

const skip = await withoutMongo();
const support = join(root, "test/support/mongo");

/** The server of this run. */
async function theServer(): Promise<{ readonly uri: string }> {
  const server = await mongoServer();
  assert.ok("uri" in server);
  return server;
}

interface Ran {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs Node on a machine that has nothing but it, and what `env` adds. */
async function node(args: readonly string[], env: NodeJS.ProcessEnv): Promise<Ran> {
  const child = spawn(process.execPath, args, { cwd: root, env, stdio: ["ignore", "pipe", "pipe"] });
  const [stdout, stderr, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, "close")]);
  return { code, stdout, stderr };
}

test("MONGODB_URI comes first, and is said to", { skip }, async () => {
  const { uri } = await theServer();
  const found = await findMongo({ ...process.env, MONGODB_URI: uri });
  assert.ok("uri" in found);
  assert.equal(found.uri, uri);
  assert.match(found.name, /^MongoDB \d+\.\d+\.\d+ of MONGODB_URI$/);
});

test("a MONGODB_URI that leads nowhere is a mistake, and nothing else is tried", async () => {
  for (const MONGODB_URI of ["localhost:27017", "mongodb://127.0.0.1:1/?serverSelectionTimeoutMS=200"]) {
    await assert.rejects(findMongo({ ...process.env, MONGODB_URI }), /^Error: MONGODB_URI: .*or unset the variable$/);
  }
});

test("where there is no server, the reason names all that was looked for", async () => {
  await using empty = await aFolder();
  const found = await findMongo({ PATH: empty.path, HOME: empty.path });
  assert.ok("reason" in found);
  for (const looked of ["MONGODB_URI is not set", "no mongod on PATH", "mongodb-memory-server", "no mvn on PATH"])
    assert.ok(found.reason.includes(looked), found.reason);
});

test("a Java that is too old is told", async () => {
  await using folder = await aFolder();
  for (const [program, version] of [
    ["mvn", "3.8"],
    ["java", "11.0.2"],
  ])
    await writeFile(join(folder.path, program ?? ""), `#!/bin/sh\necho 'version "${version}"' >&2\n`, { mode: 0o755 });
  const found = await findMongo({ PATH: folder.path, HOME: folder.path });
  assert.ok("reason" in found);
  assert.match(found.reason, /Java is 11, not 17 or later/);
});

test("where there is no server, tests are skipped with one line that says how to run them", async () => {
  await using empty = await aFolder();
  const { code, stdout, stderr } = await node(
    [
      "--test",
      "--test-reporter=tap",
      `--test-global-setup=${join(support, "global-setup.ts")}`,
      import.meta.filename.replace("server.test", "proxy.test"),
    ],
    { PATH: empty.path, HOME: empty.path },
  );
  assert.equal(code, 0, stdout);
  assert.match(stderr, /^THE TESTS OF MONGODB ARE NOT RUN: .*To run them: set MONGODB_URI, or .*\n$/);
  const tests = /# tests (\d+)/.exec(stdout)?.[1];
  assert.ok(Number(tests) > 10);
  assert.match(stdout, new RegExp(`# skipped ${tests}\n`));
});

test("where there is no server and MONGODB_REQUIRED=1, the run fails, alone or with a global setup", async () => {
  await using empty = await aFolder();
  const file = import.meta.filename.replace("server.test", "proxy.test");
  for (const setup of [[], [`--test-global-setup=${join(support, "global-setup.ts")}`]]) {
    const { code, stdout, stderr } = await node(["--test", "--test-reporter=tap", ...setup, file], {
      PATH: empty.path,
      HOME: empty.path,
      MONGODB_REQUIRED: "1",
    });
    assert.notEqual(code, 0);
    assert.match(stdout + stderr, /MONGODB_REQUIRED=1, but THE TESTS OF MONGODB ARE NOT RUN/);
  }
});

test("the files of a run share one server, which is named once", { skip }, async () => {
  const { uri } = await theServer();
  await using folder = await aFolder();
  const files = ["a", "b"].map((name) => join(folder.path, `${name}.test.mjs`));
  const body = `import { mongoServer } from ${JSON.stringify(join(support, "server.ts"))};\nconsole.log("it is", (await mongoServer()).uri);\n`;
  for (const file of files) await writeFile(file, body);
  const { code, stdout, stderr } = await node(
    ["--test", "--test-reporter=tap", `--test-global-setup=${join(support, "global-setup.ts")}`, ...files],
    { MONGODB_URI: uri },
  );
  assert.equal(code, 0, stdout);
  assert.equal(stdout.split(`it is ${uri}`).length, 3, stdout);
  assert.match(stderr, /^MongoDB of the tests: MongoDB \S+ of MONGODB_URI\n$/);
});

test("a server that a test file started by itself ends with it, even if it is killed", { skip }, async (t) => {
  const { TW_TEST_MONGODB: _, MONGODB_URI: __, ...env } = process.env;
  const script = `const { mongoServer } = await import(${JSON.stringify(join(support, "server.ts"))});
    console.log(JSON.stringify(await mongoServer()));
    setInterval(() => {}, 1000);`;
  const child = spawn(process.execPath, ["--input-type=module", "-e", script], {
    env,
    stdio: ["ignore", "pipe", "pipe"],
  });
  const [line] = await once(child.stdout, "data");
  const found = JSON.parse(String(line));
  if (!("uri" in found)) return t.skip(found.reason);
  const { port } = new URL(found.uri);
  assert.equal(await answers(Number(port)), true);

  child.kill("SIGKILL");
  await eventually(async () => !(await answers(Number(port))) || undefined);
});

test("each test gets a database of its own, which is gone after it", { skip }, async () => {
  const { uri } = await theServer();
  await using client = new MongoClient(uri);
  const names = async (): Promise<readonly string[]> =>
    (await client.db("admin").admin().listDatabases({ nameOnly: true })).databases.map(({ name }) => name);
  const one = await aMongoDatabase();
  {
    await using other = await aMongoDatabase();
    assert.notEqual(other.name, one.name);
    for (const { uri, name } of [one, other]) {
      await using own = new MongoClient(uri);
      await own.db().collection("c").insertOne({});
      assert.ok((await names()).includes(name));
    }
  }
  await one[Symbol.asyncDispose]();
  assert.equal((await names()).includes(one.name), false);
});

test("what the server answers is what was so when it carried the command out", { skip }, async () => {
  await using database = await aMongoDatabase();
  await using client = new MongoClient(database.uri);
  const numbers = client.db().collection<{ _id: string; one: number; two: number }>("numbers");
  await numbers.insertOne({ _id: "n", one: 0, two: 0 });
  const next = async (): Promise<unknown> => {
    const after = await numbers.findOneAndUpdate(
      { _id: "n" },
      { $inc: { one: 1, two: 1 } },
      { returnDocument: "after" },
    );
    assert.equal(after?.one, after?.two);
    return after?.one;
  };
  const taken = await Promise.all(Array.from({ length: 1_000 }, next));
  assert.equal(new Set(taken).size, 1_000);
});

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    socket.on("error", () => resolve(false));
    socket.on("connect", () => resolve(Boolean(socket.destroy())));
  });
}
