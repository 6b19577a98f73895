/** An embedded installation moves to MongoDB: by the real command line, and back in use afterwards. */
import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, test } from "node:test";
import { MongoClient } from "mongodb";
import { openTransferTarget } from "../../../core/store/mongodb/transfer.ts";
import { openStore } from "../../../core/store/open.ts";
import type { DeliveryRow } from "../../../core/store/transfer.ts";
import { aCommit, aDeliveryRow, aDraft, afterNoon, aSource, times } from "../../contracts/builders.ts";
import { cli, type Ran, run, start } from "../../support/cli.ts";
import { eventually } from "../../support/eventually.ts";
import { type Answered, aGateway, type TestGateway, testSecret } from "../../support/gateway.ts";
import { aFolder } from "../../support/gateway-process.ts";
import { aMongoDatabase } from "../../support/mongo/database.ts";
import { aMongoProxy } from "../../support/mongo/proxy.ts";
import { withoutMongo } from "../../support/mongo/server.ts";

type Json = ReturnType<typeof JSON.parse>;

const skip = await withoutMongo();

function copy(file: string, uri: string, ...more: readonly string[]): Promise<Ran> {
  return run(["store", "copy", "--from", `sqlite:${file}`, "--to", uri, ...more], { env: {} });
}

function alert(id: string, fields: Readonly<Record<string, unknown>> = {}): string {
  return JSON.stringify({ event_type: "security_alert", data: { alert_id: id, severity: "high", ...fields } });
}

/** Everything that a list of the API shows. */
async function listed(gateway: TestGateway, path: string): Promise<readonly Json[]> {
  const all: Json[] = [];
  for (let cursor: string | null = ""; cursor !== null; ) {
    const { body } = await gateway.api("GET", `${path}limit=200${cursor && `&cursor=${cursor}`}`);
    all.push(...body.data);
    cursor = body.meta.next_cursor;
  }
  return all;
}

interface Lists {
  readonly incidents: readonly Json[];
  readonly deliveries: readonly Json[];
  readonly sources: readonly Json[];
}

async function everything(gateway: TestGateway): Promise<Lists> {
  return {
    incidents: await listed(gateway, "/api/incidents?include_tests=true&"),
    deliveries: await listed(gateway, "/api/deliveries?"),
    sources: (await gateway.api("GET", "/api/webhooks")).body.data,
  };
}

describe("an embedded installation that is copied into MongoDB", { skip }, () => {
  test("is used there as if nothing had happened", async () => {
    await using folder = await aFolder();
    await using database = await aMongoDatabase();
    const env = { TW_DATA_DIR: folder.path, TW_WORK: "false" };
    const at = new Date();
    const sealed = { signature: { scheme: "token", header: "authorization" } };
    let before: Lists;
    let first: Answered;
    let queued: Answered;
    let rejected: Answered;
    {
      await using gateway = await aGateway(env);
      for (const fields of [
        { source: "mail" },
        { source: "patient", processing: "queued" },
        { source: "falcon", plugin: "crowdstrike" },
        { source: "token", options: sealed },
      ]) {
        const answer = await gateway.api("POST", "/api/webhooks", { secret: testSecret, plugin: "generic", ...fields });
        assert.equal(answer.status, 201, JSON.stringify(answer.body));
      }
      first = await gateway.send("mail", alert("a-1"), { at });
      await gateway.send("mail", alert("a-1"), { at });
      for (let index = 0; index < 120; index++) await gateway.send("mail", alert("noisy", { index }));
      await Promise.all(
        times(60, (index) => gateway.send("mail", alert(`b-${index}`, { title: `Grüße ${index} 🚨` }))),
      );
      await gateway.send("mail", JSON.stringify({ event_type: "without_an_id", data: {} }));
      await gateway.api("POST", "/api/webhooks/mail/test");
      queued = await gateway.send("patient", alert("waits"), { at });
      rejected = await gateway.send("falcon", '{"hello":"world"}', { at });
      await gateway.send("mail", alert("forged"), { secret: "another-secret" });
      await eventually(async () =>
        (await listed(gateway, "/api/deliveries?outcome=refused&")).length === 1 ? true : undefined,
      );
      before = await everything(gateway);
    }

    const copied = await copy(join(folder.path, "thruway.db"), database.uri, "--json");
    assert.equal(copied.code, 0, copied.stderr);
    const { tables } = JSON.parse(copied.stdout);
    assert.deepEqual(
      tables.map(({ table, from, same }: Json) => [table, from.rows, same]),
      [
        ["sources", 4, true],
        ["tokens", 1, true],
        ["incident_numbers", 1, true],
        ["deliveries", before.deliveries.length, true],
        ["delivery_keys", before.deliveries.length - 2, true],
        ["incidents", before.incidents.length, true],
        ["incident_deliveries", 1 + 120 + 60 + 1 + 1, true],
        ...["incident_aliases", "incident_groups", "triage_runs", "approvals", "outbox", "playbooks"].map((table) => [
          table,
          0,
          true,
        ]),
      ],
    );

    await using gateway = await aGateway({ ...env, TW_STORE_URL: database.uri });
    assert.deepEqual(await everything(gateway), before);
    for (const { id, number } of before.incidents.slice(0, 5)) {
      assert.equal((await gateway.api("GET", `/api/incidents/${number}`)).body.id, id);
    }

    // The same request is the same delivery; another about the same alert updates its incident.
    const { incident_id, incident_number } = first.body;
    const again = await gateway.send("mail", alert("a-1"), { at });
    assert.deepEqual(again.body, { status: "accepted", incident_id, incident_number, duplicate: true });
    const update = await gateway.send("mail", alert("a-1", { title: "Later" }));
    assert.deepEqual(update.body, { status: "accepted", incident_id, incident_number });
    const { body: updated } = await gateway.api("GET", `/api/incidents/${incident_id}`);
    assert.deepEqual([updated.occurrences, updated.title, updated.deliveries.length], [2, "Later", 2]);
    const noisy = await gateway.send("mail", alert("noisy", { index: 5_000 }));
    const { body: noisier } = await gateway.api("GET", `/api/incidents/${noisy.body.incident_id}`);
    assert.deepEqual([noisier.occurrences, noisier.deliveries.length], [121, 100]);

    // Numbers go on, and sealed secrets open.
    const anew = await gateway.send("mail", alert("new"));
    const highest =
      before.incidents
        .map(({ number }) => String(number))
        .toSorted()
        .at(-1) ?? "";
    assert.ok(anew.body.incident_number > highest, `${anew.body.incident_number} comes after ${highest}`);
    const token = await fetch(`${gateway.url}/api/webhooks/token`, {
      method: "POST",
      headers: { authorization: testSecret, "content-type": "application/json" },
      body: alert("by-token"),
    });
    assert.equal(token.status, 202);

    // What waited is worked off, and what was rejected can be replayed; its event stays one and the same.
    const waiting = await gateway.send("patient", alert("waits"), { at });
    assert.deepEqual(waiting.body, { ...queued.body, duplicate: true });
    const id = rejected.headers.get("x-request-id");
    assert.equal((await gateway.api("POST", `/api/deliveries/${id}/replay`)).status, 202);
    await gateway[Symbol.asyncDispose]();
    await using worker = await aGateway({ ...env, TW_WORK: "true", TW_STORE_URL: database.uri });
    const settled = await eventually(async () => {
      const { body } = await worker.api("GET", `/api/queue/${queued.body.queue_id}`);
      return body.state === "queued" ? undefined : body;
    });
    assert.equal(settled.state, "accepted");
    await eventually(async () =>
      (await worker.api("GET", `/api/deliveries/${id}`)).body.outcome === "rejected" ? true : undefined,
    );
  });

  test("is gone on with where a killed copy stopped, and is the same in the end", async () => {
    await using folder = await aFolder();
    await using database = await aMongoDatabase();
    await using proxy = await aMongoProxy(database.uri);
    const file = await aFilledStore(folder.path, 2_300);

    let inserts = 0;
    const nth = (name: string, document: Json): boolean =>
      name === "insert" && document.insert === "deliveries" && ++inserts === 3;
    const fault = proxy.fault("stall", { command: nth });
    const child = start(["store", "copy", "--from", `sqlite:${file}`, "--to", proxy.uri], { env: {} });
    await fault.fired;
    const closed = new Promise((resolve) => child.once("close", resolve));
    child.kill("SIGKILL");
    await closed;
    await proxy.heal();

    await using client = new MongoClient(database.uri);
    const db = client.db();
    const begun = await db.collection("transfers").findOne({});
    assert.deepEqual([begun?.tables.sources.rows, begun?.finished_at], [3, null]);
    assert.ok(begun?.tables.deliveries.rows > 0 && begun?.tables.deliveries.rows < 2_300);

    const { code, stdout, stderr } = await copy(file, database.uri);
    assert.equal(code, 0, stderr);
    assert.match(stdout, /^deliveries +2,300 +2,300 +([0-9a-f]{16}) +\1 +the same$/m);
    assert.match(stdout, /^incidents +2,300 +2,300 +([0-9a-f]{16}) +\1 +the same$/m);
    assert.match(
      stdout,
      /✔ mongodb:.* holds everything\. Start the gateway with it as TW_STORE_URL, and the same master key\.$/m,
    );
    assert.equal(await db.collection("deliveries").countDocuments(), 2_300);

    const once = await copy(file, database.uri);
    assert.deepEqual([once.code, once.stderr], [0, ""]);
    assert.match(once.stdout, /^It was copied and compared already, at .* UTC\. Nothing is to be done\.\n$/);
  });

  test("says how far it got at Ctrl-C, and goes on there", async () => {
    await using folder = await aFolder();
    await using database = await aMongoDatabase();
    await using proxy = await aMongoProxy(database.uri);
    const file = await aFilledStore(folder.path, 1_200);
    const isDeliveries = (name: string, document: Json): boolean =>
      name === "insert" && document.insert === "deliveries";
    const fault = proxy.fault("stall", { command: isDeliveries });
    const stopping = start(["store", "copy", "--from", `sqlite:${file}`, "--to", proxy.uri], { env: {} });
    const told: string[] = [];
    stopping.stderr.setEncoding("utf8").on("data", (text) => told.push(text));
    await fault.fired;
    stopping.kill("SIGINT");
    fault.clear();
    const code = await new Promise((resolve) => stopping.once("close", resolve));
    assert.equal(code, 130);
    assert.match(told.join(""), /^Stopped after [\d,]+ of \d+ rows; the same command goes on there\.$/m);
    assert.equal((await copy(file, database.uri)).code, 0);
  });

  test("says which tables are not the same where something else has written there", async () => {
    await using folder = await aFolder();
    await using database = await aMongoDatabase();
    const file = await aFilledStore(folder.path, 20);
    assert.equal((await copy(file, database.uri)).code, 0);
    await using client = new MongoClient(database.uri);
    const db = client.db();
    await db.collection("transfers").updateOne({}, { $set: { finished_at: null } });
    const { modifiedCount } = await db.collection("deliveries").updateOne({}, { $set: { code: null, epoch: 77 } });
    assert.equal(modifiedCount, 1);
    await db.collection<{ _id: string }>("delivery_keys").insertOne({ _id: "another" });
    const { code, stdout, stderr } = await copy(file, database.uri);
    assert.equal(code, 1);
    assert.match(stdout, /^deliveries +20 +20 +[0-9a-f]{16} +[0-9a-f]{16} +DIFFERENT$/m);
    assert.match(stdout, /^delivery_keys +20 +21 .*DIFFERENT$/m);
    assert.match(stdout, /^incidents +20 +20 .*the same$/m);
    assert.match(
      stderr,
      /^error: The copy is not what the source is: deliveries, delivery_keys; something else has written there/,
    );
  });

  test("is not begun while the gateway runs, nor over something else, nor in another direction", async () => {
    await using folder = await aFolder();
    await using database = await aMongoDatabase();
    const file = join(folder.path, "thruway.db");
    {
      await using gateway = await aGateway({ TW_DATA_DIR: folder.path });
      assert.equal((await gateway.api("GET", "/readyz")).status, 200);
      const { code, stdout, stderr } = await copy(file, database.uri);
      assert.deepEqual([code, stdout], [1, ""]);
      assert.equal(
        stderr,
        `error: The store ${file} is in use; stop the gateway, and whatever else has it open, then copy it\n`,
      );
    }
    await using client = new MongoClient(database.uri);
    assert.deepEqual(await client.db().listCollections().toArray(), []);

    const used = await openStore(database.uri);
    await used.sources.add(aSource());
    await used.close();
    assert.match(
      (await copy(file, database.uri)).stderr,
      /^error: The target holds something else already: 1 of sources; name an empty database/,
    );

    for (const [from, to] of [
      [database.uri, `sqlite:${file}`],
      [`sqlite:${file}`, "sqlite:other.db"],
      [database.uri, database.uri],
    ] as const) {
      const { code, stderr } = await run(["store", "copy", "--from", from, "--to", to], { env: {} });
      assert.deepEqual(
        [code, stderr],
        [1, "error: Stores are copied from sqlite:<file> to mongodb://<host>/<database>, and in no other direction\n"],
      );
    }
    const none = await copy(`${folder.path}/none.db`, database.uri);
    assert.deepEqual(
      [none.code, none.stderr],
      [1, `error: There is no store ${folder.path}/none.db; name the file of the embedded store\n`],
    );
    const odd = join(folder.path, "odd.db");
    await writeFile(odd, "this is no database, however long it is");
    assert.match(
      (await copy(odd, database.uri)).stderr,
      /^error: The store .*odd\.db cannot be read: file is not a database/,
    );
    assert.equal((await cli(`store copy --from sqlite:${file}`, { env: {} })).code, 2);
    const away = await copy(file, "mongodb://user:throw-away@127.0.0.1:9/x");
    assert.equal(away.code, 1);
    assert.match(
      away.stderr,
      /^error: mongodb:\/\/127\.0\.0\.1:9\/x does not take it: .*; the same command goes on where it stopped\n$/,
    );
  });
});

describe("a target of a copy", { skip }, () => {
  test("takes a row again that it has, and names one that it has with another content", async () => {
    await using database = await aMongoDatabase();
    const target = openTransferTarget(database.uri);
    try {
      await target.prepare();
      const rows = times(700, (index) => aDeliveryRow({ id: `d-${String(index).padStart(4, "0")}` }));
      await target.write("deliveries", rows.slice(0, 400));
      await target.write("deliveries", rows);
      assert.equal(await target.count("deliveries"), 700);
      const changed = rows.with(399, { ...(rows[399] as DeliveryRow), body: Buffer.from("changed") });
      await assert.rejects(target.write("deliveries", changed), {
        name: "UserError",
        message: /^The row d-0399 of deliveries is in the target already, with another content/,
      });
      const draft = aDraft();
      const incident = {
        id: draft.id,
        number: "INC-2026-0001",
        draft,
        deliveries: ["d-0001"],
        version: 1,
        timeline: [],
        // None of its versions is known to a feed.
        unannounced: 0,
      };
      await target.write("incidents", [incident]);
      await target.write("incidents", [incident]);
      await assert.rejects(
        target.write("tokens", [aToken("a"), aToken("b")]),
        /The row admin of tokens is in the target/,
      );
    } finally {
      await target.close();
    }
  });

  test("names a delivery that is too large for it", async () => {
    await using database = await aMongoDatabase();
    const target = openTransferTarget(database.uri);
    const large = { ...aDeliveryRow({ id: "large" }), body: new Uint8Array(16 * 1_024 * 1_024) };
    await assert.rejects(target.write("deliveries", [large]), {
      name: "UserError",
      message: /^The delivery large has 16777216 bytes, and MongoDB holds no body of more than 15728640/,
    });
    await target.close();
  });
});

function aToken(hash: string): { id: string; name: string; hash: string; created_at: string } {
  return { id: `${hash}23456`, name: "admin", hash, created_at: afterNoon(0) };
}

/** An embedded store with three sources and so many deliveries, each with an incident of its own. @returns its file */
async function aFilledStore(folder: string, deliveries: number): Promise<string> {
  const file = join(folder, "thruway.db");
  const store = await openStore(`sqlite:${file}`);
  for (let count = 0; count < 3; count++) await store.sources.add(aSource());
  await Promise.all(times(deliveries, (index) => store.commits.commit(aCommit({ received_at: afterNoon(index) }))));
  await store.close();
  return file;
}
