import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { openSqliteStore } from "../../core/store/sqlite/index.ts";
import { aCommit, afterNoon, times } from "../contracts/builders.ts";
import { aFolder, running } from "../support/gateway-process.ts";
import { measurable, memoryOf } from "../support/memory.ts";

const many = 50_000;
const batch = 5_000;
const megabyte = 1_000_000;

const entities = times(
  8,
  (index) => ({ type: "url", role: "related", value: `https://evil.example/${index}` }) as const,
);
const description = "What happened, and why it matters. ".repeat(20);

async function fill(path: string): Promise<void> {
  const store = await openSqliteStore(path);
  for (let from = 0; from < many; from += batch) {
    const commits = times(batch, (index) => {
      const at = afterNoon((from + index) * 10);
      return aCommit({ received_at: at }, { created_at: at, title: `Alert ${from + index}`, description, entities });
    });
    await Promise.all(commits.map((commit) => store.commits.commit(commit)));
  }
  await store.close();
}

test("fifty thousand incidents are exported in the memory that one page takes", { timeout: 180_000 }, async () => {
  await using folder = await aFolder();
  const dataDir = join(folder.path, "data");
  await using first = await running(dataDir);
  first.signal("SIGTERM");
  await first.exit;
  await fill(join(dataDir, "thruway.db"));
  await using gateway = await running(dataDir, measurable);

  /** The most that is held while it is read, of some ten looks. */
  async function peakOf(
    query: string,
  ): Promise<{ readonly lines: number; readonly bytes: number; readonly peak: number }> {
    const response = await fetch(`${gateway.url}/api/incidents/export?${query}`, {
      headers: { authorization: `Bearer ${gateway.token}` },
    });
    let [lines, bytes, peak, looked] = [0, 0, 0, 0];
    for await (const chunk of response.body ?? []) {
      bytes += chunk.length;
      for (const byte of chunk) if (byte === 0x0a) lines += 1;
      if (lines < (looked + 1) * (many / 10)) continue;
      looked += 1;
      peak = Math.max(peak, (await memoryOf(gateway.stderr())).held);
    }
    return { lines, bytes, peak };
  }

  await (await gateway.api("GET", "/api/incidents?limit=1")).body;
  const before = (await memoryOf(gateway.stderr())).held;
  const { lines, bytes, peak } = await peakOf("format=ocsf&class=detection_finding");
  assert.equal(lines, many);
  assert.ok(bytes > 100 * megabyte, `${bytes} bytes`);
  assert.ok(peak < before + 15 * megabyte, JSON.stringify({ before, peak, bytes }));
});
