import assert from "node:assert/strict";
import { test } from "node:test";
import { Refusal } from "../../../../core/errors.ts";
import { commit } from "../../../../core/ingest/commit.ts";
import { aCommit } from "../../../contracts/builders.ts";

test("what the store made of it is handed on", async () => {
  const result = { kind: "committed", incidents: [] } as const;
  assert.equal(await commit(aCommit(), { commit: () => Promise.resolve(result) }), result);
});

test("a store that fails is a 503 that says when to come back, with the cause", async () => {
  const cause = new Error("disk full");
  await assert.rejects(commit(aCommit(), { commit: () => Promise.reject(cause) }), (error) => {
    assert.ok(error instanceof Refusal);
    assert.deepEqual([error.code, error.status, error.cause], ["store_unavailable", 503, cause]);
    assert.ok((error.retryAfterSeconds ?? 0) > 0);
    assert.ok(!error.message.includes("disk full"));
    return true;
  });
});

test("a store that refuses by itself is not said again", async () => {
  const refusal = new Refusal("store_unavailable", { retryAfterSeconds: 60 });
  await assert.rejects(commit(aCommit(), { commit: () => Promise.reject(refusal) }), refusal);
});
