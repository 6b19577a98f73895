import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { eventually } from "../support/eventually.ts";
import { type Answered, aGateway, type TestGateway, testSecret } from "../support/gateway.ts";
import { aMicrosoft, clientSecret, type Microsoft } from "../support/microsoft.ts";

type Json = ReturnType<typeof JSON.parse>;

let gateway: TestGateway;
let microsoft: Microsoft;

before(async () => {
  [gateway, microsoft] = await Promise.all([aGateway(), aMicrosoft()]);
  const fetch = microsoft.options;
  for (const [source, options] of Object.entries({
    blind: {},
    seeing: { fetch },
    locked: { fetch: { ...fetch, client_secret: "throw-away-wrong-secret" } },
  })) {
    const fields = { source, plugin: "defender", secret: testSecret, options };
    assert.equal((await gateway.api("POST", "/api/webhooks", fields)).status, 201, source);
  }
});
after(async () => {
  await gateway[Symbol.asyncDispose]();
  await microsoft[Symbol.asyncDispose]();
});

function notification(id: string, resource = `security/alerts_v2/${id}`): string {
  const change = {
    subscriptionId: "s",
    id: `n-${id}`,
    changeType: "updated",
    clientState: "x",
    resource,
    tenantId: "t",
  };
  return JSON.stringify({ value: [change] });
}

function graphAlert(id: string, fields: Readonly<Record<string, unknown>> = {}): object {
  const times = { lastActivityDateTime: "2026-01-14T10:00:00Z", lastUpdateDateTime: "2026-01-14T10:05:00Z" };
  return { id, providerAlertId: id, title: `Alert ${id}`, severity: "high", status: "new", ...times, ...fields };
}

function contentAt(...urls: readonly string[]): string {
  return JSON.stringify(
    urls.map((contentUri) => ({ contentUri, contentType: "Audit.General", contentId: contentUri, tenantId: "t" })),
  );
}

/** What became of a delivery that was answered `queued`, once `is` says so. */
async function becomes(answer: Answered, is = ({ state }: Json): boolean => state !== "queued"): Promise<Json> {
  assert.deepEqual([answer.status, answer.body.status], [202, "queued"], JSON.stringify(answer.body));
  return eventually(async () => {
    const { body } = await gateway.api("GET", `/api/queue/${answer.body.queue_id}`);
    return is(body) ? body : undefined;
  });
}

/** At first the reason only says what is to be done. */
function tried(reason: string): boolean {
  return !reason.endsWith("fetched next");
}

async function incidentOf({ incident_id }: Json): Promise<Json> {
  return (await gateway.api("GET", `/api/incidents/${incident_id}`)).body;
}

describe("a source without credentials", () => {
  for (const [what, body, reason] of [
    ["Graph's", notification("a-1"), /^Microsoft Graph change notification: .*set options\.fetch/],
    ["Office 365's", contentAt("https://manage.office.com/api/v1.0/t/activity/feed/audit/1"), /set options\.fetch/],
  ] as const) {
    test(`keeps ${what} notification with its bytes, and says that it only points`, async () => {
      const answer = await gateway.send("blind", body);
      assert.deepEqual([answer.status, answer.body.status], [202, "ignored"]);
      assert.match(answer.body.message, reason);
      const id = answer.headers.get("x-request-id");
      const { body: delivery } = await gateway.api("GET", `/api/deliveries/${id}`);
      assert.deepEqual([delivery.outcome, delivery.reason, delivery.body], ["ignored", answer.body.message, body]);
    });
  }
});

describe("a source with credentials", () => {
  test("answers queued, fetches the alert and makes an incident of it", async () => {
    microsoft.put("/v1.0/security/alerts_v2/a-2", graphAlert("a-2", { evidence: [{ fileSize: 2 ** 60 }] }));
    const shown = await becomes(await gateway.send("seeing", notification("a-2")));
    assert.deepEqual([shown.state, shown.reason], ["accepted", null]);
    const incident = await incidentOf(shown);
    assert.deepEqual(
      [incident.title, incident.external_id, incident.severity, incident.last_seen_at],
      ["Alert a-2", "a-2", "high", "2026-01-14T10:00:00.000Z"],
    );
    const { body: delivery } = await gateway.api("GET", `/api/deliveries/${shown.delivery_id}`);
    assert.equal(delivery.body, notification("a-2"));
    assert.ok(delivery.stages.some(({ stage }: Json) => stage === "follow"));
  });

  test("closes the incident when the alert that is notified of again is resolved", async () => {
    const path = "/v1.0/security/alerts_v2/a-3";
    const resolved = { status: "resolved", classification: "truePositive", lastUpdateDateTime: "2026-01-14T12:00:00Z" };
    microsoft.put(path, graphAlert("a-3"), graphAlert("a-3", resolved));
    const first = await becomes(await gateway.send("seeing", notification("a-3")));
    assert.equal((await incidentOf(first)).status, "new");
    const again = notification("a-3").replace("n-a-3", "n-a-3-again");
    const second = await becomes(await gateway.send("seeing", again));
    assert.equal(second.incident_id, first.incident_id);
    const { status, verdict, occurrences } = await incidentOf(second);
    assert.deepEqual([status, verdict, occurrences], ["resolved", "true_positive", 2]);
  });

  test("fetches blobs of audit records, and takes the alerts out of them", async () => {
    const record = {
      RecordType: 40,
      CreationTime: "2026-01-14T07:22:05",
      Operation: "AlertTriggered",
      AlertId: "o-1",
      Name: "Mass download",
      Severity: "Medium",
    };
    microsoft.put("/feed/audit/1", [{ ...record, RecordType: 15, Operation: "UserLoggedIn" }, record]);
    microsoft.put("/feed/audit/2", [{ ...record, RecordType: 15, Operation: "UserLoggedIn" }]);
    const urls = [`${microsoft.url}/feed/audit/1`, `${microsoft.url}/feed/audit/2`];
    const shown = await becomes(await gateway.send("seeing", contentAt(...urls)));
    assert.deepEqual([shown.state, shown.incidents.length], ["accepted", 1]);
    assert.equal((await incidentOf(shown)).title, "Mass download");

    const none = await becomes(await gateway.send("seeing", contentAt(`${microsoft.url}/feed/audit/2`)));
    assert.deepEqual([none.state, none.reason], ["ignored", "Office 365 audit record (RecordType 15), no alert"]);
  });

  test("comes back when Microsoft asks it to", async () => {
    microsoft.put("/v1.0/security/alerts_v2/a-4", 429, graphAlert("a-4"));
    const shown = await becomes(await gateway.send("seeing", notification("a-4")));
    assert.deepEqual([shown.state, shown.attempts], ["accepted", 2]);
  });

  test("asks again for an alert that is not there yet", async () => {
    microsoft.put("/v1.0/security/incidents/5?$expand=alerts", 404, {
      id: "5",
      displayName: "Late",
      incidentWebUrl: "https://security.example.com/5",
    });
    const shown = await becomes(await gateway.send("seeing", notification("5", "security/incidents/5")));
    assert.deepEqual([shown.state, (await incidentOf(shown)).title], ["accepted", "Late"]);
  });

  test("shows what came instead of an alert", async () => {
    microsoft.put("/v1.0/security/alerts_v2/a-6", { hello: "world" });
    const shown = await becomes(await gateway.send("seeing", notification("a-6")));
    assert.equal(shown.state, "rejected");
    assert.match(shown.reason, /a-6 Payload cannot be mapped: is of no known shape/);
  });

  test("goes nowhere but to the addresses that its options name, and shows its token to nobody else", async () => {
    const elsewhere = await aMicrosoft();
    try {
      const answer = await gateway.send("seeing", contentAt(`${elsewhere.url}/steal`));
      const shown = await becomes(answer, ({ reason }) => tried(reason));
      assert.match(shown.reason, /\/steal leads to where this source fetches nothing$/);
      assert.deepEqual(elsewhere.asked, []);
    } finally {
      await elsewhere[Symbol.asyncDispose]();
    }
  });

  test("does not fetch what a notification names besides alerts", async () => {
    const answer = await gateway.send("seeing", notification("u", "users/a.smith@example.com"));
    assert.equal(answer.body.message, "Microsoft Graph change notification: its resource is no alert");
    assert.ok(microsoft.asked.every(({ path }) => !path.includes("users")));
  });

  test("asked for a token once", () => {
    const tokens = microsoft.asked.filter(({ path, body }) => path.endsWith("/token") && body.includes("&scope="));
    assert.equal(tokens.filter(({ body }) => body.includes(clientSecret)).length, 1);
  });

  test("does not show the secret of its app", async () => {
    const { body } = await gateway.api("GET", "/api/webhooks/seeing");
    assert.equal(body.options.fetch.client_secret, "********");
    assert.equal(body.options.fetch.client_id, "app");
  });
});

test("credentials that Microsoft refuses leave the delivery queued, and say so without the secret", async () => {
  const answer = await gateway.send("locked", notification("a-7"));
  const shown = await becomes(answer, ({ reason }) => tried(reason));
  assert.equal(shown.state, "queued");
  assert.match(shown.reason, /gave no token: 401 invalid_client \(AADSTS7000215\)$/);
  assert.ok(!JSON.stringify(shown).includes("wrong-secret"));
});

test("an address that a secret must not travel to is refused at registration", async () => {
  for (const [name, url] of [
    ["login_url", "http://login.example.com"],
    ["graph_url", "ftp://graph.example.com"],
    ["office_url", "http://127.0.0.1.example.com"],
  ] as const) {
    const options = { fetch: { ...microsoft.options, [name]: url } };
    const fields = { source: "open", plugin: "defender", secret: testSecret, options };
    const { status, body } = await gateway.api("POST", "/api/webhooks", fields);
    assert.equal(status, 400);
    assert.deepEqual(body.error.details, [{ path: `options.fetch.${name}`, message: "must be an https address" }]);
  }
});
