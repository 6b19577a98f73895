/** The feed of every change: what its subscribers get, in which form, and that nothing of it is lost. */
import assert from "node:assert/strict";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { Webhook } from "standardwebhooks";
import { eventually } from "../support/eventually.ts";
import { aGateway, type TestGateway, testSecret } from "../support/gateway.ts";
import { aFolder, register, running } from "../support/gateway-process.ts";
import { aMongoDatabase } from "../support/mongo/database.ts";
import { aMongoProxy } from "../support/mongo/proxy.ts";
import { withoutMongo } from "../support/mongo/server.ts";
import { aReceiver, type Received, type Receiver } from "../support/receiver.ts";
import { assertValid } from "../support/schemas.ts";
import { anEvent, sendAll } from "../support/signed-events.ts";
import { stores } from "../support/stores.ts";

const secret = `whsec_${Buffer.alloc(32, 7).toString("base64")}`;

/** A channel at a receiver. */
function aChannel({ url }: Receiver, more: object = { feed: true }): object {
  return { kind: "webhook", url, secret, allow_private: true, ...more };
}

interface Place extends AsyncDisposable {
  /** Writes which channels there are. */
  configure(channels: Readonly<Record<string, object>>): Promise<void>;
  open(env?: Readonly<Record<string, string>>): Promise<TestGateway>;
  readonly folder: string;
  readonly env: Readonly<Record<string, string>>;
}

const tell = `
name: tell
version: "1"
triggers: { types: [malware] }
steps:
  - { name: tell, action: notify, parameters: { channel: soc, text: "Look at {{ incident.number }}" } }
verdict: { rules: [], otherwise: { verdict: suspicious, reason: so it seems } }
`;

async function aPlace(storeEnv: Readonly<Record<string, string>> = {}): Promise<Place> {
  const folder = await aFolder();
  const playbooks = join(folder.path, "playbooks");
  await mkdir(playbooks);
  await writeFile(join(playbooks, "tell.yaml"), tell);
  const config = join(folder.path, "config.yaml");
  const env = { TW_CONFIG: config, TW_PLAYBOOKS: playbooks, TW_QUEUE_LEASE_MS: "1000", ...storeEnv };
  return {
    folder: folder.path,
    env,
    configure: (channels) => writeFile(config, JSON.stringify({ triage: { channels } })),
    open: (more = {}) => aGateway({ TW_DATA_DIR: join(folder.path, "data"), ...env, ...more }),
    [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose](),
  };
}

async function aSource(gateway: TestGateway, fields: object = {}): Promise<void> {
  const { status } = await gateway.api("POST", "/api/webhooks", { source: "edr", secret: testSecret, ...fields });
  assert.equal(status, 201);
}

async function send(gateway: TestGateway, id: string, data: object = {}): Promise<string> {
  const event = { event_type: "malware", data: { id, title: "Trojan", host: { name: "WS-01" }, ...data } };
  const { body } = await gateway.send("edr", JSON.stringify(event));
  assert.equal(body.status, "accepted", JSON.stringify(body));
  return body.incident_number;
}

async function change(gateway: TestGateway, number: string, fields: object): Promise<void> {
  const { status, body } = await gateway.api("PATCH", `/api/incidents/${number}`, fields);
  assert.equal(status, 200, JSON.stringify(body));
}

/** What a receiver got, once it is so much. Each is proved to be ours. */
// biome-ignore lint/suspicious/noExplicitAny: tests assert on the shape of what came
function heard(receiver: Receiver, count: number): Promise<readonly any[]> {
  return eventually(() => {
    if (receiver.received.length < count) return Promise.resolve(undefined);
    return Promise.resolve(receiver.received.map(verified));
  });
}

// biome-ignore lint/suspicious/noExplicitAny: as above
function verified({ body, headers }: Received): any {
  return new Webhook(secret).verify(body, headers as Record<string, string>);
}

for (const store of stores) {
  describe(`a feed over ${store.name}`, { skip: store.skip, timeout: 120_000 }, () => {
    test("tells of an incident that is made, changed by its vendor and by an analyst, and closed", async () => {
      await using at = await store.place();
      await using place = await aPlace(at.env);
      await using siem = await aReceiver();
      await place.configure({ siem: aChannel(siem) });
      await using gateway = await place.open();
      await aSource(gateway);
      const number = await send(gateway, "a", { severity: "low" });
      const [created] = await heard(siem, 1);
      const { body: incident } = await gateway.api("GET", `/api/incidents/${number}`);
      assert.deepEqual(created, {
        type: "incident.created",
        id: `siem:${incident.id}:1`,
        timestamp: incident.updated_at,
        data: { incident, changes: [] },
      });
      assert.equal(siem.received[0]?.headers["webhook-id"], created.id);

      await send(gateway, "a", { severity: "high", n: 2 });
      const [, raised] = await heard(siem, 2);
      assert.deepEqual([raised.type, raised.data.incident.version], ["incident.updated", 2]);
      assert.deepEqual(raised.data.changes, raised.data.incident.timeline);
      assert.equal(raised.data.changes[0].by, "source:edr");

      await change(gateway, number, { status: "in_progress", comment: "mine" });
      await heard(siem, 3);
      await change(gateway, number, { status: "closed", comment: "done" });
      const closed = (await heard(siem, 4)).at(-1);
      assert.deepEqual(closed.data.incident, (await gateway.api("GET", `/api/incidents/${number}`)).body);
      assert.deepEqual(
        closed.data.changes.map(({ by, comment }: { by: string; comment: string }) => [by, comment]),
        [["analyst:admin", "done"]],
      );
      const { body } = await gateway.api("GET", `/api/incidents/${number}/triage`);
      assert.deepEqual(body.notifications, []);
    });

    test("sends the same again to who did not take it, and another subscriber waits for none of it", async () => {
      await using at = await store.place();
      await using place = await aPlace(at.env);
      let failures = 2;
      await using failing = await aReceiver(() => ({ status: failures-- > 0 ? 503 : 200 }));
      await using silent = await aReceiver(() => undefined);
      await using well = await aReceiver();
      await place.configure({ failing: aChannel(failing), silent: aChannel(silent), well: aChannel(well) });
      await using gateway = await place.open();
      await aSource(gateway);
      const number = await send(gateway, "a");
      await heard(failing, 1);
      const before = performance.now();
      for (let index = 0; index < 20; index++) await send(gateway, `b${index}`);
      await change(gateway, number, { comment: "meanwhile" });
      const all = await heard(well, 22);
      assert.ok(performance.now() - before < 8_000, "it waited for another subscriber");
      assert.deepEqual(new Set(all.map(({ id }) => id)).size, 22);
      await heard(failing, 24);
      const first = failing.received[0]?.headers["webhook-id"];
      const same = failing.received.filter(({ headers }) => headers["webhook-id"] === first);
      assert.ok(same.length >= 2, "it was sent again");
      assert.equal(new Set(same.map(({ body }) => body)).size, 1);
    });

    test("goes on where the file is read again, from then on", async () => {
      await using at = await store.place();
      await using place = await aPlace(at.env);
      await using siem = await aReceiver();
      await place.configure({ siem: aChannel(siem, {}) });
      await using gateway = await place.open();
      await aSource(gateway);
      const number = await send(gateway, "a");
      await change(gateway, number, { comment: "unheard" });
      const readings = (): number => gateway.logged().split("Configuration file read").length;
      const reread = async (feed: boolean): Promise<void> => {
        const before = readings();
        await place.configure({ siem: aChannel(siem, { feed }) });
        await eventually(() => Promise.resolve(readings() > before || undefined));
      };
      await pause(1_100);
      await reread(true);
      await change(gateway, number, { comment: "heard" });
      const [first] = await heard(siem, 1);
      assert.equal(first.type, "incident.updated");
      assert.deepEqual(
        first.data.changes.map(({ comment }: { comment: string }) => comment),
        ["heard"],
      );
      await reread(false);
      await change(gateway, number, { comment: "unheard again" });
      await pause(1_500);
      assert.equal(siem.received.length, 1);
    });
  });
}

const skip = await withoutMongo();

test("what waited in the spool is told of, also by a gateway that has only just started", {
  skip,
  timeout: 60_000,
}, async () => {
  await using database = await aMongoDatabase();
  await using proxy = await aMongoProxy(database.uri);
  await using place = await aPlace({ TW_STORE_URL: proxy.uri, TW_STORE_TIMEOUT_MS: "1000" });
  await using siem = await aReceiver();
  await place.configure({ siem: aChannel(siem) });
  {
    await using gateway = await place.open();
    await aSource(gateway);
    await proxy.refuse();
    const answer = await gateway.send("edr", JSON.stringify({ event_type: "malware", data: { id: "a" } }));
    assert.equal(answer.body.status, "queued");
  }
  await proxy.heal();
  await using gateway = await place.open();
  const [created] = await heard(siem, 1);
  assert.equal(created.type, "incident.created");
  assert.ok(gateway.url);
});

describe("what a channel gets", { timeout: 60_000 }, () => {
  test("is an event of OCSF or a document of ECS where its format says so, with the activity that fits", async () => {
    await using place = await aPlace();
    await using ocsf = await aReceiver();
    await using ecs = await aReceiver();
    await place.configure({
      ocsf: aChannel(ocsf, { feed: true, format: "ocsf" }),
      ecs: aChannel(ecs, { feed: true, format: "ecs" }),
    });
    await using gateway = await place.open();
    await aSource(gateway);
    const number = await send(gateway, "a");
    await heard(ocsf, 1);
    await change(gateway, number, { comment: "seen" });
    await heard(ocsf, 2);
    await change(gateway, number, { status: "closed" });
    const [events, documents] = [await heard(ocsf, 3), await heard(ecs, 3)];
    for (const event of events) assertValid("ocsf", event);
    for (const document of documents) assertValid("ecs", document);
    assert.deepEqual(
      events.map(({ activity_name: name }) => name),
      ["Create", "Update", "Close"],
    );
    const { id } = (await gateway.api("GET", `/api/incidents/${number}`)).body;
    assert.deepEqual(
      ocsf.received.map(({ headers }) => headers["webhook-id"]),
      [1, 2, 3].map((version) => `ocsf:${id}:${version}`),
    );
  });

  for (const format of ["ocsf", "ecs"] as const) {
    test(`is the incident as ${format} where a playbook notifies it, with the text as its message`, async () => {
      await using place = await aPlace();
      await using soc = await aReceiver();
      await place.configure({ soc: aChannel(soc, { format }) });
      await using gateway = await place.open();
      await aSource(gateway, { auto_triage: true, playbook: "tell" });
      const number = await send(gateway, "a");
      const [document, ...others] = await heard(soc, 1);
      assertValid(format, document);
      assert.deepEqual([document.message, others], [`Look at ${number}`, []]);
      const { body } = await gateway.api("GET", `/api/incidents/${number}/triage`);
      assert.deepEqual(Object.hasOwn(body.notifications[0], "body"), false);
    });
  }

  test("is a notification as ever where it says nothing of a format or a feed", async () => {
    await using place = await aPlace();
    await using soc = await aReceiver();
    await place.configure({ soc: aChannel(soc, {}) });
    await using gateway = await place.open();
    await aSource(gateway, { auto_triage: true, playbook: "tell" });
    await send(gateway, "a");
    const [message] = await heard(soc, 1);
    assert.equal(message.type, "thruway.notification");
    await pause(1_000);
    assert.equal(soc.received.length, 1);
  });
});

test("a gateway that is killed tells of everything once it runs again", { timeout: 120_000 }, async () => {
  await using place = await aPlace();
  let isAway = true;
  await using siem = await aReceiver(() => ({ status: isAway ? 503 : 200 }));
  await place.configure({ siem: aChannel(siem) });
  const data = join(place.folder, "data");
  const events = Array.from({ length: 60 }, (_, index) => anEvent("edr", `alert-${index}`));
  let acknowledged: readonly string[] = [];
  {
    await using gateway = await running(data, place.env);
    await register(gateway, "edr");
    const sending = sendAll(gateway.url, events);
    await eventually(() => Promise.resolve(siem.received.length > 0 || undefined));
    gateway.signal("SIGKILL");
    await gateway.exit;
    const sent = await sending;
    acknowledged = sent.filter(({ answer }) => answer?.status === 202).map(({ answer }) => answer?.body.incident_id);
  }
  assert.ok(acknowledged.length > 0);
  isAway = false;
  const before = siem.received.length;
  await using gateway = await running(data, place.env);
  await eventually(() => {
    const told = new Set(siem.received.slice(before).map((each) => verified(each).data.incident.id));
    return Promise.resolve(acknowledged.every((id) => told.has(id)) || undefined);
  });
  const bodies = new Map<string, string>();
  for (const { headers, body } of siem.received) {
    const id = String(headers["webhook-id"]);
    assert.equal(bodies.get(id) ?? body, body);
    bodies.set(id, body);
  }
  assert.ok(gateway.url);
});
