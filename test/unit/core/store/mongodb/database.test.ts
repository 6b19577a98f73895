import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { StoreError } from "../../../../../core/errors.ts";
import { connectionTo } from "../../../../../core/store/mongodb/database.ts";
import { aMongoDatabase } from "../../../../support/mongo/database.ts";
import { aMongoProxy } from "../../../../support/mongo/proxy.ts";
import { withoutMongo } from "../../../../support/mongo/server.ts";

const skip = await withoutMongo();
const timeoutMs = 200;

describe("the connection to MongoDB", { skip, concurrency: true, timeout: 60_000 }, () => {
  test("comes to be although the first attempt failed", async () => {
    await using database = await aMongoDatabase();
    await using proxy = await aMongoProxy(database.uri);
    const { run, close } = connectionTo(proxy.uri, timeoutMs);
    await proxy.refuse();
    for (let tries = 0; tries < 2; tries++) await assert.rejects(run(written), StoreError);
    await proxy.heal();
    await run(written);
    await close();
  });

  test("is made anew where the driver waits for what never comes", async () => {
    await using database = await aMongoDatabase();
    await using proxy = await aMongoProxy(database.uri);
    const { run, close } = connectionTo(proxy.uri, timeoutMs);
    await run(written);
    const hanging = run(() => new Promise(() => {}));
    await assert.rejects(hanging, /No answer within/);
    await run(written);
    await close();
  });

  test("what others of one client were about to do ends too when it is given up", async () => {
    await using database = await aMongoDatabase();
    await using proxy = await aMongoProxy(database.uri);
    const { run, close } = connectionTo(proxy.uri, timeoutMs);
    await run(written);
    proxy.stall();
    const all = await Promise.allSettled(Array.from({ length: 5 }, () => run(written)));
    for (const each of all) assert.ok(each.status === "rejected" && each.reason instanceof StoreError);
    await proxy.heal();
    await run(written);
    await close();
  });
});

async function written({
  checks,
}: Parameters<Parameters<ReturnType<typeof connectionTo>["run"]>[0]>[0]): Promise<void> {
  await checks.insertOne({ _id: crypto.randomUUID(), at: new Date() });
}
