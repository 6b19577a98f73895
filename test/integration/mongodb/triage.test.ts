import assert from "node:assert/strict";
import { test } from "node:test";
import { eventually } from "../../support/eventually.ts";
import { aGateway, testSecret } from "../../support/gateway.ts";
import { aFolder } from "../../support/gateway-process.ts";
import { aMongoDatabase } from "../../support/mongo/database.ts";
import { withoutMongo } from "../../support/mongo/server.ts";

const skip = await withoutMongo();

test("two gateways on one database triage each incident once, and either grants", {
  skip,
  timeout: 60_000,
}, async () => {
  await using database = await aMongoDatabase();
  await using folder = await aFolder();
  const env = { TW_DATA_DIR: folder.path, TW_STORE_URL: database.uri, TW_QUEUE_LEASE_MS: "2000" };
  await using one = await aGateway(env);
  await using two = await aGateway(env);
  const text = `name: ask\nversion: "1"\nsteps: [{ name: ask, action: request_approval, parameters: { question: Block it? }, output: a }]\nverdict: { rules: [{ when: a.granted, verdict: true_positive, reason: "allowed by {{ a.by }}" }] }\n`;
  assert.equal((await one.api("POST", "/api/playbooks", { text })).status, 201);
  const source = { source: "mail", secret: testSecret, auto_triage: true, playbook: "ask" };
  assert.equal((await one.api("POST", "/api/webhooks", source)).status, 201);
  const sent = await Promise.all(
    Array.from({ length: 6 }, (_, index) =>
      one.send("mail", JSON.stringify({ event_type: "phishing", data: { id: `m${index}`, title: "Mail" } })),
    ),
  );
  const numbers = sent.map(({ body }) => String(body.incident_number));
  const pending = await eventually(async () => {
    const { body } = await two.api("GET", "/api/approvals?state=pending");
    return body.data.length === numbers.length ? body.data : undefined;
  });
  for (const { id } of pending) {
    assert.equal((await two.api("POST", `/api/approvals/${encodeURIComponent(id)}/grant`)).status, 200);
  }
  for (const number of numbers) {
    const runs = await eventually(async () => {
      const { body } = await one.api("GET", `/api/incidents/${number}/triage`);
      return body.runs[0]?.ended_at ? body.runs : undefined;
    });
    assert.equal(runs.length, 1);
    assert.equal(runs[0].verdict.verdict, "true_positive");
  }
});
