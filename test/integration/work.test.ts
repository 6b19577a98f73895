import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { eventually } from "../support/eventually.ts";
import { type Answered, aGateway, type TestGateway, testSecret } from "../support/gateway.ts";
import { aFolder, running, type Serving, started } from "../support/gateway-process.ts";
import { anEvent, sendAll } from "../support/signed-events.ts";
import { stores } from "../support/stores.ts";

type Json = ReturnType<typeof JSON.parse>;

async function working(worker: Serving): Promise<void> {
  await eventually(async () => (worker.stdout().includes("Thruway works off the queue") ? true : undefined));
}

async function send(gateway: TestGateway, source: string, id: string): Promise<string> {
  const { body } = await gateway.send(source, JSON.stringify({ event_type: "alert", data: { alert_id: id } }));
  assert.equal(body.status, "queued", JSON.stringify(body));
  return body.queue_id;
}

async function settled(gateway: TestGateway, queueId: string): Promise<Json> {
  return eventually(async () => {
    const { body } = await gateway.api("GET", `/api/queue/${queueId}`);
    return body.state === "queued" ? undefined : body;
  });
}

function register(gateway: TestGateway, source: string): Promise<unknown> {
  return gateway.api("POST", "/api/webhooks", { source, secret: testSecret, plugin: "generic", processing: "queued" });
}

for (const store of stores) {
  describe(`tw-cli work, with ${store.name}`, { skip: store.skip }, () => {
    test("works off what a gateway that does not work leaves in the queue, until SIGTERM", async () => {
      await using folder = await aFolder();
      await using place = await store.place();
      const env = { ...place.env, TW_DATA_DIR: folder.path, TW_WORK: "false" };
      await using gateway = await aGateway(env);
      await register(gateway, "patient");
      const before = await Promise.all([1, 2, 3].map((index) => send(gateway, "patient", `before-${index}`)));
      const { body: waiting } = await gateway.api("GET", "/api/queue");
      assert.deepEqual([waiting.depth, waiting.due, waiting.settled_last_minute], [3, 3, 0]);

      // TW_WORK speaks of gateways: a worker works.
      await using worker = started(["work"], folder.path, { ...place.env, TW_WORK: "false" });
      for (const queueId of before) assert.equal((await settled(gateway, queueId)).state, "accepted");
      const later = await settled(gateway, await send(gateway, "patient", "later"));
      const { body: incident } = await gateway.api("GET", `/api/incidents/${later.incident_number}`);
      assert.deepEqual([incident.external_id, incident.occurrences], ["later", 1]);

      worker.signal("SIGTERM");
      assert.deepEqual(await worker.exit, { code: 0, signal: null });
      assert.equal(worker.stderr(), "");
      await send(gateway, "patient", "after");
      assert.equal((await gateway.api("GET", "/api/queue")).body.depth, 1);
    });

    test("hears of a source that is registered while it runs", async () => {
      await using folder = await aFolder();
      await using place = await store.place();
      await using gateway = await aGateway({ ...place.env, TW_DATA_DIR: folder.path, TW_WORK: "false" });
      await using worker = started(["work"], folder.path, place.env);
      await working(worker);
      await register(gateway, "patient");
      const { state, attempts } = await settled(gateway, await send(gateway, "patient", "heard"));
      assert.equal(state, "accepted", `after ${attempts} attempts`);
    });

    test("leaves the gateway's token alone, and takes what it had when it was killed up again", async () => {
      await using folder = await aFolder();
      await using place = await store.place();
      const lease = { TW_QUEUE_LEASE_MS: "1000" };
      await using gateway = await aGateway({ ...place.env, ...lease, TW_DATA_DIR: folder.path, TW_WORK: "false" });
      await register(gateway, "patient");
      const first = started(["work"], folder.path, { ...place.env, ...lease });
      await working(first);
      const ids = await Promise.all(
        Array.from({ length: 40 }, (_, index) => send(gateway, "patient", `killed-${index}`)),
      );
      await first[Symbol.asyncDispose]();
      await using second = started(["work"], folder.path, { ...place.env, ...lease });
      await working(second);
      const ends = await Promise.all(ids.map((queueId) => settled(gateway, queueId)));
      assert.deepEqual(new Set(ends.map(({ state }) => state)), new Set(["accepted"]));
      const { body } = await gateway.api("GET", "/api/incidents?limit=200");
      assert.deepEqual(
        [body.data.length, new Set(body.data.map(({ occurrences }: Json) => occurrences))],
        [40, new Set([1])],
      );
    });
  });
}

describe("tw-cli work", () => {
  test("says in one line that it needs the master key of a gateway, and makes none", async () => {
    await using folder = await aFolder();
    await using worker = started(["work", "--data-dir", `${folder.path}/nothing`], folder.path);
    assert.equal((await worker.exit).code, 1);
    assert.match(
      worker.stderr(),
      /^error: The master key .*master\.key cannot be read: .*; name the gateway's data folder/,
    );
    await using other = started(["work"], folder.path, { TW_MASTER_KEY: "0".repeat(64) });
    await working(other);
  });

  test("has a gateway leave the queue to it by --no-work", async () => {
    await using folder = await aFolder();
    await using gateway = await running(folder.path, {}, ["--no-work"]);
    await gateway.api("POST", "/api/webhooks", {
      source: "patient",
      secret: testSecret,
      plugin: "generic",
      processing: "queued",
    });
    const [sent] = await sendAll(gateway.url, [anEvent("patient", "one")]);
    const queueId = sent?.answer?.body.queue_id;
    const show = (): Promise<Answered> => gateway.api("GET", `/api/queue/${queueId}`);
    for (let look = 0; look < 20; look++) {
      const { body } = await show();
      assert.deepEqual([body.state, body.attempts], ["queued", 0]);
    }
    await using worker = started(["work"], folder.path);
    await working(worker);
    await eventually(async () => ((await show()).body.state === "accepted" ? true : undefined));
  });
});
