import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { type Document, MongoServerError } from "mongodb";
import { type Servers, shard, sharded } from "../../../../../core/store/mongodb/schema.ts";

interface Cluster extends Servers {
  /** What was asked, in order: `admin shardCollection thruway.deliveries`. */
  readonly asked: readonly string[];
}

/** A `mongos` that answers `hello` as told, and of which some collections are sharded already. */
function aCluster(hello: Document | Error, already: readonly string[] = []): Cluster {
  const asked: string[] = [];
  function asking(whom: string, answer: (command: Document) => Document): Servers["admin"] {
    return {
      command(command) {
        const [[name, value] = []] = Object.entries(command);
        asked.push(`${whom} ${name} ${value}`);
        return Promise.try(() => answer(command));
      },
    };
  }
  return {
    asked,
    database: asking("database", (command) => {
      if (!("hello" in command)) return { sharded: already.includes(String(command.collStats)) };
      if (hello instanceof Error) throw hello;
      return hello;
    }),
    admin: asking("admin", (command) => {
      if ("shardCollection" in command) assert.deepEqual(command.key, { _id: "hashed" });
      return { ok: 1 };
    }),
  };
}

const mongos = { msg: "isdbgrid" };

describe("in a sharded cluster", () => {
  test("the collections that grow are split by the hash of their ids, once the index for it is there", async () => {
    const cluster = aCluster(mongos);
    const done = await shard("thruway", cluster);
    assert.deepEqual(
      done,
      sharded.map((name) => ({ what: `${name}: sharded by hashed _id`, made: true })),
    );
    assert.deepEqual(cluster.asked, [
      "database hello 1",
      "admin enableSharding thruway",
      ...sharded.flatMap((name) => [
        `database collStats ${name}`,
        `database createIndexes ${name}`,
        `admin shardCollection thruway.${name}`,
      ]),
    ]);
  });

  test("what is split already stays as it is", async () => {
    const cluster = aCluster(mongos, ["deliveries", "incidents"]);
    const done = await shard("thruway", cluster);
    assert.deepEqual(
      done.filter(({ made }) => made).map(({ what }) => what.split(":")[0]),
      ["delivery_keys", "incident_deliveries", "incident_aliases", "incident_groups", "triage_runs"],
    );
    assert.equal(cluster.asked.filter((each) => each.startsWith("admin shardCollection")).length, 5);
  });
});

test("elsewhere nothing is split", async () => {
  const notKnown = new MongoServerError({ message: "no such command: 'hello'", code: 59 });
  for (const hello of [{ setName: "rs0" }, {}, notKnown]) {
    const cluster = aCluster(hello);
    assert.deepEqual(await shard("thruway", cluster), []);
    assert.deepEqual(cluster.asked, ["database hello 1"]);
  }
});

test("a server that fails is not taken for one that is not sharded", async () => {
  await assert.rejects(shard("thruway", aCluster(new MongoServerError({ message: "not authorized", code: 13 }))), {
    code: 13,
  });
});
