/** What is counted while MongoDB is away, and after. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { eventually } from "../../support/eventually.ts";
import { aGateway, testSecret } from "../../support/gateway.ts";
import { aMongoDatabase } from "../../support/mongo/database.ts";
import { aMongoProxy } from "../../support/mongo/proxy.ts";
import { withoutMongo } from "../../support/mongo/server.ts";
import { scrape, seriesOf } from "../../support/scrape.ts";

const skip = await withoutMongo();

function anAlert(id: string): string {
  return JSON.stringify({ event_type: "security_alert", data: { alert_id: id, severity: "high" } });
}

test("the spool is told while the store is away, and what it held counts when it is forwarded", {
  skip,
  timeout: 120_000,
}, async () => {
  await using database = await aMongoDatabase();
  await using proxy = await aMongoProxy(database.uri);
  await using gateway = await aGateway({
    TW_STORE_URL: proxy.uri,
    TW_STORE_TIMEOUT_MS: "1500",
    TW_SPOOL_MAX_BYTES: "1048576",
  });
  const { status } = await gateway.api("POST", "/api/webhooks", { source: "edr", secret: testSecret });
  assert.equal(status, 201);
  assert.equal((await gateway.send("edr", anAlert("before"))).body.status, "accepted");
  await proxy.refuse();
  for (const id of ["one", "two"]) assert.equal((await gateway.send("edr", anAlert(id))).body.status, "queued");

  const away = await eventually(async () => {
    const scraped = await scrape(gateway.url);
    return scraped.get("thruway_spool_deliveries") === 2 ? scraped : undefined;
  });
  assert.equal(away.get("thruway_store_up"), 0);
  assert.equal(away.get("thruway_queue_deliveries"), undefined);
  assert.equal(away.get("thruway_spool_limit_bytes"), 1_048_576);
  assert.ok((away.get("thruway_spool_bytes") ?? 0) > 0);
  assert.equal(away.get("thruway_spool_refused_deliveries"), 0);
  assert.deepEqual(seriesOf(away, "webhook_received_total"), { '{source="edr"}': 3 });
  assert.deepEqual(seriesOf(away, "webhook_errors_total"), {});
  assert.deepEqual(seriesOf(away, "thruway_deliveries_total"), {
    '{kind="intake",outcome="accepted",source="edr"}': 1,
    '{kind="intake",outcome="spooled",source="edr"}': 2,
  });

  await proxy.heal();
  const back = await eventually(async () => {
    const scraped = await scrape(gateway.url);
    const isDone = scraped.get("thruway_spool_deliveries") === 0 && scraped.get("thruway_store_up") === 1;
    return isDone ? scraped : undefined;
  });
  assert.equal(back.get("thruway_queue_deliveries"), 0);
  assert.deepEqual(seriesOf(back, "thruway_incidents_total"), {
    '{outcome="created",severity="high",source="edr"}': 3,
  });
  assert.deepEqual(seriesOf(back, "webhook_received_total"), { '{source="edr"}': 3 });
});
