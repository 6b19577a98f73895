import assert from "node:assert/strict";
import { test } from "node:test";
import { aGateway, testSecret } from "../support/gateway.ts";

test("alerts that a source calls the same are one incident until it is closed, and a new one names it", async () => {
  await using gateway = await aGateway();
  const grouping = { by: ["type", "entities.ip"], window: "1h" };
  const registered = await gateway.api("POST", "/api/webhooks", {
    source: "scanner",
    plugin: "generic",
    secret: testSecret,
    grouping,
  });
  assert.deepEqual(registered.body.grouping, grouping);
  async function send(id: string, ip = "192.0.2.7"): Promise<string> {
    const event = { event_type: "port_scan", data: { alert_id: id, severity: "low", source_ip: ip } };
    return (await gateway.send("scanner", JSON.stringify(event))).body.incident_number;
  }
  const first = await send("a");
  assert.deepEqual(await Promise.all(["b", "c", "d"].map((id) => send(id))), [first, first, first]);
  const other = await send("e", "192.0.2.8");
  assert.notEqual(other, first);
  assert.equal((await gateway.api("GET", `/api/incidents/${first}`)).body.occurrences, 4);

  await gateway.api("PATCH", `/api/incidents/${first}`, { status: "closed" });
  const next = await send("f");
  const { body } = await gateway.api("GET", `/api/incidents/${next}`);
  assert.deepEqual([body.previous.incident_number, body.occurrences], [first, 1]);

  await gateway.api("PATCH", "/api/webhooks/scanner", { grouping: null });
  assert.notEqual(await send("g"), next);
});
