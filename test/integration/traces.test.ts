import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import type { StepRecord } from "../../core/runs/run.ts";
import { eventually } from "../support/eventually.ts";
import { type TestGateway, testSecret } from "../support/gateway.ts";
import { aMicrosoft } from "../support/microsoft.ts";
import { anOtlpReceiver, aTracedGateway, type OtlpReceiver } from "../support/otlp-receiver.ts";
import { anEvent, sendAll } from "../support/signed-events.ts";
import { assertWhole, intake, root, spansOf, traceOf, treeOf, work } from "../support/traces.ts";

const alert = (id: string): string => JSON.stringify({ event_type: "alert", data: { alert_id: id } });
const sent = { traceId: "0af7651916cd43dd8448eb211c80319c", spanId: "b7ad6b7169203331" };
const traceparent = `00-${sent.traceId}-${sent.spanId}-01`;

async function register(gateway: TestGateway, fields: Readonly<Record<string, unknown>> = {}): Promise<void> {
  const source = { source: "edr", plugin: "generic", secret: testSecret, ...fields };
  const { status, body } = await gateway.api("POST", "/api/webhooks", source);
  assert.equal(status, 201, JSON.stringify(body));
}

describe("a gateway with an exporter", () => {
  let receiver: OtlpReceiver;
  let gateway: TestGateway;

  before(async () => {
    receiver = await anOtlpReceiver();
    gateway = await aTracedGateway(receiver, { TW_TRACE_URL: "http://localhost:16686/trace/{trace_id}" });
    await register(gateway);
    await register(gateway, { source: "patient", processing: "queued" });
  });
  after(async () => {
    await gateway[Symbol.asyncDispose]();
    await receiver[Symbol.asyncDispose]();
  });

  test("makes one trace of a delivery: the request, and in it every stage", async () => {
    const answer = await gateway.send("edr", alert("one"));
    const spans = await spansOf(receiver.spans, traceOf(answer), 10);
    assert.deepEqual(treeOf(spans), [[root, intake]]);
    assertWhole(spans);
    const [first] = spans;
    assert.ok(first);
    const { "tw.delivery.id": delivery, ...attributes } = first.attributes;
    assert.equal(delivery, answer.headers.get("x-request-id"));
    assert.deepEqual(attributes, {
      "http.request.method": "POST",
      "http.route": "/api/webhooks/:source",
      "url.path": "/api/webhooks/edr",
      "http.response.status_code": 202,
      "tw.source": "edr",
      "tw.plugin": "generic",
      "tw.outcome": "accepted",
      "tw.incident.numbers": [answer.body.incident_number],
    });
    assert.equal(first.resource["service.name"], "thruway");
    assert.equal(answer.headers.get("traceresponse"), `00-${first.traceId}-${first.spanId}-01`);
  });

  test("names the trace in the delivery and in the incident that it made, with a link to it", async () => {
    const answer = await gateway.send("edr", alert("named"));
    const trace_id = traceOf(answer);
    const link = { trace_id, trace_url: `http://localhost:16686/trace/${trace_id}` };
    // Another delivery about it has a trace of its own, and the incident keeps the one that it was made in.
    await gateway.send("edr", alert("named"), { headers: { "x-other": "1" }, at: new Date(Date.now() - 2_000) });
    const { body: incident } = await gateway.api("GET", `/api/incidents/${answer.body.incident_number}`);
    assert.equal(incident.occurrences, 2);
    const { body: delivery } = await gateway.api("GET", `/api/deliveries/${incident.deliveries[0]}`);
    const { body: list } = await gateway.api("GET", "/api/incidents?external_id=named");
    for (const shown of [incident, delivery, list.data[0]]) {
      assert.deepEqual({ trace_id: shown.trace_id, trace_url: shown.trace_url }, link);
    }
    assert.equal(delivery.traceparent, undefined);
  });

  test("makes error spans with the code of what is refused, and of what nobody can understand", async () => {
    const refused = await gateway.send("edr", alert("two"), { secret: "throw-away-wrong-secret" });
    const rejected = await gateway.send("edr", '{"event_type":5}');
    for (const [answer, failed, code] of [
      [refused, "authenticate", "invalid_signature"],
      [rejected, "map", "invalid_payload"],
    ] as const) {
      const spans = await spansOf(receiver.spans, traceOf(answer), 4);
      assertWhole(spans);
      assert.deepEqual(
        spans.filter((span) => span.failed).map(({ name, attributes }) => [name, attributes["error.type"]]),
        [
          [root, code],
          [failed, code],
        ],
      );
      assert.equal(spans[0]?.attributes["http.response.status_code"], answer.status);
    }
    const { trace_id } = await eventually(async () => {
      const { body } = await gateway.api("GET", "/api/deliveries?outcome=refused");
      return body.data[0];
    });
    assert.equal(trace_id, traceOf(refused));
  });

  test("goes on with the trace of a delivery whose incident is triaged: the run, and in it each step", async () => {
    await register(gateway, { source: "triaged", auto_triage: true, playbook: "phishing_triage" });
    const answer = await gateway.send("triaged", alert("triaged"));
    const spans = await eventually(async () => {
      const own = receiver.spans().filter(({ traceId }) => traceId === traceOf(answer));
      return [root, "triage"].every((name) => own.some((span) => span.name === name)) ? own : undefined;
    });
    const run = spans.find(({ name }) => name === "triage");
    assert.equal(run?.parent, spans.find(({ name }) => name === root)?.spanId);
    assert.equal(run?.attributes["tw.playbook"], "phishing_triage");
    assert.deepEqual(run?.attributes["tw.incident.numbers"], [answer.body.incident_number]);
    const steps = spans.filter(({ parent }) => parent === run?.spanId);
    const { body } = await gateway.api("GET", `/api/incidents/${answer.body.incident_number}/triage`);
    const done = body.runs[0].steps.filter(({ state }: StepRecord) => state === "done");
    const kinds = new Set(done.map(({ kind }: StepRecord) => kind));
    assert.deepEqual(kinds, new Set(["action", "branch", "verdict"]));
    assert.deepEqual(
      steps.map(({ name, attributes }) => `${name} ${String(attributes["tw.action"])}`).toSorted(),
      done.map(({ id, action }: StepRecord) => `${id} ${action ?? "condition"}`).toSorted(),
    );
  });

  test("goes on with the trace of what was queued", async () => {
    const answer = await gateway.send("patient", alert("later"));
    const spans = await spansOf(receiver.spans, traceOf(answer), 12);
    const atIntake = intake.filter((stage) => !["parse", "validate", "map"].includes(stage));
    assert.deepEqual(treeOf(spans), [[root, [...atIntake, ["work", work]]]]);
    assertWhole(spans);
    const { body } = await gateway.api("GET", `/api/queue/${answer.body.queue_id}`);
    const { body: incident } = await gateway.api("GET", `/api/incidents/${body.incident_number}`);
    assert.equal(incident.trace_id, traceOf(answer));
  });

  test("links a sender's trace, and takes no notice of what is none", async () => {
    const linked = await gateway.send("edr", alert("linked"), { headers: { traceparent } });
    const [span] = await spansOf(receiver.spans, traceOf(linked), 10);
    assert.notEqual(span?.traceId, sent.traceId);
    assert.deepEqual(span?.links, [sent]);
    const odd = await gateway.send("edr", alert("odd"), { headers: { traceparent: "something else" } });
    const [plain] = await spansOf(receiver.spans, traceOf(odd), 10);
    assert.deepEqual(plain?.links, []);
  });

  test("links the commit that deliveries share with each of them", async () => {
    const events = Array.from({ length: 64 }, (_, index) => anEvent("edr", `shared-${index}`));
    const answers = await sendAll(gateway.url, events);
    const ids = new Set(answers.map(({ answer }) => answer && traceOf(answer)));
    const shared = await eventually(async () => {
      await pause(200);
      const found = receiver.spans().filter(({ name, links }) => name === "group commit" && ids.has(links[0]?.traceId));
      return found.length > 0 ? found : undefined;
    });
    const all = receiver.spans();
    for (const { links, attributes, spanId } of shared) {
      assert.equal(links.length, attributes["tw.commit.deliveries"]);
      for (const link of links) {
        const commit = all.find(({ parent, name }) => parent === link.spanId && name === "commit");
        assert.deepEqual(
          commit?.links.map((each) => each.spanId),
          [spanId],
        );
      }
    }
  });

  test("shows the test of a source as a trace like any other, marked as a test", async () => {
    await gateway.api("POST", "/api/webhooks/edr/test");
    const test = await eventually(() =>
      Promise.resolve(receiver.spans().find(({ attributes }) => attributes["tw.test"] === true)),
    );
    assert.equal(test.attributes["tw.outcome"], "accepted");
  });
});

test("what is fetched for a delivery is a part of its trace", async () => {
  await using receiver = await anOtlpReceiver();
  await using microsoft = await aMicrosoft();
  await using gateway = await aTracedGateway(receiver);
  await register(gateway, { source: "defender", plugin: "defender", options: { fetch: microsoft.options } });
  const change = {
    changeType: "updated",
    resource: "security/alerts_v2/traced",
    subscriptionId: "s",
    tenantId: "t",
    id: "n",
  };
  const body = JSON.stringify({ value: [{ ...change, clientState: "x" }] });
  const answer = await gateway.send("defender", body);
  const spans = await spansOf(receiver.spans, traceOf(answer), 15);
  const follow = spans.find(({ name }) => name === "follow");
  const get = spans.find(({ name }) => name === "GET");
  assert.equal(get?.parent, follow?.spanId);
  assert.equal(get?.attributes["http.response.status_code"], 404);
  assertWhole(spans);
});

test("where the sampler keeps nothing, what is refused or slow is there, and the rest is named nowhere", async () => {
  await using receiver = await anOtlpReceiver();
  const off = { OTEL_TRACES_SAMPLER: "always_off", TW_TRACE_URL: "http://localhost:16686/trace/{trace_id}" };
  await using gateway = await aTracedGateway(receiver, off);
  await register(gateway);
  const accepted = await gateway.send("edr", alert("kept-not"));
  const refused = await gateway.send("edr", alert("kept"), { secret: "throw-away-wrong-secret" });
  assert.match(accepted.headers.get("traceresponse") ?? "", /-00$/);
  assert.match(refused.headers.get("traceresponse") ?? "", /-01$/);
  await spansOf(receiver.spans, traceOf(refused), 5);
  assert.deepEqual(new Set(receiver.spans().map(({ traceId }) => traceId)), new Set([traceOf(refused)]));
  const { body } = await gateway.api("GET", `/api/incidents/${accepted.body.incident_number}`);
  assert.deepEqual([body.trace_id, body.trace_url], [null, undefined]);

  await using slow = await aTracedGateway(receiver, { ...off, TW_TRACE_SLOW_MS: "1" });
  await register(slow);
  const late = await slow.send("edr", alert("late"));
  await spansOf(receiver.spans, traceOf(late), 10);
});

test("a sender that is trusted with it decides, and its trace is gone on with", async () => {
  await using receiver = await anOtlpReceiver();
  await using gateway = await aTracedGateway(receiver, { TW_TRACE_PARENT: "parent" });
  await register(gateway);
  const answer = await gateway.send("edr", alert("parent"), { headers: { traceparent } });
  assert.equal(traceOf(answer), sent.traceId);
  const [span] = await spansOf(receiver.spans, sent.traceId, 10);
  assert.equal(span?.parent, sent.spanId);
  const without = traceparent.replace(/01$/, "00");
  assert.match(
    (await gateway.send("edr", alert("not"), { headers: { traceparent: without } })).headers.get("traceresponse") ?? "",
    /-00$/,
  );
});

test("no secret, token, body, query, address or header of a sender is in what is exported", async () => {
  await using receiver = await anOtlpReceiver();
  await using gateway = await aTracedGateway(receiver);
  const mark = "marked-a7f3";
  const secret = `${mark}-secret-0123456789abcdef0123456789`;
  await register(gateway, { secret });
  await register(gateway, { source: "appliance", secret, options: { signature: { scheme: "token", path: true } } });
  const data = { alert_id: `${mark}-id`, title: `${mark}-title`, user: `${mark}@example.com`, severity: mark };
  const body = JSON.stringify({ event_type: `${mark}-type`, data });
  const headers = {
    "user-agent": `${mark}-agent`,
    baggage: `user=${mark}`,
    tracestate: `a=${mark}`,
    "x-request-id": mark,
  };
  const post = (path: string, text: string): Promise<Response> =>
    fetch(`${gateway.url}${path}`, {
      method: "POST",
      headers: { "content-type": "application/json", ...headers },
      body: text,
    });
  const statuses = [
    (await gateway.send("edr", body, { secret, headers })).status,
    (await gateway.send("edr", `{"event_type":{"${mark}":1}}`, { secret, headers })).status,
    (await gateway.send("edr", `{"${mark}`, { secret, headers })).status,
    (await post(`/api/webhooks/appliance/t/${secret}?token=${mark}`, body)).status,
    (await post(`/api/webhooks/appliance/t/${mark}-wrong?token=${mark}`, body)).status,
    (await post(`/api/webhooks/${mark}-unknown?${mark}`, body)).status,
  ];
  assert.deepEqual(statuses, [202, 422, 400, 202, 401, 404]);
  await eventually(() =>
    Promise.resolve(receiver.spans().filter(({ parent }) => parent === undefined).length >= 6 || undefined),
  );
  await pause(100);
  const exported = receiver.received().join("\n");
  assert.match(exported, /invalid_payload/);
  assert.doesNotMatch(exported, new RegExp(mark));
  assert.doesNotMatch(exported, /127\.0\.0\.1|process\.(?:owner|command)/);
});

for (const does of ["hang", "refuse"] as const) {
  test(`a receiver that is to ${does} costs nothing but its spans, and no end of a gateway`, async () => {
    await using receiver = await anOtlpReceiver(does);
    const gateway = await aTracedGateway(receiver, { OTEL_BSP_MAX_QUEUE_SIZE: "600" });
    try {
      await register(gateway);
      const events = Array.from({ length: 300 }, (_, index) => anEvent("edr", `${does}-${index}`));
      const answers = await sendAll(gateway.url, events);
      assert.deepEqual(new Set(answers.map(({ answer }) => answer?.status)), new Set([202]));
      await eventually(() => Promise.resolve(receiver.received().length > 0 || undefined));
    } finally {
      const began = performance.now();
      await gateway[Symbol.asyncDispose]();
      assert.ok(performance.now() - began < 5_000);
    }
  });
}
