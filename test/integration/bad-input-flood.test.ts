import assert from "node:assert/strict";
import { Agent } from "node:http";
import { join } from "node:path";
import { test } from "node:test";
import { aFolder, allIncidents, register, running } from "../support/gateway-process.ts";
import { hostileKinds } from "../support/hostile.ts";
import { measurable, memoryOf } from "../support/memory.ts";
import { signedHeaders } from "../support/signed.ts";

const ofEach = 1_000;
const path = "/api/webhooks/edr";
const timeout = 120_000;

test("after a thousand of each kind of bad input, every good event is there once, and another thousand takes no more memory", {
  timeout,
}, async () => {
  await using folder = await aFolder();
  await using gateway = await running(join(folder.path, "data"), {
    ...measurable,
    // A megabyte has to come through in this time, also where the machine is busy.
    TW_RECEIVE_TIMEOUT_MS: "2000",
    TW_REFUSED_PER_MINUTE: "1000000",
  });
  await register(gateway, "edr", { plugin: "generic" });
  const agent = new Agent({ keepAlive: true, maxSockets: 32 });
  const kinds = hostileKinds(gateway.url, path, agent);
  const good: string[] = [];
  let events = 0;

  function anEvent(): { readonly id: string; readonly event: string } {
    events += 1;
    const id = `alert-${events}`;
    return { id, event: JSON.stringify({ event_type: "flood", data: { alert_id: id } }) };
  }

  async function flood(name: string, atOnce: number): Promise<void> {
    const { send, outcome } = kinds[name] ?? assert.fail(name);
    await times(ofEach, atOnce, async (index) => {
      assert.equal(await send(anEvent().event), outcome, name);
      if (index % 10 !== 0) return;
      const { id, event } = anEvent();
      good.push(id);
      assert.equal(await post(`${gateway.url}${path}`, event), 202);
    });
  }

  async function round(): Promise<void> {
    // Slow senders mostly wait, and do so beside the others.
    const slow = flood("slow senders", 400);
    for (const name of Object.keys(kinds)) if (name !== "slow senders") await flood(name, 32);
    await slow;
  }

  await round();
  const before = await memoryOf(gateway.stderr());
  await round();
  const after = await memoryOf(gateway.stderr());
  agent.destroy();

  const stored = await allIncidents(gateway);
  assert.deepEqual(new Set(stored.map(({ external_id }) => external_id)), new Set(good));
  assert.equal(stored.length, good.length);
  assert.ok(stored.every(({ occurrences }) => occurrences === 1));
  const grown = JSON.stringify({ before, after });
  // Some 100 bytes for each of what was refused.
  assert.ok(after.held < before.held + 2_000_000, `held: ${grown}`);
  assert.ok(after.rss < before.rss * 1.25, `rss: ${grown}`);
});

/** Does `work` so many times, `atOnce` under way. */
async function times(count: number, atOnce: number, work: (index: number) => Promise<void>): Promise<void> {
  const indexes = Array(count).keys();
  const worker = async (): Promise<void> => {
    for (const index of indexes) await work(index);
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
}

async function post(url: string, event: string): Promise<number> {
  const response = await fetch(url, {
    method: "POST",
    headers: Object.fromEntries(signedHeaders(event)),
    body: event,
  });
  await response.arrayBuffer();
  return response.status;
}
