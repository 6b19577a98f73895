import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Refusal, StoreError } from "../../../core/errors.ts";
import { connectionTo } from "../../../core/store/mongodb/database.ts";
import { aMongoDatabase } from "../../support/mongo/database.ts";
import { withoutMongo } from "../../support/mongo/server.ts";

describe("a connection to MongoDB", { skip: await withoutMongo(), timeout: 60_000 }, () => {
  test("takes what a socket says that was ended for an outage, and nothing else that is thrown", async () => {
    await using database = await aMongoDatabase();
    const { run, close } = connectionTo(database.uri, 2_000);
    const failing = (failure: Error): Promise<unknown> =>
      run(async () => {
        throw failure;
      });
    try {
      const ended = Object.assign(new Error("This socket has been ended by the other party"), { code: "EPIPE" });
      await assert.rejects(failing(ended), (error) => error instanceof StoreError && error.cause === ended);
      for (const other of [new TypeError("a bug"), new Refusal("not_found")]) {
        await assert.rejects(failing(other), (error) => error === other);
      }
    } finally {
      await close();
    }
  });
});
