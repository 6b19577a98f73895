import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import type { Commit } from "../../../../../core/store/ports.ts";
import { commitBatch } from "../../../../../core/store/sqlite/commits.ts";
import { type Database, openDatabase } from "../../../../../core/store/sqlite/database.ts";
import { type PackedBatch, packBatch, packCommit } from "../../../../../core/store/sqlite/packed.ts";
import { migrate } from "../../../../../core/store/sqlite/schema.ts";
import { aCommit, times } from "../../../../contracts/builders.ts";

function packed(commits: readonly Commit[]): PackedBatch {
  return packBatch(commits.map(packCommit));
}

const patienceMs = 100;

/** A database, and somebody else who has it open; both wait for each other for a moment only. */
async function twoWriters(t: TestContext): Promise<readonly [Database, Database]> {
  const folder = await mkdtemp(join(tmpdir(), "thruway-test-"));
  const open = (): Database => openDatabase(join(folder, "thruway.db"), "write");
  const [mine, theirs] = [open(), open()];
  t.after(async () => {
    for (const database of [mine, theirs]) database.close();
    await rm(folder, { recursive: true, force: true });
  });
  migrate(mine.handle);
  mine.handle.exec(`PRAGMA busy_timeout = ${patienceMs}`);
  return [mine, theirs];
}

test("a batch that meets a locked database fails as a whole and soon, not commit by commit", async (t) => {
  const [mine, theirs] = await twoWriters(t);
  const batch = packed(times(50, () => aCommit()));
  theirs.handle.exec("BEGIN IMMEDIATE");
  const started = performance.now();
  let failed = 0;
  try {
    failed = commitBatch(mine, batch).filter(({ kind }) => kind === "failed").length;
  } catch {
    failed = batch.commits.length;
  }
  const waited = performance.now() - started;
  theirs.handle.exec("ROLLBACK");
  assert.equal(failed, 50);
  assert.ok(waited < patienceMs * 10, `waited ${Math.round(waited)} ms`);
});

test("a batch that had to wait for another writer is committed", async (t) => {
  const [mine, theirs] = await twoWriters(t);
  theirs.transaction(() => theirs.get("SELECT 1"));
  assert.ok(commitBatch(mine, packed(times(5, () => aCommit()))).every(({ kind }) => kind === "committed"));
  assert.equal(theirs.all("SELECT id FROM deliveries").length, 5);
});

test("a commit that is impossible is undone alone, and its neighbours are stored", async (t) => {
  const [mine] = await twoWriters(t);
  const stored = aCommit();
  commitBatch(mine, packed([stored]));
  const [before, impossible, after] = [aCommit(), aCommit({ id: stored.delivery.id }), aCommit()];
  const results = commitBatch(mine, packed([before, impossible, after]));
  assert.deepEqual(
    results.map(({ kind }) => kind),
    ["committed", "failed", "committed"],
  );
  assert.equal(mine.all("SELECT id FROM incidents").length, 3);
});
