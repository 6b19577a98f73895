import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { aGateway, type TestGateway, testSecret } from "../support/gateway.ts";
import { root } from "../support/markdown.ts";

let gateway: TestGateway;
before(async () => {
  gateway = await aGateway();
});
after(() => gateway[Symbol.asyncDispose]());

async function register(source: string, options: object): Promise<void> {
  const { status, body } = await gateway.api("POST", "/api/webhooks", {
    ...{ source, plugin: "generic", secret: testSecret, options },
  });
  assert.equal(status, 201, JSON.stringify(body));
}

test("an integer beyond 2^53 is exact in the incident and in the stored bytes", async () => {
  await register("exact", {
    map: {
      title: { jsonata: '"Process " & process.id' },
      external_id: "id",
      event_id: "id",
      entities: [{ type: "process", value: "process.id" }],
    },
  });
  const sent = '{ "id": 9223372036854775807, "process": { "id": 1719309930613520072 } }';
  const { body: answer } = await gateway.send("exact", sent);
  const { body: incident } = await gateway.api("GET", `/api/incidents/${answer.incident_id}`);
  assert.equal(incident.external_id, "9223372036854775807");
  assert.equal(incident.title, "Process 1719309930613520072");
  assert.equal(incident.entities[0].value, "1719309930613520072");
  const { body: delivery } = await gateway.api("GET", `/api/deliveries/${incident.deliveries[0]}`);
  assert.equal(delivery.body, sent);
});

test("the same event id is a duplicate, however it is written and signed", async () => {
  await register("ids", { map: { event_id: "id", title: "title" } });
  const { body: first } = await gateway.send("ids", '{"id":"e-1","title":"a"}');
  const { body: again } = await gateway.send("ids", '{ "title": "a", "id": "e-1", "retry": 1 }', {
    at: new Date(Date.now() - 1_000),
  });
  assert.deepEqual([again.duplicate, again.incident_id], [true, first.incident_id]);
  const { body: other } = await gateway.send("ids", '{"id":"e-2","title":"a"}');
  assert.notEqual(other.incident_id, first.incident_id);
});

test("an event of a product without a plugin, by its preset alone", async () => {
  await register("wazuh", { preset: "wazuh" });
  const body = await readFile(join(root, "plugins/generic/samples/wazuh/ssh-brute-force.json"));
  const response = await fetch(`${gateway.url}/api/webhooks/wazuh`, {
    method: "POST",
    headers: { "content-type": "application/json", authorization: `Bearer ${testSecret}` },
    body,
  });
  assert.equal(response.status, 202);
  const { body: list } = await gateway.api("GET", "/api/incidents?source=wazuh");
  assert.deepEqual(
    list.data.map(({ title, severity, vendor_severity }: Record<string, string>) => [title, severity, vendor_severity]),
    [["sshd: brute force trying to get access to the system. Authentication failed.", "medium", "10"]],
  );
});

test("several alerts of one delivery are as many incidents", async () => {
  await register("list", { map: { each: "alerts", title: "name", external_id: "id" } });
  await gateway.send("list", '{"alerts":[{"id":1,"name":"a"},{"id":2,"name":"b"}]}');
  const { body } = await gateway.api("GET", "/api/incidents?source=list");
  assert.deepEqual(body.data.map(({ title }: { title: string }) => title).toSorted(), ["a", "b"]);
});

test("a map that is wrong is refused at its registration, with every mistake by its field", async () => {
  const options = {
    preset: "none",
    map: { title: "a..b", url: { jsonata: "$eval(x)" }, severity: { path: "s", default: "worst" } },
  };
  const { status, body } = await gateway.api("POST", "/api/webhooks", {
    ...{ source: "wrong", plugin: "generic", secret: testSecret, options },
  });
  assert.equal(status, 400);
  assert.deepEqual(body.error.details.map(({ path }: { path: string }) => path).toSorted(), [
    "options.map.severity",
    "options.map.title",
    "options.map.url",
    "options.preset",
  ]);
});

test("what the map refuses is kept as rejected, and what takes too long is queued", async () => {
  await register("strict", { map: { title: { jsonata: 'host ? host : $error("no host")' } } });
  const refused = await gateway.send("strict", "{}");
  assert.equal(refused.status, 422);
  assert.deepEqual(refused.body.error.details, [
    { path: "options.map.title", message: "refuses the payload: no host" },
  ]);
  await register("endless", { map: { title: { jsonata: "($f := function($x) { $f($x + 1) }; $f(1))" } } });
  const queued = await gateway.send("endless", "{}");
  assert.deepEqual([queued.status, queued.body.status], [202, "queued"]);
  assert.equal((await gateway.send("strict", '{"host":"h"}')).body.status, "accepted");
});
