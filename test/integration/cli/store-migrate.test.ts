import assert from "node:assert/strict";
import { stat } from "node:fs/promises";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { describe, test } from "node:test";
import { MongoClient } from "mongodb";
import { indexes } from "../../../core/store/mongodb/schema.ts";
import { newestSchema } from "../../../core/store/sqlite/schema.ts";
import { cli, folder, json } from "../../support/cli.ts";
import { aGateway } from "../../support/gateway.ts";
import { aMongoDatabase } from "../../support/mongo/database.ts";
import { withoutMongo } from "../../support/mongo/server.ts";
import { firstSchema } from "../../support/schema-1.ts";

async function indexesIn(uri: string): Promise<readonly string[]> {
  await using client = new MongoClient(uri);
  const db = client.db();
  const found = await Promise.all(Object.keys(indexes).map((name) => db.collection(name).indexes()));
  return found.flatMap((all) => all.map(({ name }) => name ?? "")).filter((name) => name !== "_id_");
}

const wanted = Object.values(indexes).flatMap((all) => all.map(({ name }) => name));

describe("store migrate", () => {
  test("makes an embedded store, readable by nobody else, and says when there is nothing to do", async () => {
    const file = join(folder, "made/thruway.db");
    const options = { env: { TW_STORE_URL: `sqlite:${file}` } };
    const first = await cli("store migrate", options);
    assert.deepEqual(first, { code: 0, stdout: `sqlite:${file}:\n✔ schema version ${newestSchema}\n`, stderr: "" });
    assert.equal((await stat(file)).mode & 0o777, 0o600);
    const again = await cli("store migrate", options);
    assert.equal(again.stdout, `sqlite:${file}:\n○ schema version ${newestSchema} (there already)\n`);
    assert.deepEqual(await json("store migrate", options), {
      store: `sqlite:${file}`,
      migrations: [{ what: `schema version ${newestSchema}`, made: false }],
    });
  });

  test("brings an old embedded store to the newest schema", async () => {
    const file = join(folder, "old.db");
    const old = new DatabaseSync(file);
    old.exec(firstSchema);
    old.close();
    const { stdout } = await cli("store migrate", { env: { TW_STORE_URL: `sqlite:${file}` } });
    assert.match(stdout, new RegExp(`^✔ schema version ${newestSchema}$`, "m"));
    const db = new DatabaseSync(file, { readOnly: true });
    assert.equal(db.prepare("PRAGMA user_version").get()?.user_version, newestSchema);
    db.close();
  });

  test("says in one line what is in the way", async () => {
    const away = await cli("store migrate", {
      env: { TW_STORE_URL: "mongodb://user:throw-away@127.0.0.1:9/thruway" },
    });
    assert.deepEqual([away.code, away.stdout], [1, ""]);
    assert.match(away.stderr, /^error: mongodb:\/\/127\.0\.0\.1:9\/thruway does not do it: .*ECONNREFUSED.*\n$/);
    const folderAsFile = await cli("store migrate", { env: { TW_STORE_URL: `sqlite:${folder}` } });
    assert.equal(folderAsFile.code, 1);
    assert.match(folderAsFile.stderr, /^error: The store .* cannot be opened: .*\n$/);
  });
});

describe("store migrate with MongoDB", { skip: await withoutMongo() }, () => {
  test("makes every index, prints a line for each, and can be run again", async () => {
    await using database = await aMongoDatabase();
    const options = { env: { TW_STORE_URL: database.uri } };
    const { code, stdout } = await cli("store migrate", options);
    assert.equal(code, 0);
    const lines = stdout.trimEnd().split("\n").slice(1);
    assert.deepEqual(
      lines,
      Object.entries(indexes).flatMap(([name, all]) => all.map((index) => `✔ ${name}: index ${index.name}`)),
    );
    assert.deepEqual((await indexesIn(database.uri)).toSorted(), wanted.toSorted());
    const again = await json("store migrate", options);
    assert.ok(again.migrations.every(({ made }: { readonly made: boolean }) => !made));
  });

  test("is done by a start, unless that is told not to", async () => {
    await using database = await aMongoDatabase();
    {
      await using gateway = await aGateway({ TW_STORE_URL: database.uri, TW_STORE_MIGRATE: "false" });
      assert.equal((await gateway.api("GET", "/api/webhooks")).status, 200);
      assert.deepEqual(await indexesIn(database.uri), []);
    }
    await using gateway = await aGateway({ TW_STORE_URL: database.uri });
    assert.equal((await gateway.api("GET", "/api/webhooks")).status, 200);
    assert.deepEqual((await indexesIn(database.uri)).toSorted(), wanted.toSorted());
  });
});
