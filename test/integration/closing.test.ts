import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { aGateway, type TestGateway, testSecret } from "../support/gateway.ts";

type Json = ReturnType<typeof JSON.parse>;

let gateway: TestGateway;
let sources = 0;
before(async () => {
  gateway = await aGateway();
});
after(() => gateway[Symbol.asyncDispose]());

function sample(plugin: string, name: string): Buffer {
  return readFileSync(join(import.meta.dirname, "../../plugins", plugin, "samples", `${name}.json`));
}

async function aSource(plugin: string): Promise<string> {
  sources += 1;
  const source = `vendor-${sources}`;
  await gateway.api("POST", "/api/webhooks", { source, plugin, secret: testSecret });
  return source;
}

/** The incident with this id of the vendor's, after a new source sent these bodies one after the other. */
async function becomes(plugin: string, bodies: readonly (string | Buffer)[], externalId: string): Promise<Json> {
  const source = await aSource(plugin);
  for (const body of bodies) {
    const { status, body: answer } = await gateway.send(source, body);
    assert.deepEqual([status, answer.status, answer.duplicate], [202, "accepted", undefined]);
  }
  const query = `source=${source}&external_id=${encodeURIComponent(externalId)}`;
  const { body } = await gateway.api("GET", `/api/incidents?${query}`);
  assert.equal(body.data.length, 1, "all of them are about one incident");
  return body.data[0];
}

/** What must not depend on the order. */
function essence({ id, number, created_at, received_at, updated_at, source, deliveries, ...rest }: Json): Json {
  return rest;
}

const falconId = "ldt:00112233445566778899aabbccddeeff:64424509440";
const closings = [
  ["crowdstrike", "detection-summary", "detection-status-update", falconId, "closed", "false_positive"],
  ["crowdstrike", "detection-summary", "fusion-custom", falconId, "closed", null],
  [
    "crowdstrike",
    "incident-summary",
    "incident-closed",
    "inc:00112233445566778899aabbccddeeff:aabbccddeeff00112233445566778899",
    "closed",
    null,
  ],
  ["defender", "graph-alert", "graph-alert-resolved", "da639040112233445566_1122334455", "resolved", "false_positive"],
  [
    "defender",
    "office-audit-records",
    "office-alert-updated",
    "22222222-0000-4000-8000-000000000002",
    "resolved",
    null,
  ],
  ["defender", "sentinel-incident", "sentinel-incident-closed", "55555555-0000-4000-8000-000000000005", "closed", null],
  [
    "defender",
    "azure-monitor-fired",
    "azure-monitor-resolved",
    "00000000-0000-4000-8000-0000000000a5_prod_microsoft.insights_metricAlerts_vault-bulk_-1712345678",
    "closed",
    null,
  ],
] as const;

describe("what its vendor closes is closed, whichever arrives first:", () => {
  for (const [plugin, opening, closing, externalId, status, verdict] of closings) {
    test(`${plugin}'s ${closing} closes ${opening}`, async () => {
      const [open, closed] = [sample(plugin, opening), sample(plugin, closing)];
      const before = await becomes(plugin, [open], externalId);
      assert.equal(before.status, "new");
      const incident = await becomes(plugin, [open, closed], externalId);
      assert.deepEqual([incident.status, incident.verdict, incident.occurrences], [status, verdict, 2]);
      assert.equal(incident.severity, before.severity, "a closing makes nothing graver or milder");
      assert.deepEqual(essence(await becomes(plugin, [closed, open], externalId)), essence(incident));
    });
  }

  test("a closing that names nothing but an id leaves the words of the detection", async () => {
    const [open, closed] = [
      sample("crowdstrike", "detection-summary"),
      sample("crowdstrike", "detection-status-update"),
    ];
    for (const order of [
      [open, closed],
      [closed, open],
    ]) {
      const { title, entities, first_seen_at, last_seen_at } = await becomes("crowdstrike", order, falconId);
      assert.equal(title, "Suspicious Activity");
      assert.ok(entities.some(({ value }: Json) => value === "workstation-01"));
      assert.deepEqual([first_seen_at, last_seen_at], ["2026-01-15T08:02:06.000Z", "2026-01-15T08:02:06.000Z"]);
    }
  });

  test("what fires again after it was resolved is open again", async () => {
    const fired = sample("defender", "azure-monitor-fired").toString();
    const resolved = sample("defender", "azure-monitor-resolved").toString();
    const again = fired.replaceAll("2026-01-14T13:58:24.3713213Z", "2026-01-14T18:00:00Z");
    const { originAlertId } = JSON.parse(fired).data.essentials;
    for (const order of [
      [fired, resolved, again],
      [again, resolved, fired],
      [resolved, again, fired],
    ]) {
      const incident = await becomes("defender", order, originAlertId);
      assert.deepEqual([incident.status, incident.last_seen_at], ["new", "2026-01-14T18:00:00.000Z"]);
    }
  });

  test("an incident that was merged into another at Microsoft is resolved, and says which", async () => {
    const incident = await becomes("defender", [sample("defender", "graph-incident-redirected")], "4790");
    assert.deepEqual([incident.status, incident.tags], ["resolved", ["redirected"]]);
    assert.match(incident.description, /4821/);
  });

  test("the list finds what is closed", async () => {
    const { body } = await gateway.api("GET", "/api/incidents?status=closed,resolved&limit=200");
    assert.ok(body.data.length > 0);
    for (const { status } of body.data) assert.match(status, /^(closed|resolved)$/);
  });
});

test("rows of an alert make one incident, whichever arrives first, and its title is the alert's", async () => {
  const { records } = JSON.parse(sample("defender", "xdr-stream-records").toString());
  const rows = records.filter(({ properties }: Json) => properties.AlertId === "da639040200000000001_7");
  const { Title: _, ...untitled } = rows[3].properties;
  const bodies = [rows[2], { ...rows[3], properties: untitled }, { records: [rows[0], rows[1]] }].map((row) =>
    JSON.stringify(row),
  );
  const incident = await becomes("defender", bodies, "da639040200000000001_7");
  assert.deepEqual(
    [incident.title, incident.severity, incident.occurrences],
    ["Malicious attachment opened", "high", 3],
  );
  assert.equal(incident.entities.length, 5);
  assert.deepEqual(
    essence(await becomes("defender", bodies.toReversed(), "da639040200000000001_7")),
    essence(incident),
  );
});

test("a severity that is raised stays raised, whichever arrives first", async () => {
  const open = sample("defender", "graph-alert").toString();
  const raised = open.replace('"severity": "medium"', '"severity": "high"').replace("09:16:40", "09:20:00");
  for (const order of [
    [open, raised],
    [raised, open],
  ]) {
    const incident = await becomes("defender", order, "da639040112233445566_1122334455");
    assert.deepEqual([incident.severity, incident.vendor_severity], ["high", "high"]);
  }
});

test("integers beyond 2^53 survive to the incident, and to the bytes of the delivery", async () => {
  const body = sample("crowdstrike", "mobile-detection");
  const source = await aSource("crowdstrike");
  const { body: answer, headers } = await gateway.send(source, body);
  const { body: incident } = await gateway.api("GET", `/api/incidents/${answer.incident_id}`);
  assert.equal(incident.external_id, "1311768467463790321");
  assert.notEqual(String(Number(incident.external_id)), incident.external_id, "a double would have rounded it");
  const { body: delivery } = await gateway.api("GET", `/api/deliveries/${headers.get("x-request-id")}`);
  assert.equal(delivery.body, body.toString());
  assert.equal(delivery.body_bytes, body.length);
});
