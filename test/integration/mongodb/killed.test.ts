/** The row "process killed" of the fault matrix of docs/operations.md: SIGKILL at each write, then a new start. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { eventually } from "../../support/eventually.ts";
import { aFolder, allIncidents, register, running, type ServingGateway } from "../../support/gateway-process.ts";
import { aMongoDatabase } from "../../support/mongo/database.ts";
import { aMongoProxy, type MongoProxy } from "../../support/mongo/proxy.ts";
import { withoutMongo } from "../../support/mongo/server.ts";
import { anEvent, type Sent, type SignedEvent, sendAll } from "../../support/signed-events.ts";
import { writes } from "./matrix.ts";

const skip = await withoutMongo();
const count = 40;
const patienceMs = 30_000;

interface Scene extends AsyncDisposable {
  readonly proxy: MongoProxy;
  /** Starts a gateway on the one data folder and database. */
  start(): Promise<ServingGateway>;
}

async function aScene(): Promise<Scene> {
  const folder = await aFolder();
  const database = await aMongoDatabase();
  const proxy = await aMongoProxy(database.uri);
  const env = { TW_STORE_URL: proxy.uri, TW_STORE_TIMEOUT_MS: "1000", TW_QUEUE_LEASE_MS: "1000" };
  return {
    proxy,
    start: () => running(folder.path, env),
    async [Symbol.asyncDispose]() {
      await proxy[Symbol.asyncDispose]();
      await database[Symbol.asyncDispose]();
      await folder[Symbol.asyncDispose]();
    },
  };
}

/** Holds the next request of a kind, like `insert incidents`; resolves once it is held. */
function held(proxy: MongoProxy, write: string): Promise<void> {
  return proxy.fault("stall", {
    command: (name, document) => `${name} ${String(document[name])}` === write,
    times: 1,
  }).fired;
}

function eventsOf(source: string): readonly SignedEvent[] {
  return Array.from({ length: count }, (_, index) => anEvent(source, `alert-${index}`));
}

async function kill(gateway: ServingGateway): Promise<void> {
  gateway.signal("SIGKILL");
  await gateway.exit;
}

/** What was acknowledged is there by itself; what was not, the sender sends again. Then all is there once. */
async function allThereOnce(gateway: ServingGateway, sent: readonly Sent[]): Promise<void> {
  await settled(gateway);
  const acknowledged = sent.filter(({ answer }) => answer?.status === 202).map(({ event }) => event.externalId);
  const before = new Set((await allIncidents(gateway)).map(({ external_id }) => external_id));
  for (const id of acknowledged) assert.ok(before.has(id), `${id} was acknowledged and is not there`);

  const again = await sendAll(
    gateway.url,
    sent.map(({ event }) => event),
  );
  for (const { answer } of again) assert.equal(answer?.status, 202, JSON.stringify(answer?.body));
  await settled(gateway);
  const incidents = await allIncidents(gateway);
  assert.deepEqual(
    incidents.map(({ external_id, occurrences }) => `${external_id} ${occurrences}`).toSorted(),
    sent.map(({ event }) => `${event.externalId} 1`).toSorted(),
  );
  assert.equal(new Set(incidents.map(({ number }) => number)).size, count);
}

async function settled(gateway: ServingGateway): Promise<void> {
  await eventually(async () => {
    const { body: ready } = await gateway.api("GET", "/readyz");
    const { status, body } = await gateway.api("GET", "/api/deliveries?outcome=queued");
    return ready.status === "ready" && status === 200 && body.data.length === 0 ? true : undefined;
  }, patienceMs);
}

describe("a gateway on MongoDB that is killed", { skip, concurrency: 2, timeout: 240_000 }, () => {
  for (const write of writes.intake) {
    test(`during intake, at ${write}: acknowledged and lost 0, duplicated 0`, async () => {
      await using scene = await aScene();
      await using killed = await scene.start();
      await register(killed, "mail");
      const sending = sendAll(killed.url, eventsOf("mail"));
      await held(scene.proxy, write);
      await kill(killed);
      const sent = await sending;
      await scene.proxy.heal();
      await using gateway = await scene.start();
      const all = eventsOf("mail").map((event) => sent.find((each) => each.event.externalId === event.externalId));
      await allThereOnce(
        gateway,
        all.map((each, index) => each ?? { event: eventsOf("mail")[index] as SignedEvent, answer: undefined }),
      );
    });
  }

  test("during forward: acknowledged and lost 0, duplicated 0", async () => {
    await using scene = await aScene();
    await using killed = await scene.start();
    await register(killed, "mail");
    await scene.proxy.refuse();
    const sent = await sendAll(killed.url, eventsOf("mail"));
    for (const { answer } of sent) assert.equal(answer?.body.status, "queued");
    const holding = held(scene.proxy, "insert incidents");
    await scene.proxy.heal();
    await Promise.race([holding, held(scene.proxy, "insert incidents")]);
    await kill(killed);
    await scene.proxy.heal();
    await using gateway = await scene.start();
    await allThereOnce(gateway, sent);
  });

  for (const write of writes.claim) {
    test(`during claim, at ${write}: acknowledged and lost 0, duplicated 0`, async () => {
      await using scene = await aScene();
      await using killed = await scene.start();
      await register(killed, "mail", { processing: "queued" });
      const holding = held(scene.proxy, write);
      const sent = await sendAll(killed.url, eventsOf("mail"));
      for (const { answer } of sent) assert.equal(answer?.body.status, "queued");
      await holding;
      await kill(killed);
      await scene.proxy.heal();
      await using gateway = await scene.start();
      await allThereOnce(gateway, sent);
    });
  }
});
