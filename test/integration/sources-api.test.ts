import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { type Answered, aGateway, type TestGateway, testSecret } from "../support/gateway.ts";
import { assertRefused } from "../support/refused.ts";

const event = '{"event_type":"test","data":{}}';

let gateway: TestGateway;
before(async () => {
  gateway = await aGateway();
});
after(() => gateway[Symbol.asyncDispose]());

async function register(source: string, fields: Readonly<Record<string, unknown>> = {}): Promise<Answered> {
  const answer = await gateway.api("POST", "/api/webhooks", { source, secret: testSecret, ...fields });
  assert.equal(answer.status, 201, JSON.stringify(answer.body));
  return answer;
}

describe("a source", () => {
  test("is registered with 201, where it is found, its defaults, and nothing of its secret", async () => {
    const { headers, body } = await register("defaults");
    assert.equal(headers.get("location"), "/api/webhooks/defaults");
    const { created_at, updated_at, secrets, ...rest } = body;
    assert.deepEqual(rest, {
      source: "defaults",
      plugin: "auto",
      auto_triage: false,
      playbook: null,
      severity_mapping: {},
      default_severity: "medium",
      options: {},
      processing: "immediate",
      tolerance_seconds: null,
      rate_limit: null,
      grouping: null,
      enabled: true,
      origin: "api",
      signature: 'sha256=<hex HMAC-SHA-256> of "{timestamp}.{body}" in X-Webhook-Signature',
      warnings: [],
    });
    assert.deepEqual(secrets, [{ created_at }]);
    assert.equal(updated_at, created_at);
    assert.ok(Math.abs(Date.parse(created_at) - Date.now()) < 60_000);
  });

  test("is registered with everything that can be said of one", async () => {
    const fields = {
      plugin: "crowdstrike",
      auto_triage: true,
      playbook: "malware_triage",
      severity_mapping: { 5: "critical", worst: "high" },
      default_severity: "low",
      options: { signature_header: "X-Falcon" },
      processing: "queued",
      tolerance_seconds: 60,
      rate_limit: { requests: 100, per_seconds: 60 },
      grouping: { by: ["type", "entities.host"], window: "1h" },
      enabled: false,
    };
    const { body } = await register("everything", fields);
    const { source, created_at, updated_at, secrets, origin, signature, warnings, ...rest } = body;
    assert.deepEqual(rest, fields);
    assert.match(signature, /X-Falcon/);
    const shown = await gateway.api("GET", "/api/webhooks/everything");
    assert.deepEqual({ ...shown.body, warnings }, body);
  });

  test("that exists already is refused with source_exists, and stays as it was", async () => {
    await register("taken", { playbook: "first" });
    const again = await gateway.api("POST", "/api/webhooks", {
      source: "taken",
      secret: testSecret,
      playbook: "second",
    });
    assertRefused(again, {
      status: 409,
      code: "source_exists",
      message: "Webhook source 'taken' is already registered",
    });
    assert.equal((await gateway.api("GET", "/api/webhooks/taken")).body.playbook, "first");
  });

  test("that is registered ten times at once is registered once", async () => {
    const all = Array.from({ length: 10 }, () =>
      gateway.api("POST", "/api/webhooks", { source: "raced", secret: testSecret }),
    );
    const statuses = (await Promise.all(all)).map(({ status }) => status);
    assert.deepEqual(
      [...new Set(statuses)].toSorted((a, b) => a - b),
      [201, 409],
    );
    assert.equal(statuses.filter((status) => status === 201).length, 1);
  });

  test("is listed by name among the others", async () => {
    await register("z-last");
    await register("a-first");
    const { status, body } = await gateway.api("GET", "/api/webhooks");
    const names: readonly string[] = body.data.map(({ source }: { readonly source: string }) => source);
    assert.equal(status, 200);
    assert.deepEqual(names, names.toSorted());
    assert.ok(names.includes("a-first") && names.includes("z-last"));
    assert.deepEqual(body.meta, { next_cursor: null });
  });

  test("is changed in what is named and nothing else, at once", async () => {
    const { body: before } = await register("changed", { playbook: "p", severity_mapping: { a: "low" } });
    const { status, body } = await gateway.api("PATCH", "/api/webhooks/changed", {
      default_severity: "high",
      severity_mapping: { b: "info" },
      playbook: null,
    });
    assert.equal(status, 200);
    const { updated_at } = body;
    assert.deepEqual(body, {
      ...before,
      default_severity: "high",
      severity_mapping: { b: "info" },
      playbook: null,
      updated_at,
    });
    const sent = await gateway.send("changed", '{"event_type":"fresh","data":{}}');
    const incident = await gateway.api("GET", `/api/incidents/${sent.body.incident_id}`);
    assert.equal(incident.body.severity, "high");
  });

  test("may be given another plugin", async () => {
    await register("replugged", { plugin: "crowdstrike" });
    const { body } = await gateway.api("PATCH", "/api/webhooks/replugged", { plugin: "generic" });
    assert.equal(body.plugin, "generic");
    assert.equal((await gateway.send("replugged", event)).status, 202);
  });

  test("is deleted with 204, then unknown to its sender, and its incidents stay", async () => {
    await register("deleted");
    const sent = await gateway.send("deleted", event);
    const { status, body } = await gateway.api("DELETE", "/api/webhooks/deleted");
    assert.deepEqual([status, body], [204, undefined]);
    const unknown = { status: 404, code: "unknown_source" } as const;
    assertRefused(await gateway.send("deleted", event), unknown);
    assertRefused(await gateway.api("DELETE", "/api/webhooks/deleted"), unknown);
    assert.equal((await gateway.api("GET", `/api/incidents/${sent.body.incident_id}`)).status, 200);
  });

  test("may be registered again under the name of a deleted one, and knows its old deliveries", async () => {
    await register("returned");
    const at = new Date();
    const first = await gateway.send("returned", event, { at });
    await gateway.api("DELETE", "/api/webhooks/returned");
    await register("returned");
    assert.deepEqual((await gateway.send("returned", event, { at })).body, { ...first.body, duplicate: true });
  });

  for (const [method, path, body] of [
    ["GET", "/api/webhooks/nobody", undefined],
    ["PATCH", "/api/webhooks/nobody", { enabled: false }],
    ["DELETE", "/api/webhooks/nobody", undefined],
    ["POST", "/api/webhooks/nobody/test", undefined],
  ] as const) {
    test(`that nobody registered is refused with unknown_source: ${method} ${path}`, async () => {
      assertRefused(await gateway.api(method, path, body), {
        status: 404,
        code: "unknown_source",
        message: "Webhook source 'nobody' is not registered",
      });
    });
  }
});

describe("the test of a source", () => {
  test("goes through every stage, tells how long each took, and makes a tagged incident", async () => {
    await register("tested", { plugin: "defender" });
    const { status, body } = await gateway.api("POST", "/api/webhooks/tested/test");
    assert.deepEqual([status, body.source, body.ok], [200, "tested", true]);
    for (const { ok, ms } of body.stages) assert.ok(ok && ms >= 0);
    const incident = await gateway.api("GET", `/api/incidents/${body.incident.incident_number}`);
    assert.deepEqual([incident.body.id, incident.body.tags.includes("test")], [body.incident.incident_id, true]);
  });

  for (const plugin of ["auto", "generic", "crowdstrike", "defender", "splunk"]) {
    test(`passes for the plugin ${plugin}, its incident hidden from lists`, async () => {
      const source = `tested-${plugin}`;
      await register(source, { plugin });
      for (const time of ["first", "second"]) {
        const { body } = await gateway.api("POST", `/api/webhooks/${source}/test`);
        assert.equal(body.ok, true, time);
      }
      assert.deepEqual((await gateway.api("GET", `/api/incidents?source=${source}`)).body.data, []);
    });
  }

  test("is a request to the real endpoint, with an answer and a delivery of its own", async () => {
    await register("tested-real", { plugin: "generic" });
    const { body } = await gateway.api("POST", "/api/webhooks/tested-real/test");
    assert.deepEqual([body.url, body.status], [`${gateway.url}/api/webhooks/tested-real`, 202]);
    assert.ok(body.connect_ms > 0 && body.answer_ms > body.connect_ms, JSON.stringify(body));
    const { body: delivery } = await gateway.api("GET", `/api/deliveries/${body.delivery_id}`);
    assert.deepEqual(
      [delivery.source, delivery.outcome, delivery.user_agent],
      ["tested-real", "accepted", "thruway-test"],
    );
  });

  test("does not show a secret that a sender has in its address", async () => {
    const options = { signature: { scheme: "token", path: true } };
    await register("tested-path", { plugin: "generic", options });
    const { body } = await gateway.api("POST", "/api/webhooks/tested-path/test");
    assert.equal(body.ok, true);
    assert.ok(!JSON.stringify(body).includes(testSecret));
  });

  test("is none where somebody else says so: an event with a made-up mark is one like any other", async () => {
    await register("tested-forged", { plugin: "generic" });
    const mark = `${Date.now() + 5_000}.vouched.${"ab".repeat(32)}`;
    const forged = await gateway.send("tested-forged", '{"event_type":"x"}', {
      secret: "another-throw-away-secret-0123456789",
      headers: { "x-thruway-test": mark },
    });
    assertRefused(forged, { status: 401, code: "invalid_signature" });
    assert.equal(forged.headers.get("x-thruway-stages"), null);
    const signed = await gateway.send("tested-forged", '{"event_type":"x"}', { headers: { "x-thruway-test": mark } });
    const { body: incident } = await gateway.api("GET", `/api/incidents/${signed.body.incident_number}`);
    assert.deepEqual([signed.status, incident.tags], [202, []]);
  });

  test("passes for a source that queues, without the queue", async () => {
    await register("tested-queued", { processing: "queued" });
    assert.equal((await gateway.api("POST", "/api/webhooks/tested-queued/test")).body.ok, true);
  });

  test("passes for a source that takes unsigned deliveries", async () => {
    await register("tested-open", { plugin: "splunk", secret: undefined, options: { allow_unsigned: true } });
    assert.equal((await gateway.api("POST", "/api/webhooks/tested-open/test")).body.ok, true);
  });

  test("fails at the stage that fails, with the code that a sender would get", async () => {
    await register("tested-off", { enabled: false });
    const { status, body } = await gateway.api("POST", "/api/webhooks/tested-off/test");
    assert.deepEqual([status, body.ok, body.incident], [200, false, undefined]);
    assert.deepEqual(body.error, { code: "source_disabled", message: "Webhook source 'tested-off' is disabled" });
    assert.deepEqual(
      body.stages
        .filter(({ ok }: { readonly ok: boolean }) => !ok)
        .map(({ stage }: { readonly stage: string }) => stage),
      ["authenticate"],
    );
  });
});
