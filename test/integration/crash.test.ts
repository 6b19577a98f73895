import assert from "node:assert/strict";
import { mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, type TestContext, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { eventually } from "../support/eventually.ts";
import {
  aFolder,
  allIncidents,
  appears,
  register,
  running,
  type ServingGateway,
  type Shown,
  serve,
} from "../support/gateway-process.ts";
import { eventSources, events, type Sent, sendAll } from "../support/signed-events.ts";

describe("a gateway that is killed while events come in", { concurrency: 2, timeout: 60_000 }, () => {
  for (const [fromMs, toMs] of [
    [0, 100],
    [100, 500],
    [500, 1_500],
  ] as const) {
    test(`has every acknowledged event once, and takes none twice (${fromMs} to ${toMs} ms)`, async (t) => {
      await using folder = await aFolder();
      const sent = await killedMidway(t, folder.path, fromMs + Math.random() * (toMs - fromMs));

      await using gateway = await running(folder.path);
      const stored = byExternalId(await allIncidents(gateway));
      for (const { event, answer } of sent.filter(acknowledged)) {
        const { incident_id: id, incident_number: number } = answer?.body ?? {};
        assert.partialDeepStrictEqual(stored.get(event.externalId), { id, number });
      }

      const again = await sendAll(
        gateway.url,
        sent.map(({ event }) => event),
      );
      assert.equal(again.length, sent.length);
      for (const { event, answer } of again) {
        assert.equal(answer?.status, 202, JSON.stringify(answer?.body));
        const before = stored.get(event.externalId);
        assert.equal(answer.body.duplicate, before && true);
        if (before !== undefined) assert.equal(answer.body.incident_id, before.id);
      }

      const incidents = await allIncidents(gateway);
      const all = byExternalId(incidents);
      assert.deepEqual([...all.keys()].toSorted(), sent.map(({ event }) => event.externalId).toSorted());
      assert.equal(new Set(incidents.map(({ number }) => number)).size, incidents.length);
      assert.ok(incidents.every(({ occurrences }) => occurrences === 1));
      for (const [externalId, { id, number }] of stored) {
        assert.partialDeepStrictEqual(all.get(externalId), { id, number });
      }
    });
  }

  test("makes an incident of every event that was answered queued", async (t) => {
    await using folder = await aFolder();
    const sent = await killedMidway(t, folder.path, Math.random() * 500, { processing: "queued" });

    await using gateway = await running(folder.path, later(leaseSeconds + 1));
    const queued = sent.filter(acknowledged);
    for (const { event, answer } of queued) {
      assert.equal(answer?.body.status, "queued");
      const settled = await eventually(async () => {
        const { body } = await gateway.api("GET", `/api/queue/${answer.body.queue_id}`);
        return body.state === "queued" ? undefined : body;
      });
      assert.equal(settled.state, "accepted");
      const { body: incident } = await gateway.api("GET", `/api/incidents/${settled.incident_id}`);
      assert.equal(incident.external_id, event.externalId);
    }

    const incidents = await allIncidents(gateway);
    byExternalId(incidents);
    assert.equal(new Set(incidents.map(({ number }) => number)).size, incidents.length);
    assert.ok(incidents.every(({ occurrences }) => occurrences === 1));
  });
});

describe("a gateway that is killed at its first start", { concurrency: 2, timeout: 60_000 }, () => {
  for (const [moment, file] of [
    ["as it writes the master key", /^master\.key\./],
    ["once there is a master key", /^master\.key$/],
    ["as it writes the admin token", /^admin\.token/],
    ["as it makes the database", /^thruway\.db$/],
    ["as it writes the database", /^thruway\.db-wal$/],
  ] as const) {
    test(`starts again: ${moment}`, async () => {
      await using folder = await aFolder();
      const dataDir = join(folder.path, "data");
      await mkdir(dataDir, { mode: 0o700 });
      const made = appears(dataDir, file);
      await using killed = serve(dataDir);
      await made;
      killed.signal("SIGKILL");
      await killed.exit;

      const [key, token] = await Promise.all([contents(dataDir, "master.key"), contents(dataDir, "admin.token")]);
      if (key !== undefined) assert.match(key, /^[0-9a-f]{64}\n$/);
      if (token !== undefined) assert.match(token, /^tw_[A-Za-z0-9]{6}_[A-Za-z0-9]{32}\n$/);

      await using gateway = await running(dataDir);
      await register(gateway, "mail");
      if (key !== undefined) assert.equal(await contents(dataDir, "master.key"), key);
      if (token !== undefined) assert.equal(await contents(dataDir, "admin.token"), token);
    });
  }
});

/** Sends as fast as it can and kills the gateway so long after its first answer. */
async function killedMidway(
  t: TestContext,
  dataDir: string,
  afterMs: number,
  fields: Readonly<Record<string, unknown>> = {},
): Promise<readonly Sent[]> {
  await using gateway = await running(dataDir);
  await registerAll(gateway, fields);
  const answered = Promise.withResolvers<unknown>();
  const sending = sendAll(gateway.url, events(), answered.resolve);
  await answered.promise;
  await sleep(afterMs);
  gateway.signal("SIGKILL");
  const sent = await sending;

  const taken = sent.filter(acknowledged).length;
  t.diagnostic(`killed ${afterMs.toFixed(1)} ms after the first answer: ${sent.length} events sent, ${taken} answered`);
  for (const { answer } of sent)
    if (answer !== undefined) assert.equal(answer.status, 202, JSON.stringify(answer.body));
  assert.deepEqual(await gateway.exit, { code: null, signal: "SIGKILL" });
  return sent;
}

async function registerAll(gateway: ServingGateway, fields: Readonly<Record<string, unknown>>): Promise<void> {
  for (const [source, plugin] of Object.entries(eventSources)) await register(gateway, source, { plugin, ...fields });
}

function acknowledged({ answer }: Sent): boolean {
  return answer !== undefined;
}

/** Fails where two incidents are about one event. */
function byExternalId(incidents: readonly Shown[]): ReadonlyMap<string, Shown> {
  const found = new Map(incidents.map((incident) => [incident.external_id, incident]));
  assert.equal(found.size, incidents.length);
  return found;
}

/** What a worker had in hand when it was killed is leased for this long. */
const leaseSeconds = 30;

/** Settings under which a process lives in a time to come, so that a test need not wait for it. */
function later(seconds: number): Readonly<Record<string, string>> {
  const ahead = `const Now = Date;
    globalThis.Date = class extends Now {
      constructor(...given) { given.length === 0 ? super(Now.now() + ${seconds * 1000}) : super(...given); }
      static now() { return Now.now() + ${seconds * 1000}; }
    };`;
  return { NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(ahead)}` };
}

async function contents(folder: string, name: string): Promise<string | undefined> {
  return await readFile(join(folder, name), "utf8").catch(() => undefined);
}
