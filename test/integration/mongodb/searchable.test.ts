import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { MongoClient } from "mongodb";
import { openMongoStore } from "../../../core/store/mongodb/index.ts";
import { aCommit, madeBy, times } from "../../contracts/builders.ts";
import { aMongoDatabase } from "../../support/mongo/database.ts";
import { withoutMongo } from "../../support/mongo/server.ts";

const added = ["terms", "plugin", "verdict", "assignee", "severity_rank", "occurred_at", "merged_into", "timeline"];

describe("incidents that an older Thruway stored in MongoDB", { skip: await withoutMongo(), timeout: 60_000 }, () => {
  test("are found by everything once the store was migrated, which is done once", async () => {
    await using database = await aMongoDatabase();
    const store = openMongoStore(database.uri);
    const client = new MongoClient(database.uri);
    try {
      await store.migrate();
      const works = times(300, (index) => aCommit({}, { title: `Old number${index}`, severity: "high" }));
      const results = await Promise.all(works.map((work) => store.commits.commit(work)));
      const unset = Object.fromEntries(added.map((field) => [field, ""]));
      await client.db().collection("incidents").updateMany({}, { $unset: unset });
      const query = { search: "number7 old", plugin: "generic", verdict: ["none"], assignee: "none" } as const;
      const list = { ...query, sort: "severity", limit: 9, includeTests: false } as const;
      assert.equal((await store.incidents.list(list)).data.length, 0);

      const [made] = (await store.migrate()).filter(({ what }) => what.includes("searchable"));
      assert.deepEqual(made, { what: "incidents: 300 made searchable", made: true });
      const { timeline: _, ...incident } = await madeBy(results[7] ?? assert.fail(), store.incidents);
      assert.deepEqual((await store.incidents.list(list)).data, [incident]);
      assert.ok((await store.migrate()).every(({ what }) => !what.includes("searchable")));
    } finally {
      await client.close();
      await store.close();
    }
  });
});
