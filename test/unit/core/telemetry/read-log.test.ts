import assert from "node:assert/strict";
import { appendFile, rm, utimes, writeFile } from "node:fs/promises";
import { describe, test } from "node:test";
import { logFile } from "../../../../core/telemetry/log-files.ts";
import { type Place, readBack, readOn } from "../../../../core/telemetry/read-log.ts";
import { aFolder } from "../../../support/gateway-process.ts";

const all = (): boolean => true;
const noon = Date.parse("2026-01-15T12:00:00.000Z");

/** A line of the log, so many seconds after noon. */
function line(count: number, more: object = {}): string {
  return `${JSON.stringify({ time: new Date(noon + count * 1_000).toISOString(), count, ...more })}\n`;
}

function lines(from: number, to: number, more: object = {}): string {
  return Array.from({ length: to - from }, (_, index) => line(from + index, more)).join("");
}

const counts = (data: readonly object[]): readonly unknown[] => data.map((each) => (each as { count: unknown }).count);

/** Every page, towards the beginning. */
async function walkBack(folder: string, limit: number): Promise<readonly unknown[]> {
  const found: unknown[] = [];
  for (let before: Place | undefined, more = true; more; ) {
    const { data, next } = await readBack(folder, { limit, matches: all, before });
    found.push(...counts(data));
    before = next;
    more = next !== undefined;
  }
  return found;
}

describe("the log is read from its end", () => {
  test("over all of its files, each line once, whatever the size of a page", async () => {
    await using folder = await aFolder();
    // Longer than what is read at once, and of characters that are longer than a byte.
    await writeFile(logFile(folder.path, 3), lines(0, 500, { filler: "ä€😀".repeat(50) }));
    await writeFile(logFile(folder.path, 4), lines(500, 600, { filler: "x".repeat(3_000) }));
    await writeFile(logFile(folder.path, 5), lines(600, 607));
    const newestFirst = Array.from({ length: 607 }, (_, index) => 606 - index);
    for (const limit of [1, 7, 200, 1_000]) assert.deepEqual(await walkBack(folder.path, limit), newestFirst);
  });

  test("and what is no whole line, or none of ours, is passed over", async () => {
    await using folder = await aFolder();
    await writeFile(logFile(folder.path, 1), `${line(0)}{"torn":"\n\n42\n${"x".repeat(200_000)}\n${line(1)}{"count":2`);
    assert.deepEqual(await walkBack(folder.path, 1), [1, 0]);
  });

  test("and ends where lines are older than what is asked for", async () => {
    await using folder = await aFolder();
    await writeFile(logFile(folder.path, 1), lines(0, 100));
    let seen = 0;
    const matches = (): boolean => {
      seen += 1;
      return false;
    };
    const since = new Date(noon + 90_000).toISOString();
    const { next } = await readBack(folder.path, { limit: 5, matches, since });
    assert.equal(next, undefined);
    assert.ok(seen < 20, String(seen));
  });

  test("and a filter that finds nothing reads a bounded part for each page", async () => {
    await using folder = await aFolder();
    await writeFile(logFile(folder.path, 1), lines(0, 10_000, { filler: "x".repeat(1_000) }));
    let seen = 0;
    const matches = (): boolean => {
      seen += 1;
      return false;
    };
    const { data, next } = await readBack(folder.path, { limit: 5, matches });
    assert.deepEqual(data, []);
    assert.ok(next !== undefined && seen > 5_000 && seen < 9_000, String(seen));
  });

  test("by time, where processes have written at their own pace", async () => {
    await using folder = await aFolder();
    await writeFile(logFile(folder.path, 1), line(2) + line(1) + line(3));
    const { data } = await readBack(folder.path, { limit: 5, matches: all });
    assert.deepEqual(counts(data), [3, 2, 1]);
  });

  test("where there is none, it is empty", async () => {
    await using folder = await aFolder();
    const { data, next, end } = await readBack(`${folder.path}/none`, { limit: 5, matches: all });
    assert.deepEqual([data, next, end], [[], undefined, { file: 1, offset: 0 }]);
  });
});

describe("the log is read on from where it ended", () => {
  const now = new Date();
  const later = new Date(now.getTime() + 60_000);

  test("as it grows, line by line, without those that are not whole yet", async () => {
    await using folder = await aFolder();
    const file = logFile(folder.path, 1);
    await writeFile(file, lines(0, 5));
    const { end } = await readBack(folder.path, { limit: 1, matches: all });
    await appendFile(file, line(5) + line(6) + line(7).slice(0, 10));
    const first = await readOn(folder.path, { limit: 10, matches: all, after: end, now });
    assert.deepEqual(counts(first.data), [5, 6]);
    await appendFile(file, line(7).slice(10) + line(8));
    const second = await readOn(folder.path, { limit: 1, matches: all, after: first.next, now });
    const third = await readOn(folder.path, { limit: 9, matches: all, after: second.next, now });
    assert.deepEqual(counts([...second.data, ...third.data]), [7, 8]);
  });

  test("into the next file, once nobody writes to the one before any more", async () => {
    await using folder = await aFolder();
    await writeFile(logFile(folder.path, 1), lines(0, 5));
    const { end } = await readBack(folder.path, { limit: 1, matches: all });
    await writeFile(logFile(folder.path, 2), lines(6, 8));
    const early = await readOn(folder.path, { limit: 10, matches: all, after: end, now });
    assert.deepEqual(early.data, []);
    await appendFile(logFile(folder.path, 1), line(5));
    const settled = await readOn(folder.path, { limit: 10, matches: all, after: early.next, now: later });
    assert.deepEqual(counts(settled.data), [5, 6, 7]);
    assert.equal(settled.next.file, 2);
  });

  test("from its beginning, where that place was removed or never was", async () => {
    await using folder = await aFolder();
    await writeFile(logFile(folder.path, 4), lines(0, 2));
    await writeFile(logFile(folder.path, 5), lines(2, 4));
    const past = new Date(now.getTime() - 60_000);
    await utimes(logFile(folder.path, 4), past, past);
    for (const after of [
      { file: 2, offset: 10 },
      { file: 9, offset: 10 },
      { file: 4, offset: 1e9 },
    ]) {
      const { data } = await readOn(folder.path, { limit: 10, matches: all, after, now });
      assert.deepEqual(counts(data), [0, 1, 2, 3], JSON.stringify(after));
    }
    await rm(logFile(folder.path, 4));
    await rm(logFile(folder.path, 5));
    const { data } = await readOn(folder.path, { limit: 10, matches: all, after: { file: 5, offset: 3 }, now });
    assert.deepEqual(data, []);
  });
});
