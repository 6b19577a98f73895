import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { fill } from "../../../bench/fill.ts";
import { openSqliteStore } from "../../../core/store/sqlite/index.ts";

test("the store that the bench fills has so many incidents, each of one delivery", async () => {
  const folder = await mkdtemp(join(tmpdir(), "thruway-test-"));
  const path = join(folder, "thruway.db");
  await fill(path, 5);
  const store = await openSqliteStore(path);
  try {
    const { data } = await store.incidents.list({ limit: 10, includeTests: true });
    assert.deepEqual(
      data.map(({ deliveries, occurrences }) => [deliveries.length, occurrences]),
      Array(5).fill([1, 1]),
    );
  } finally {
    await store.close();
    await rm(folder, { recursive: true, force: true });
  }
});
