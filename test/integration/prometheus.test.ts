import assert from "node:assert/strict";
import { createServer } from "node:http";
import { test } from "node:test";
import { listen } from "../../core/listen.ts";
import { exposition } from "../../core/telemetry/exposition.ts";
import { createMeter } from "../../core/telemetry/meter.ts";
import { eventually } from "../support/eventually.ts";
import { aGateway, testSecret } from "../support/gateway.ts";
import { aPrometheus, without } from "../support/prometheus.ts";

test("a real Prometheus answers the two questions of the text", {
  skip: without("prometheus"),
  timeout: 90_000,
}, async () => {
  await using gateway = await aGateway();
  for (const source of ["email-gateway", "edr"]) {
    const { status } = await gateway.api("POST", "/api/webhooks", { source, secret: testSecret });
    assert.equal(status, 201);
  }
  await using prometheus = await aPrometheus(gateway.url);
  assert.deepEqual(
    (await prometheus.query("up")).map(([, value]) => value),
    [1],
  );
  let sent = 0;
  const sendSome = async (): Promise<void> => {
    sent += 1;
    const body = JSON.stringify({ event_type: "alert", data: { alert_id: `alert-${sent}`, severity: "high" } });
    assert.equal((await gateway.send("email-gateway", body)).status, 202);
    assert.equal((await gateway.send("edr", body, { secret: "another-throw-away-secret" })).status, 401);
  };

  const [received, errors] = await eventually(async () => {
    await sendSome();
    const received = await prometheus.query("rate(webhook_received_total[5m])");
    const errors = await prometheus.query("rate(webhook_errors_total[5m])");
    const rises = received.filter(([, value]) => value > 0).length === 2 && errors.some(([, value]) => value > 0);
    return rises ? [received, errors] : undefined;
  });
  const bySource = new Map(received.map(([labels, value]) => [labels.source, value]));
  assert.deepEqual(new Set(bySource.keys()), new Set(["edr", "email-gateway", "unknown"]));
  assert.equal(bySource.get("unknown"), 0);
  assert.deepEqual(
    errors.map(([{ source, code }]) => [source, code]),
    [["edr", "invalid_signature"]],
  );

  const total = await eventually(async () => {
    const counted = await prometheus.query('webhook_received_total{source="email-gateway"}');
    return counted[0]?.[1] === sent ? counted[0][1] : undefined;
  });
  assert.equal(total, sent);
  const [metadata] =
    (await prometheus.get("/api/v1/metadata?metric=webhook_received_total")).webhook_received_total ?? [];
  assert.equal(metadata?.type ?? "counter", "counter");
  const { groups } = await prometheus.get("/api/v1/rules");
  const rules: readonly { readonly name: string; readonly health: string }[] = groups[0].rules;
  assert.ok(rules.length > 10);
  assert.deepEqual(
    rules.filter(({ health }) => health === "err").map(({ name }) => name),
    [],
  );
});

test("a real Prometheus keeps the exemplars", { skip: without("prometheus"), timeout: 90_000 }, async () => {
  const meter = createMeter(Date.now);
  const traceId = "0af7651916cd43dd8448eb211c80319c";
  const server = createServer((request, response) => {
    meter.observe({
      ...{ kind: "intake", id: "1", source: "edr", plugin: "generic", outcome: "accepted", code: null, test: false },
      ...{ times: [{ stage: "map", start_ms: 0, ms: 70, ok: true }], incidents: [], trace_id: traceId },
    });
    void meter
      .snapshot(["edr"])
      .then((snapshot) => exposition(snapshot, request.headers.accept))
      .then(({ type, body }) => response.setHeader("content-type", type).end(body));
  });
  try {
    await using prometheus = await aPrometheus(await listen(server, { host: "127.0.0.1", port: 0 }));
    const query = encodeURIComponent('webhook_processing_seconds_bucket{stage="map"}');
    const found = await eventually(async () => {
      const now = Date.now() / 1_000;
      const all: readonly { readonly exemplars: readonly { readonly labels: object; readonly value: string }[] }[] =
        await prometheus.get(`/api/v1/query_exemplars?query=${query}&start=${now - 300}&end=${now + 5}`);
      return all[0]?.exemplars[0];
    });
    assert.deepEqual([found.labels, Number(found.value)], [{ trace_id: traceId }, 0.07]);
  } finally {
    server.close();
    server.closeAllConnections();
  }
});
