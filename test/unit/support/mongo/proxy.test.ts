import assert from "node:assert/strict";
import { once } from "node:events";
import { connect } from "node:net";
import { test } from "node:test";
import {
  type Collection,
  MongoBulkWriteError,
  MongoClient,
  type MongoClientOptions,
  MongoNetworkError,
  MongoNetworkTimeoutError,
  MongoServerError,
  MongoServerSelectionError,
  MongoWriteConcernError,
} from "mongodb";
import { eventually } from "../../../support/eventually.ts";
import { aMongoDatabase } from "../../../support/mongo/database.ts";
import { aMongoProxy, type MongoProxy } from "../../../support/mongo/proxy.ts";
import { withoutMongo } from "../../../support/mongo/server.ts";

const skip = await withoutMongo();

interface Note {
  readonly _id: string;
  readonly n?: number;
  readonly text?: string;
}

interface Setting {
  readonly proxy: MongoProxy;
  /** Through the proxy, by a driver that tries once. */
  readonly notes: Collection<Note>;
  /** Past the proxy: what the server has. */
  readonly stored: Collection<Note>;
  readonly has: (id: string) => Promise<boolean>;
}

/** A test with a database, a proxy and a driver on either side of it. */
function proxyTest(name: string, run: (setting: Setting) => Promise<void>, options: MongoClientOptions = {}): void {
  void test(name, { skip }, async () => {
    await using database = await aMongoDatabase();
    await using proxy = await aMongoProxy(database.uri);
    const once = { retryWrites: false, retryReads: false };
    await using client = new MongoClient(proxy.uri, { ...once, heartbeatFrequencyMS: 500, ...options });
    await using direct = new MongoClient(database.uri);
    const stored = direct.db().collection<Note>("notes");
    const has = async (id: string): Promise<boolean> => (await stored.countDocuments({ _id: id })) === 1;
    await run({ proxy, notes: client.db().collection<Note>("notes"), stored, has });
  });
}

/** The options of a driver that gives up soon, for tests in which it has to. */
const impatient = { socketTimeoutMS: 1_000, serverSelectionTimeoutMS: 1_000 };

async function refusalOf(pending: Promise<unknown>): Promise<unknown> {
  return await pending.then(
    () => assert.fail("it succeeded"),
    (error: unknown) => error,
  );
}

/** For `eventually`: a driver that gives up soon may do so too early, on a machine that is busy. */
async function succeeds(pending: Promise<unknown>): Promise<true | undefined> {
  return await pending.then(
    () => true as const,
    () => undefined,
  );
}

proxyTest("what goes through the proxy arrives, small and large", async ({ notes, stored }) => {
  const text = "x".repeat(5_000_000);
  await notes.insertMany([{ _id: "large", text }, ...Array.from({ length: 3_000 }, (_, n) => ({ _id: `${n}`, n }))]);
  assert.equal(await stored.countDocuments({}), 3_001);
  assert.equal((await notes.findOne({ _id: "large" }))?.text, text);
  assert.equal((await notes.find({}, { batchSize: 500 }).toArray()).length, 3_001);
});

proxyTest("the round trips of a command are counted when the server gets them", async ({ notes, proxy }) => {
  for (const _id of ["a", "b"]) await notes.insertOne({ _id });
  proxy.fault("diskFull", { command: "insert" });
  await refusalOf(notes.insertOne({ _id: "c" }));
  assert.equal(proxy.requests.get("insert"), 2);
  assert.equal(proxy.requests.get("update"), undefined);
});

proxyTest("cutBefore: the driver reports the network, and the write is not there", async ({ notes, proxy, has }) => {
  const cut = proxy.fault("cutBefore", { command: "insert", times: 1 });
  const error = await refusalOf(notes.insertOne({ _id: "a" }));
  await cut.fired;
  assert.ok(error instanceof MongoNetworkError);
  assert.equal(await has("a"), false);

  await notes.insertOne({ _id: "a" });
  assert.equal(await has("a"), true);
});

proxyTest("cutAfter: the driver reports the network, and the write is there", async ({ notes, proxy, has }) => {
  const cut = proxy.fault("cutAfter", { command: "insert", times: 1 });
  const error = await refusalOf(notes.insertOne({ _id: "a" }));
  await cut.fired;
  assert.ok(error instanceof MongoNetworkError);
  assert.equal(await has("a"), true);

  const again = await refusalOf(notes.insertOne({ _id: "a" }));
  assert.ok(again instanceof MongoServerError);
  assert.equal(again.code, 11_000);
});

proxyTest("a driver that retries reads does so through a cut", async ({ proxy, stored }) => {
  await stored.insertOne({ _id: "a", n: 1 });
  await using client = new MongoClient(proxy.uri, { retryReads: true });
  using cut = proxy.fault("cutBefore", { command: "find", times: 1 });
  assert.deepEqual(await client.db().collection<Note>("notes").findOne(), { _id: "a", n: 1 });
  await cut.fired;
});

proxyTest(
  "stall: the driver times out, and the write arrives late all the same",
  async ({ notes, proxy, has }) => {
    const stall = proxy.fault("stall", { command: "insert" });
    const error = await refusalOf(notes.insertOne({ _id: "a" }));
    await stall.fired;
    assert.ok(error instanceof MongoNetworkTimeoutError);
    assert.equal(await has("a"), false);

    stall.clear();
    await eventually(async () => (await has("a")) || undefined);
  },
  impatient,
);

proxyTest("stall: a request that is let go in time is answered", async ({ notes, proxy, has }) => {
  const stall = proxy.fault("stall", { command: "insert" });
  const writing = notes.insertOne({ _id: "a" });
  await stall.fired;
  assert.equal(await has("a"), false);
  stall.clear();
  await writing;
  assert.equal(await has("a"), true);
});

proxyTest("writeConcernError: the driver throws it, and the write is there", async ({ notes, proxy, stored }) => {
  using fault = proxy.fault("writeConcernError");
  const errors = [
    await refusalOf(notes.insertOne({ _id: "a", n: 1 })),
    await refusalOf(notes.updateOne({ _id: "a" }, { $inc: { n: 1 } })),
    await refusalOf(notes.findOneAndUpdate({ _id: "a" }, { $inc: { n: 1 } })),
  ];
  await fault.fired;
  for (const error of errors) {
    assert.ok(error instanceof MongoWriteConcernError);
    assert.equal(error.code, 64);
    assert.equal(error.codeName, "WriteConcernTimeout");
    assert.deepEqual(error.errInfo, { wtimeout: true });
  }
  assert.deepEqual(await stored.findOne(), { _id: "a", n: 3 });
});

proxyTest("writeConcernError beside a duplicate hides it where one looks first", async ({ notes, proxy, stored }) => {
  await stored.insertOne({ _id: "a" });
  proxy.fault("writeConcernError", { command: "insert" });
  const error = await refusalOf(notes.insertMany([{ _id: "a" }, { _id: "b" }], { ordered: false }));
  assert.ok(error instanceof MongoBulkWriteError);
  assert.equal(error.code, 64);
  assert.deepEqual(error.writeErrors, []);
  assert.deepEqual(
    error.result.getWriteErrors().map(({ index, code }) => [index, code]),
    [[0, 11_000]],
  );
  assert.equal(error.result.getWriteConcernError()?.code, 64);
  assert.equal(await stored.countDocuments({}), 2);
});

for (const [kind, code] of [
  ["diskFull", 14_031],
  ["notPrimary", 10_107],
] as const) {
  proxyTest(`${kind}: the driver throws ${code}, and the write is not there`, async ({ notes, proxy, has }) => {
    using fault = proxy.fault(kind, { command: "insert" });
    const error = await refusalOf(notes.insertOne({ _id: "a" }));
    await fault.fired;
    assert.ok(error instanceof MongoServerError);
    assert.equal(error.code, code);
    assert.equal(await has("a"), false);
    assert.equal(proxy.requests.get("insert"), undefined);

    fault.clear();
    await notes.insertOne({ _id: "a" });
    assert.equal(await has("a"), true);
  });
}

proxyTest(
  "refuse: the driver finds no server until it is healed",
  async ({ notes, proxy, has }) => {
    await eventually(() => succeeds(notes.findOne()));
    await proxy.refuse();
    // A connection of the pool may break first.
    await refusalOf(notes.insertOne({ _id: "a" }));
    assert.ok((await refusalOf(notes.insertOne({ _id: "a" }))) instanceof MongoServerSelectionError);
    assert.equal(((await refusalOf(dial(proxy.uri))) as NodeJS.ErrnoException).code, "ECONNREFUSED");
    assert.equal(await has("a"), false);

    await proxy.heal();
    await eventually(() => succeeds(notes.findOne()));
  },
  impatient,
);

proxyTest(
  "stall of everything: connections are taken, and nothing passes until it is healed",
  async (setting) => {
    const { notes, proxy, has } = setting;
    await eventually(() => succeeds(notes.findOne()));
    proxy.stall();
    assert.ok((await refusalOf(notes.insertOne({ _id: "a" }))) instanceof MongoNetworkTimeoutError);
    await dial(proxy.uri);
    assert.equal(await has("a"), false);

    await proxy.heal();
    await eventually(async () => (await has("a")) || undefined);
    await eventually(() => succeeds(notes.findOne()));
  },
  impatient,
);

proxyTest("a fault strikes as often as it is told to, and then no more", async ({ notes, proxy, stored }) => {
  proxy.fault("diskFull", { command: "insert", times: 2 });
  for (const _id of ["a", "b"]) await refusalOf(notes.insertOne({ _id }));
  await notes.insertOne({ _id: "c" });
  assert.deepEqual(await stored.find().toArray(), [{ _id: "c" }]);
});

proxyTest("a fault strikes the requests that a function picks by what is in them", async ({ notes, proxy, stored }) => {
  proxy.fault("diskFull", {
    command: (name, { documents }) => name === "insert" && documents[0]._id === "b",
  });
  await notes.insertOne({ _id: "a" });
  await refusalOf(notes.insertOne({ _id: "b" }));
  await notes.updateOne({ _id: "a" }, { $set: { n: 1 } });
  assert.deepEqual(await stored.find().toArray(), [{ _id: "a", n: 1 }]);
});

proxyTest("a fault of every command spares what the driver sends on its own account", async ({ proxy }) => {
  proxy.fault("diskFull");
  await using client = await new MongoClient(proxy.uri).connect();
  assert.equal((await client.db().command({ ping: 1 })).ok, 1);
  await assert.rejects(client.db().collection("notes").findOne(), { code: 14_031 });
});

proxyTest("a command that is named is struck, be it the driver's own", async ({ proxy }) => {
  proxy.fault("diskFull", { command: "ping" });
  await using client = await new MongoClient(proxy.uri).connect();
  await assert.rejects(client.db().command({ ping: 1 }), { code: 14_031 });
});

proxyTest("a fault that is cleared strikes no more, nor does one whose scope is left", async ({ notes, proxy }) => {
  proxy.fault("diskFull").clear();
  await notes.insertOne({ _id: "a" });
  {
    using full = proxy.fault("diskFull");
    await refusalOf(notes.insertOne({ _id: "b" }));
    await full.fired;
  }
  await notes.insertOne({ _id: "b" });
  proxy.fault("diskFull");
  await proxy.heal();
  await notes.insertOne({ _id: "c" });
});

test("a proxy whose scope is left drops its connections and is gone", { skip }, async () => {
  await using database = await aMongoDatabase();
  const proxy = await aMongoProxy(database.uri);
  const socket = await dial(proxy.uri);
  const closed = once(socket.resume(), "close");
  await proxy[Symbol.asyncDispose]();
  await closed;
  assert.equal(((await refusalOf(dial(proxy.uri))) as NodeJS.ErrnoException).code, "ECONNREFUSED");
});

/** Connects, and closes when the other side does. */
async function dial(uri: string): Promise<ReturnType<typeof connect>> {
  const { hostname, port } = new URL(uri);
  const socket = connect(Number(port), hostname);
  await once(socket, "connect");
  return socket;
}
