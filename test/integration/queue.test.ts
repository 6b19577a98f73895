import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { after, afterEach, before, describe, test } from "node:test";
import { eventually } from "../support/eventually.ts";
import { type Answered, aGateway, type TestGateway, testSecret } from "../support/gateway.ts";
import { mood } from "../support/plugins/moody.ts";
import { assertRefused } from "../support/refused.ts";

type Json = ReturnType<typeof JSON.parse>;

let folder: string;
let gateway: TestGateway;
const root = resolve(import.meta.dirname, "../..");

function start(): Promise<TestGateway> {
  return aGateway({ TW_DATA_DIR: folder, TW_PLUGINS: join(folder, "plugins.json") });
}

before(async () => {
  folder = await mkdtemp(join(tmpdir(), "thruway-test-queue-"));
  const plugins = ["test/support/plugins/moody.ts", "plugins/generic/index.ts", "plugins/crowdstrike/index.ts"];
  await writeFile(join(folder, "plugins.json"), JSON.stringify(plugins.map((path) => join(root, path))));
  gateway = await start();
  for (const fields of [
    { source: "patient", processing: "queued" },
    { source: "falcon", plugin: "crowdstrike", processing: "queued" },
    { source: "moody", plugin: "moody" },
  ]) {
    await gateway.api("POST", "/api/webhooks", { secret: testSecret, ...fields });
  }
});
afterEach(() => {
  mood.now = "works";
});
after(async () => {
  await gateway[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

function assertQueued(answer: Answered): string {
  assert.equal(answer.status, 202, JSON.stringify(answer.body));
  const { queue_id, ...rest } = answer.body;
  assert.deepEqual(rest, { status: "queued", message: "Event queued for processing" });
  assert.match(queue_id, /^queue-[0-9a-f-]{36}$/);
  return queue_id;
}

async function becomes(queueId: string, is: (shown: Json) => boolean): Promise<Json> {
  return eventually(async () => {
    const { status, body } = await gateway.api("GET", `/api/queue/${queueId}`);
    assert.equal(status, 200);
    return is(body) ? body : undefined;
  });
}
const settled = ({ state }: Json): boolean => state !== "queued";

describe("a source that queues", () => {
  test("answers queued at once, and the queue says which incident it became", async () => {
    const queueId = assertQueued(await gateway.send("patient", alert("q-1", { severity: "high" })));
    const shown = await becomes(queueId, settled);
    assert.deepEqual([shown.queue_id, shown.source, shown.state, shown.reason], [queueId, "patient", "accepted", null]);
    const { body: incident } = await gateway.api("GET", `/api/incidents/${shown.incident_number}`);
    assert.deepEqual([incident.id, incident.external_id, incident.severity], [shown.incident_id, "q-1", "high"]);
    assert.deepEqual(incident.deliveries, [shown.delivery_id]);
  });

  test("loses none of a hundred, nor their numbers", async () => {
    const ids = Array.from({ length: 100 }, (_, index) => `many-${index}`);
    const answers = await Promise.all(ids.map((id) => gateway.send("patient", alert(id))));
    const numbers = await Promise.all(
      answers.map(async (answer) => (await becomes(assertQueued(answer), settled)).incident_number),
    );
    assert.equal(new Set(numbers).size, 100);
  });

  test("refuses what is not proved, and does not queue it", async () => {
    const refused = await gateway.send("patient", alert("q-2"), { secret: "another-test-secret" });
    assertRefused(refused, { status: 401, code: "invalid_signature" });
  });

  test("cannot tell its sender of a payload that makes no sense; the queue does", async () => {
    for (const [body, code] of [
      ["{", "invalid_json"],
      ['{"hello":"world"}', "invalid_payload"],
    ] as const) {
      const shown = await becomes(assertQueued(await gateway.send("patient", body)), settled);
      assert.equal(shown.state, "rejected");
      assert.match(shown.reason, /JSON|Payload/);
      const delivery = await gateway.api("GET", `/api/deliveries/${shown.delivery_id}`);
      assert.deepEqual([delivery.body.code, delivery.body.body], [code, body]);
    }
  });

  test("answers a captured request again with what became of it", async () => {
    const at = new Date();
    const send = (): Promise<Answered> => gateway.send("patient", alert("q-3"), { at });
    const shown = await becomes(assertQueued(await send()), settled);
    const { incident_id, incident_number } = shown;
    assert.deepEqual((await send()).body, { status: "accepted", incident_id, incident_number, duplicate: true });
  });

  test("answers a captured request again, also where the vendor gives the event an id", async () => {
    const at = new Date();
    const send = (): Promise<Answered> => gateway.send("falcon", detection(8, "ldt:captured"), { at });
    const { incident_id, incident_number } = await becomes(assertQueued(await send()), settled);
    assert.deepEqual((await send()).body, { status: "accepted", incident_id, incident_number, duplicate: true });
  });

  test("makes one incident of an event that is signed anew, and says of which delivery it is a duplicate", async () => {
    const event = detection(7, "ldt:anew");
    const first = await becomes(assertQueued(await gateway.send("falcon", event)), settled);
    const anew = await gateway.send("falcon", event, { at: new Date(Date.now() - 60_000) });
    const second = await becomes(assertQueued(anew), settled);
    assert.deepEqual([second.state, second.duplicate_of], ["duplicate", first.delivery_id]);
    const { body } = await gateway.api("GET", "/api/incidents?external_id=ldt:anew");
    assert.equal(body.data[0].occurrences, 1);
  });
});

describe("a mapper that fails", () => {
  for (const [how, reason] of [
    ["throws", "The plugin 'moody' failed: Cannot read properties of undefined (reading 'severity')"],
    ["returns nonsense", "The plugin 'moody' failed: map returned an alert whose title is not a text"],
  ] as const) {
    test(`because it ${how} has its delivery queued, said why, and made an incident when it is mended`, async () => {
      mood.now = how;
      const at = new Date();
      const send = (): Promise<Answered> => gateway.send("moody", JSON.stringify({ id: how }), { at });
      const first = await send();
      const queueId = assertQueued(first);
      assert.deepEqual((await send()).body, { ...first.body, duplicate: true });

      const waiting = await becomes(queueId, ({ attempts }) => attempts > 0);
      assert.deepEqual([waiting.state, waiting.reason, waiting.incidents], ["queued", reason, []]);
      assert.ok(Date.parse(waiting.next_attempt_at) > at.getTime());

      mood.now = "works";
      const shown = await becomes(queueId, settled);
      assert.deepEqual([shown.state, shown.reason, shown.next_attempt_at], ["accepted", null, null]);
      const { body: incident } = await gateway.api("GET", `/api/incidents/${shown.incident_id}`);
      assert.deepEqual([incident.title, incident.occurrences], [`Alert ${how}`, 1]);
      const { incident_id, incident_number } = shown;
      assert.deepEqual((await send()).body, { status: "accepted", incident_id, incident_number, duplicate: true });
    });
  }

  test("on purpose, with a PayloadError, has its delivery rejected with the path", async () => {
    mood.now = "refuses";
    assertRefused(await gateway.send("moody", '{"id":"refused"}'), {
      status: 422,
      code: "invalid_payload",
      path: "id",
      message: "Payload cannot be mapped: id is of nothing that was seen",
    });
  });

  test("does not hold up what others send", async () => {
    mood.now = "throws";
    assertQueued(await gateway.send("moody", '{"id":"in-the-way"}'));
    const shown = await becomes(assertQueued(await gateway.send("patient", alert("q-4"))), settled);
    assert.equal(shown.state, "accepted");
  });
});

describe("a queued delivery", () => {
  test("outlives a restart", async () => {
    mood.now = "throws";
    const queueId = assertQueued(await gateway.send("moody", '{"id":"restarted"}'));
    await gateway[Symbol.asyncDispose]();
    mood.now = "works";
    gateway = await start();
    const shown = await becomes(queueId, settled);
    assert.equal(shown.state, "accepted");
  });

  test("waits for its source where that was deleted", async () => {
    await gateway.api("POST", "/api/webhooks", { source: "gone", plugin: "moody", secret: testSecret });
    mood.now = "throws";
    const queueId = assertQueued(await gateway.send("gone", '{"id":"orphan"}'));
    await gateway.api("DELETE", "/api/webhooks/gone");
    mood.now = "works";
    const shown = await becomes(queueId, ({ reason }) => /is not registered any more$/.test(reason));
    assert.equal(shown.state, "queued");
    await gateway.api("POST", "/api/webhooks", { source: "gone", plugin: "moody", secret: testSecret });
    assert.equal((await becomes(queueId, settled)).state, "accepted");
  });

  for (const id of ["queue-abc123", "queue-", "abc", "queue-00000000-0000-7000-8000-000000000000"]) {
    test(`that does not exist is not found: ${id}`, async () => {
      assertRefused(await gateway.api("GET", `/api/queue/${id}`), { status: 404, code: "not_found" });
    });
  }
});

function alert(id: string, fields: Readonly<Record<string, unknown>> = {}): string {
  return JSON.stringify({ event_type: "security_alert", data: { alert_id: id, ...fields } });
}

function detection(offset: number, id: string): string {
  const metadata = { customerIDString: "c", offset, eventType: "DetectionSummaryEvent" };
  return JSON.stringify({ metadata, event: { DetectId: id, Severity: 3 } });
}
