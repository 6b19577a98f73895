import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { openMongoStore } from "../../../core/store/mongodb/index.ts";
import { aCommit, times } from "../../contracts/builders.ts";
import { aMongoDatabase } from "../../support/mongo/database.ts";
import { aMongoProxy } from "../../support/mongo/proxy.ts";
import { withoutMongo } from "../../support/mongo/server.ts";

describe("a commit to MongoDB", { skip: await withoutMongo(), timeout: 60_000 }, () => {
  test("of 200 deliveries at once costs what one of them does: four requests at once, five where alerts have ids, one for the incidents, one beside the next", async () => {
    await using database = await aMongoDatabase();
    await using proxy = await aMongoProxy(database.uri);
    const store = openMongoStore(proxy.uri);
    // The first of a quiet moment goes alone; those behind it share the next.
    const first = store.commits.commit(aCommit());
    const others = times(200, (index) => store.commits.commit(aCommit({}, { external_id: `alert-${index}` })));
    const results = await Promise.all([first, ...others]);
    assert.ok(results.every(({ kind }) => kind === "committed"));
    await store.close();

    const written = ["insert", "find", "findAndModify", "update"].map((name) => [name, proxy.requests.get(name) ?? 0]);
    // Twice: deliveries, keys and incidents; the incidents that are there; the numbers; the outcomes. Once, where alerts have ids of
    // their vendor: what they were folded into.
    assert.deepEqual(Object.fromEntries(written), { insert: 2 * 3, find: 2 + 1, findAndModify: 2, update: 2 });
  });
});
