import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { type Answered, aGateway, type TestGateway, testSecret } from "../support/gateway.ts";
import { assertRefused } from "../support/refused.ts";
import { seconds, signedHeaders } from "../support/signed.ts";
import { exchange, type HeaderList, requestBytes } from "../support/wire.ts";

let gateway: TestGateway;
before(async () => {
  gateway = await aGateway();
  for (const source of ["one", "two"]) {
    await gateway.api("POST", "/api/webhooks", { source, plugin: "generic", secret: testSecret });
  }
  await gateway.api("POST", "/api/webhooks", { source: "edr", plugin: "crowdstrike", secret: testSecret });
});
after(() => gateway[Symbol.asyncDispose]());

/** A request that can be sent again to the byte, as somebody would who has captured it. */
function captured(
  body: string,
  { source = "one", at = seconds(), more = [] as HeaderList } = {},
): () => Promise<Answered> {
  const request = requestBytes({
    path: `/api/webhooks/${source}`,
    headers: [...signedHeaders(body, at), ...more],
    body,
  });
  return () => exchange(gateway.url, request);
}

function alert(id: string, fields: Readonly<Record<string, unknown>> = {}): string {
  return JSON.stringify({
    event_type: "security_alert",
    ...fields,
    data: { alert_id: id, title: `Alert ${id}`, ...fields },
  });
}

async function incidentsOf(externalId: string): Promise<readonly ReturnType<typeof JSON.parse>[]> {
  const { body } = await gateway.api("GET", `/api/incidents?external_id=${externalId}`);
  return body.data;
}

describe("a captured request that is sent again", () => {
  test("gets the same answer, marked as a duplicate, and counts nothing twice", async () => {
    const send = captured(alert("again"));
    const first = await send();
    assert.deepEqual(Object.keys(first.body), ["status", "incident_id", "incident_number"]);
    for (const time of [2, 3]) {
      const again = await send();
      assert.equal(again.status, 202, `time ${time}`);
      assert.deepEqual(again.body, { ...first.body, duplicate: true });
    }
    const [incident, ...others] = await incidentsOf("again");
    assert.deepEqual([incident.id, incident.occurrences, others.length], [first.body.incident_id, 1, 0]);
    assert.equal(incident.deliveries.length, 1);
  });

  test("is kept as a delivery of its own that names the first", async () => {
    const send = captured(alert("kept"));
    const first = await send();
    const again = await send();
    const { body } = await gateway.api("GET", `/api/deliveries/${again.headers.get("x-request-id")}`);
    assert.deepEqual([body.outcome, body.duplicate_of], ["duplicate", first.headers.get("x-request-id")]);
  });

  test("is the same whatever unsigned headers and parameters come with it", async () => {
    const body = alert("dressed-up");
    const at = seconds();
    const first = await captured(body, { at })();
    for (const more of [[["User-Agent", "other"]], [["Content-Encoding", "gzip"]]] as const) {
      const again = await captured(body, { at, more })();
      assert.deepEqual(again.body, { ...first.body, duplicate: true });
    }
    const elsewhere = requestBytes({ path: "/api/webhooks/one/?x=1", headers: signedHeaders(body, at), body });
    assert.deepEqual((await exchange(gateway.url, elsewhere)).body, { ...first.body, duplicate: true });
  });

  test("fifty times at once makes one incident, and one answer without the mark", async () => {
    const send = captured(alert("at-once"));
    const answers = await Promise.all(Array.from({ length: 50 }, send));
    assert.deepEqual([...new Set(answers.map(({ status }) => status))], [202]);
    assert.equal(new Set(answers.map(({ body }) => body.incident_number)).size, 1);
    assert.equal(answers.filter(({ body }) => body.duplicate === undefined).length, 1);
    const incidents = await incidentsOf("at-once");
    assert.deepEqual(
      incidents.map(({ occurrences }) => occurrences),
      [1],
    );
  });

  test("after the window is refused with timestamp_expired, and is no duplicate", async () => {
    const body = alert("too-late");
    assert.equal((await captured(body)()).status, 202);
    assertRefused(await captured(body, { at: seconds(-301) })(), { status: 401, code: "timestamp_expired" });
  });

  test("to another source with the same secret is that source's own", async () => {
    const body = alert("elsewhere");
    const at = seconds();
    const first = await captured(body, { at })();
    const second = await captured(body, { at, source: "two" })();
    assert.equal(second.body.duplicate, undefined);
    assert.notEqual(second.body.incident_id, first.body.incident_id);
    assert.deepEqual(new Set((await incidentsOf("elsewhere")).map(({ source }) => source)), new Set(["one", "two"]));
  });

  test("with another timestamp under the old signature proves nothing", async () => {
    const body = alert("moved");
    const at = seconds(-10);
    assert.equal((await captured(body, { at })()).status, 202);
    const moved = signedHeaders(body, at).with(2, ["X-Webhook-Timestamp", seconds()]);
    const answer = await exchange(gateway.url, requestBytes({ path: "/api/webhooks/one", headers: moved, body }));
    assertRefused(answer, { status: 401, code: "invalid_signature" });
  });
});

describe("the vendor's event id", () => {
  const event = (offset: number, detectId: string): string =>
    JSON.stringify({
      metadata: {
        customerIDString: "c1",
        offset,
        eventType: "DetectionSummaryEvent",
        eventCreationTime: 1705320000000,
      },
      event: { DetectId: detectId, Severity: 4, DetectName: "Malicious File Detected" },
    });

  test("makes an event that is signed anew the same delivery", async () => {
    const body = event(1, "ldt:anew");
    const first = await captured(body, { source: "edr", at: seconds(-100) })();
    const again = await captured(body, { source: "edr" })();
    assert.deepEqual(again.body, { ...first.body, duplicate: true });
  });

  test("keeps two events apart that speak of one alert", async () => {
    const first = await captured(event(2, "ldt:twice"), { source: "edr" })();
    const second = await captured(event(3, "ldt:twice"), { source: "edr" })();
    assert.deepEqual(second.body, first.body);
    const [incident] = await incidentsOf("ldt:twice");
    assert.equal(incident.occurrences, 2);
  });
});

describe("a later delivery about the same vendor alert", () => {
  async function report(id: string, fields: Readonly<Record<string, unknown>>): Promise<ReturnType<typeof JSON.parse>> {
    const { status, body } = await captured(alert(id, fields))();
    assert.equal(status, 202, JSON.stringify(body));
    return body;
  }

  test("updates its incident: the gravest severity, the last words, the first and last time, everything seen", async () => {
    const first = await report("grows", {
      timestamp: "2026-01-15T10:00:00Z",
      severity: "low",
      host: "WS-01",
      tags: ["a"],
    });
    const second = await report("grows", {
      timestamp: "2026-01-15T12:00:00Z",
      severity: "critical",
      title: "It is worse",
      host: "WS-02",
      tags: ["b"],
    });
    const third = await report("grows", { timestamp: "2026-01-15T11:00:00Z", severity: "medium", title: "In between" });
    assert.deepEqual([second, third], [first, first]);

    const [incident, ...others] = await incidentsOf("grows");
    assert.equal(others.length, 0);
    assert.equal(incident.number, first.incident_number);
    assert.equal(incident.occurrences, 3);
    assert.deepEqual([incident.severity, incident.vendor_severity], ["critical", "critical"]);
    assert.equal(incident.title, "It is worse");
    assert.deepEqual(
      [incident.first_seen_at, incident.last_seen_at, incident.occurred_at],
      ["2026-01-15T10:00:00.000Z", "2026-01-15T12:00:00.000Z", "2026-01-15T12:00:00.000Z"],
    );
    assert.deepEqual(
      incident.entities.map(({ value }: { readonly value: string }) => value),
      ["ws-01", "ws-02"],
    );
    assert.deepEqual(incident.tags, ["a", "b"]);
    assert.equal(incident.deliveries.length, 3);
    assert.ok(incident.updated_at > incident.created_at);
  });

  test("has one incident however many come at once", async () => {
    const reports = Array.from({ length: 50 }, (_, index) =>
      report("crowd", { severity: "low", message: `no ${index}` }),
    );
    const answers = await Promise.all(reports);
    assert.equal(new Set(answers.map((answer) => answer.incident_number)).size, 1);
    const incidents = await incidentsOf("crowd");
    assert.deepEqual(
      incidents.map(({ occurrences }) => occurrences),
      [50],
    );
  });

  test("makes an incident of its own where the vendor gives no id", async () => {
    const [a, b] = await Promise.all(
      [1, 2].map((n) => captured(JSON.stringify({ event_type: "nameless", data: { n } }))()),
    );
    assert.notEqual(a?.body.incident_number, b?.body.incident_number);
  });
});

describe("a rejected delivery", () => {
  test("that is sent again is rejected again, and kept once with its bytes", async () => {
    const send = captured("{}", { source: "edr" });
    const refused = { status: 422, code: "invalid_payload", path: "" } as const;
    assertRefused(await send(), refused);
    assertRefused(await send(), refused);
    const { body } = await gateway.api("GET", "/api/deliveries?source=edr&outcome=rejected");
    assert.equal(body.data.length, 1);
  });

  test("may be sent again once its source was mended, and is then taken once", async () => {
    await gateway.api("POST", "/api/webhooks", { source: "mended", plugin: "crowdstrike", secret: testSecret });
    const send = captured(alert("mended"), { source: "mended" });
    assertRefused(await send(), { status: 422, code: "invalid_payload", path: "" });
    await gateway.api("PATCH", "/api/webhooks/mended", { plugin: "generic" });
    const taken = await send();
    assert.deepEqual([taken.status, taken.body.duplicate], [202, undefined]);
    assert.deepEqual((await send()).body, { ...taken.body, duplicate: true });
    assert.equal((await incidentsOf("mended")).length, 1);
  });

  test("that was taken before its source changed its mind keeps its answer", async () => {
    await gateway.api("POST", "/api/webhooks", { source: "changed", plugin: "generic", secret: testSecret });
    const send = captured(alert("changed"), { source: "changed" });
    const first = await send();
    await gateway.api("PATCH", "/api/webhooks/changed", { plugin: "crowdstrike" });
    assert.deepEqual((await send()).body, { ...first.body, duplicate: true });
  });
});

test("what is ignored is ignored again, as the same delivery", async () => {
  const audit = JSON.stringify({
    metadata: { eventType: "AuthActivityAuditEvent" },
    event: { OperationName: "login" },
  });
  const send = captured(audit, { source: "edr" });
  const first = await send();
  assert.deepEqual([first.status, first.body.status], [202, "ignored"]);
  assert.match(first.body.message, /audit event/);
  assert.deepEqual((await send()).body, { ...first.body, duplicate: true });
});
