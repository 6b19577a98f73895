import assert from "node:assert/strict";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { describe, test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { eventually } from "../support/eventually.ts";
import { aGateway, type TestGateway, testSecret } from "../support/gateway.ts";
import { metricsText, openMetricsText, type Scraped, scrape, seriesOf } from "../support/scrape.ts";
import { dial, exchange, requestBytes } from "../support/wire.ts";

const event = (id: string, more: object = {}): string =>
  JSON.stringify({ event_type: "alert", data: { alert_id: id, severity: "high", ...more } });

async function aGatewayWith(
  source: string,
  fields: object = {},
  env: Readonly<Record<string, string>> = {},
): Promise<TestGateway> {
  const gateway = await aGateway(env);
  const { status, body } = await gateway.api("POST", "/api/webhooks", { source, secret: testSecret, ...fields });
  if (status === 201) return gateway;
  await gateway[Symbol.asyncDispose]();
  throw new Error(JSON.stringify(body));
}

function received(scraped: Scraped): Readonly<Record<string, number>> {
  return seriesOf(scraped, "webhook_received_total");
}

function errors(scraped: Scraped): Readonly<Record<string, number>> {
  return seriesOf(scraped, "webhook_errors_total");
}

/** What became of the requests, by outcome. */
function outcomes(scraped: Scraped): Readonly<Record<string, number>> {
  const intake = Object.entries(seriesOf(scraped, "thruway_deliveries_total")).filter(([key]) =>
    key.includes('"intake"'),
  );
  const counts: Record<string, number> = {};
  for (const [key, value] of intake) {
    const outcome = /outcome="(\w+)"/.exec(key)?.[1] ?? "";
    counts[outcome] = (counts[outcome] ?? 0) + value;
  }
  return counts;
}

describe("every request to the webhook endpoint counts once,", { concurrency: 2 }, () => {
  test("what is taken, and the incidents that it makes", async () => {
    await using gateway = await aGatewayWith("edr");
    const at = new Date();
    await gateway.send("edr", event("one"));
    await gateway.send("edr", event("one", { severity: "low", note: "again" }));
    await gateway.send("edr", event("two"), { at });
    await gateway.send("edr", event("two"), { at });
    const scraped = await scrape(gateway.url);
    assert.deepEqual(received(scraped), { '{source="edr"}': 4 });
    assert.deepEqual(errors(scraped), {});
    assert.deepEqual(outcomes(scraped), { accepted: 3, duplicate: 1 });
    assert.deepEqual(seriesOf(scraped, "thruway_incidents_total"), {
      '{outcome="created",severity="high",source="edr"}': 2,
      '{outcome="updated",severity="low",source="edr"}': 1,
    });
    assert.equal(scraped.get('webhook_processing_seconds_count{source="edr",stage="commit"}'), 4);
    assert.equal(scraped.get('webhook_processing_seconds_count{source="edr",stage="total"}'), 4);
    assert.ok((scraped.get("thruway_commit_batch_deliveries_sum") ?? 0) >= 4);
  });

  test("what is refused, by the code that the sender is told", async () => {
    await using gateway = await aGatewayWith("edr", { rate_limit: { requests: 3, per_seconds: 60 } });
    const old = new Date(Date.now() - 3_600_000);
    for (const [code, answer] of [
      ["invalid_signature", gateway.send("edr", "{}", { secret: "another-throw-away-secret" })],
      ["timestamp_expired", gateway.send("edr", "{}", { at: old })],
      ["invalid_timestamp", gateway.send("edr", "{}", { headers: { "x-webhook-timestamp": "soon" } })],
      ["invalid_json", gateway.send("edr", "{")],
      ["invalid_payload", gateway.send("edr", "{}")],
      ["unsupported_media_type", gateway.send("edr", event("a"), { headers: { "content-type": "text/csv" } })],
      ["rate_limited", gateway.send("edr", event("b"))],
      ["unknown_source", gateway.send("nobody", event("c"))],
    ] as const) {
      assert.equal((await answer).body.error.code, code);
    }
    const scraped = await scrape(gateway.url);
    assert.deepEqual(received(scraped), { '{source="edr"}': 7, '{source="unknown"}': 1 });
    assert.deepEqual(errors(scraped), {
      '{code="invalid_signature",source="edr"}': 1,
      '{code="timestamp_expired",source="edr"}': 1,
      '{code="invalid_timestamp",source="edr"}': 1,
      '{code="invalid_json",source="edr"}': 1,
      '{code="invalid_payload",source="edr"}': 1,
      '{code="unsupported_media_type",source="edr"}': 1,
      '{code="rate_limited",source="edr"}': 1,
      '{code="unknown_source",source="unknown"}': 1,
    });
    assert.equal(Object.keys(seriesOf(scraped, "thruway_signature_failures_total")).length, 3);
  });

  test("whose body is too large, too slow or never whole, and a flood from one address", async () => {
    const env = { TW_MAX_BODY_BYTES: "1024", TW_RECEIVE_TIMEOUT_MS: "300", TW_REFUSED_PER_MINUTE: "2" };
    await using gateway = await aGatewayWith("edr", {}, env);
    const path = "/api/webhooks/edr";
    const large = await exchange(gateway.url, requestBytes({ path, headers: [["Content-Length", "2000"]] }));
    assert.equal(large.status, 413);
    using slow = await dial(gateway.url);
    slow.send(requestBytes({ path, headers: [["Content-Length", "100"]] }));
    assert.equal((await slow.answer()).status, 408);
    {
      using hasty = await dial(gateway.url);
      hasty.send(requestBytes({ path, headers: [["Content-Length", "100"]] }));
      hasty.send("{");
      await pause(50);
    }
    for (const status of [429, 429]) {
      assert.equal((await gateway.send("edr", "{}", { secret: "another-throw-away-secret" })).status, status);
    }
    const scraped = await eventually(async () => {
      const scraped = await scrape(gateway.url);
      return outcomes(scraped).gone === undefined ? undefined : scraped;
    });
    assert.deepEqual(received(scraped), { '{source="edr"}': 5 });
    assert.deepEqual(outcomes(scraped), { refused: 4, gone: 1 });
    assert.deepEqual(errors(scraped), {
      '{code="payload_too_large",source="edr"}': 1,
      '{code="request_timeout",source="edr"}': 1,
      '{code="rate_limited",source="edr"}': 2,
    });
  });

  test("of another method, without a host, and the challenge of a GET; what has another path or manages sources does not", async () => {
    const options = { signature: { scheme: "token", header: "Authorization" }, handshake: "okta" };
    await using gateway = await aGatewayWith("okta", { plugin: "generic", options });
    const ask = async (
      method: string,
      path: string,
      headers: Readonly<Record<string, string>> = {},
    ): Promise<number> => {
      const response = await fetch(`${gateway.url}${path}`, { method, headers });
      await response.text();
      return response.status;
    };
    assert.equal(await ask("GET", "/api/webhooks/okta", { "x-okta-verification-challenge": "echo-me" }), 200);
    assert.equal(await ask("PUT", "/api/webhooks/okta"), 405);
    assert.equal(await ask("GET", "/api/webhooks/nobody/t/secret"), 405);
    const hostless = await exchange(gateway.url, "POST /api/webhooks/okta HTTP/1.1\r\nContent-Length: 2\r\n\r\n{}");
    assert.equal(hostless.status, 400);
    const before = await scrape(gateway.url);
    assert.deepEqual(received(before), { '{source="okta"}': 3, '{source="unknown"}': 1 });
    assert.deepEqual(outcomes(before), { greeted: 1, refused: 3 });
    assert.deepEqual(errors(before), {
      '{code="method_not_allowed",source="okta"}': 1,
      '{code="method_not_allowed",source="unknown"}': 1,
      '{code="invalid_request",source="okta"}': 1,
    });

    assert.equal(await ask("POST", "/api/webhook/okta"), 404);
    assert.equal(await ask("GET", "/api/webhooks/okta"), 401);
    assert.equal(await ask("PATCH", "/api/webhooks/okta"), 401);
    assert.equal(await ask("PUT", "/api/incidents"), 405);
    assert.equal((await gateway.api("POST", "/api/webhooks/okta/test")).status, 200);
    assert.deepEqual(received(await scrape(gateway.url)), received(before));
  });

  test("that broke on our side", async () => {
    await using gateway = await aGatewayWith("edr");
    const database = new DatabaseSync(join(gateway.dataDir, "thruway.db"), { timeout: 5_000 });
    database.exec("ALTER TABLE deliveries RENAME TO deliveries_elsewhere");
    assert.equal((await gateway.send("edr", event("one"))).status, 503);
    database.exec("ALTER TABLE deliveries_elsewhere RENAME TO deliveries");
    database.close();
    const scraped = await scrape(gateway.url);
    assert.deepEqual(received(scraped), { '{source="edr"}': 1 });
    assert.deepEqual(errors(scraped), { '{code="store_unavailable",source="edr"}': 1 });
    assert.deepEqual(outcomes(scraped), { failed: 1 });
  });

  test("and its tries in the queue are none", async () => {
    await using gateway = await aGatewayWith("mail", { processing: "queued" });
    assert.equal((await gateway.send("mail", event("one"))).body.status, "queued");
    assert.equal((await gateway.send("mail", "{}")).body.status, "queued");
    const scraped = await eventually(async () => {
      const scraped = await scrape(gateway.url);
      const work = Object.keys(seriesOf(scraped, "thruway_deliveries_total")).filter((key) => key.includes('"work"'));
      return work.length === 2 ? scraped : undefined;
    });
    assert.deepEqual(received(scraped), { '{source="mail"}': 2 });
    assert.deepEqual(errors(scraped), { '{code="invalid_payload",source="mail"}': 1 });
    assert.deepEqual(seriesOf(scraped, "thruway_deliveries_total"), {
      '{kind="intake",outcome="queued",source="mail"}': 2,
      '{kind="work",outcome="accepted",source="mail"}': 1,
      '{kind="work",outcome="rejected",source="mail"}': 1,
    });
    assert.deepEqual(seriesOf(scraped, "thruway_incidents_total"), {
      '{outcome="created",severity="high",source="mail"}': 1,
    });
  });
});

test("what waits in the queue is told, with its age", async () => {
  await using gateway = await aGatewayWith("mail", { processing: "queued" }, { TW_WORK: "false" });
  for (const id of ["one", "two"]) await gateway.send("mail", event(id));
  await pause(20);
  const scraped = await eventually(async () => {
    const scraped = await scrape(gateway.url);
    return scraped.get("thruway_queue_deliveries") === 2 ? scraped : undefined;
  });
  assert.equal(scraped.get("thruway_queue_due_deliveries"), 2);
  const age = scraped.get("thruway_queue_oldest_age_seconds") ?? 0;
  assert.ok(age > 0 && age < 60, String(age));
  assert.equal(scraped.get("thruway_store_up"), 1);
  assert.equal(scraped.get("thruway_spool_deliveries"), undefined);
});

test("a store that cannot be written is down in a scrape that succeeds", async () => {
  await using gateway = await aGatewayWith("edr");
  const database = new DatabaseSync(join(gateway.dataDir, "thruway.db"), { timeout: 5_000 });
  database.exec("BEGIN IMMEDIATE");
  const scraped = await scrape(gateway.url);
  database.exec("ROLLBACK");
  database.close();
  assert.equal(scraped.get("thruway_store_up"), 0);
  assert.equal(scraped.get('webhook_received_total{source="edr"}'), 0);
});

test("a source that is deleted leaves no series behind", async () => {
  await using gateway = await aGatewayWith("edr");
  await gateway.send("edr", event("one"));
  await gateway.send("edr", event("one"), { secret: "another-throw-away-secret" });
  assert.match(await metricsText(gateway.url), /edr/);
  assert.equal((await gateway.api("DELETE", "/api/webhooks/edr")).status, 204);
  await gateway.send("edr", event("one"));
  const text = await metricsText(gateway.url);
  assert.doesNotMatch(text, /edr/);
  assert.match(text, /^webhook_errors_total\{source="unknown",code="unknown_source"\} 1$/m);
});

test("both formats name the metrics of the text exactly", async () => {
  await using gateway = await aGatewayWith("edr");
  await gateway.send("edr", "{");
  for (const text of [await metricsText(gateway.url), await openMetricsText(gateway.url)]) {
    assert.match(text, /^webhook_received_total\{source="edr"\} 1$/m);
    assert.match(text, /^webhook_errors_total\{source="edr",code="invalid_json"\} 1$/m);
    assert.ok(!text.includes("_total_total"));
  }
});

describe("metrics are shown", () => {
  const status = async (gateway: TestGateway, token?: string): Promise<number> => {
    const response = await fetch(`${gateway.url}/metrics`, {
      headers: token ? { authorization: `Bearer ${token}` } : {},
    });
    await response.text();
    return response.status;
  };

  test("to anybody where the gateway listens on this machine alone", async () => {
    await using gateway = await aGateway();
    assert.equal(await status(gateway), 200);
  });

  test("with a token alone where it does not", async () => {
    await using gateway = await aGateway({ TW_HOST: "0.0.0.0" });
    assert.deepEqual([await status(gateway), await status(gateway, gateway.token)], [401, 200]);
  });

  test("as the setting says, whatever it listens on", async () => {
    await using open = await aGateway({ TW_HOST: "0.0.0.0", TW_METRICS: "open" });
    assert.equal(await status(open), 200);
    await using guarded = await aGateway({ TW_METRICS: "token" });
    assert.deepEqual([await status(guarded), await status(guarded, guarded.token)], [401, 200]);
    await using off = await aGateway({ TW_METRICS: "off" });
    assert.deepEqual([await status(off), await status(off, off.token)], [404, 404]);
  });
});
