import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { type Alert, isIgnored, isPointers, type Pointers } from "@thruway/sdk";
import { listed, sampleTime } from "@thruway/sdk/testing";
import plugin from "../../plugins/defender/index.ts";

type Fields = Readonly<Record<string, unknown>>;
type Result = ReturnType<typeof listed>;

function resultOf(payload: unknown, options: Fields = {}): Result {
  const checked = plugin.options.validate(options);
  assert.equal(checked.error, undefined);
  assert.equal(plugin.payload.validate(payload, { convert: false }).error, undefined);
  return listed(plugin.map(payload, { source: "mail", options: checked.value, receivedAt: sampleTime }));
}

function alertsOf(payload: unknown, options?: Fields): readonly Alert[] {
  const result = resultOf(payload, options);
  assert.ok(Array.isArray(result), JSON.stringify(result));
  return result;
}

function alertOf(payload: unknown, options?: Fields): Alert {
  const [alert, ...others] = alertsOf(payload, options);
  assert.ok(alert !== undefined && others.length === 0);
  return alert;
}

function pointersOf(payload: unknown, options?: Fields): Pointers {
  const result = resultOf(payload, options);
  assert.ok(isPointers(result), JSON.stringify(result));
  return result;
}

function ignoredOf(payload: unknown): string {
  const result = resultOf(payload);
  assert.ok(isIgnored(result), JSON.stringify(result));
  return result.ignored;
}

const graph = (fields: Fields): Fields => ({ id: "g", providerAlertId: "g", ...fields });
const graphIncident = (fields: Fields): Fields => ({
  id: "1",
  displayName: "i",
  incidentWebUrl: "https://a.example",
  ...fields,
});
const endpoint = (fields: Fields): Fields => ({
  id: "e",
  machineId: "m",
  alertCreationTime: "2026-01-14T10:00:00Z",
  ...fields,
});
const office = (fields: Fields): Fields => ({
  RecordType: 40,
  CreationTime: "2026-01-14T10:00:00",
  Operation: "AlertUpdated",
  AlertId: "o",
  ...fields,
});
const sentinel = (properties: Fields): Fields => ({
  object: { name: "s", properties: { incidentNumber: 1, title: "t", ...properties } },
});
const azure = (essentials: Fields): Fields => ({
  schemaId: "azureMonitorCommonAlertSchema",
  data: { essentials: { alertId: "a", alertRule: "r", ...essentials } },
});

describe("what Microsoft decided is read in the words of each product:", () => {
  const cases: readonly (readonly [string, Fields, string | undefined, string | undefined])[] = [
    ["Graph's new", graph({ status: "new", classification: "unknown" }), "new", undefined],
    ["Graph's inProgress", graph({ status: "inProgress" }), "in_progress", undefined],
    ["Graph's resolved", graph({ status: "resolved", classification: "truePositive" }), "resolved", "true_positive"],
    [
      "Graph's future",
      graph({ status: "unknownFutureValue", classification: "unknownFutureValue" }),
      undefined,
      undefined,
    ],
    [
      "an expected activity",
      graph({ status: "resolved", classification: "informationalExpectedActivity" }),
      "resolved",
      undefined,
    ],
    ["an active Graph incident", graphIncident({ status: "active" }), "new", undefined],
    ["a Graph incident that awaits", graphIncident({ status: "awaitingAction" }), "in_progress", undefined],
    ["a merged Graph incident", graphIncident({ status: "redirected" }), "resolved", undefined],
    [
      "Defender for Endpoint's",
      endpoint({ status: "Resolved", classification: "FalsePositive" }),
      "resolved",
      "false_positive",
    ],
    ["Defender for Endpoint's InProgress", endpoint({ status: "InProgress" }), "in_progress", undefined],
    ["Office 365's Active", office({ Status: "Active" }), "new", undefined],
    ["Office 365's Investigating", office({ Status: "Investigating" }), "in_progress", undefined],
    ["Office 365's Dismissed", office({ Status: "Dismissed" }), "closed", undefined],
    ["Sentinel's New", sentinel({ status: "New" }), "new", undefined],
    ["Sentinel's Active", sentinel({ status: "Active" }), "in_progress", undefined],
    ["Sentinel's Closed", sentinel({ status: "Closed", classification: "Undetermined" }), "closed", "inconclusive"],
    ["Azure Monitor's Fired", azure({ monitorCondition: "Fired" }), "new", undefined],
    ["Azure Monitor's Resolved", azure({ monitorCondition: "Resolved" }), "closed", undefined],
    [
      "a merged XDR incident",
      { incidentId: 1, incidentName: "i", status: "Redirected", redirectIncidentId: 2 },
      "resolved",
      undefined,
    ],
    [
      "a legacy alert that is dismissed",
      { id: "l", vendorInformation: { provider: "p" }, status: "dismissed" },
      "closed",
      undefined,
    ],
  ];
  for (const [what, payload, status, verdict] of cases) {
    test(what, () => {
      const alert = alertOf(payload);
      assert.deepEqual([alert.status, alert.verdict], [status, verdict]);
    });
  }

  test("and what has no word here stands in the description", () => {
    const { description } = alertOf(
      graph({ classification: "informationalExpectedActivity", determination: "securityTesting" }),
    );
    assert.equal(description, "Classification: Informational expected activity\n\nDetermination: Security testing");
  });

  test("as of when it was said, not of when it happened", () => {
    const times = { lastActivityDateTime: "2026-01-14T10:00:00Z", firstActivityDateTime: "2026-01-14T09:00:00Z" };
    const { first_seen_at, occurred_at, as_of } = alertOf(
      graph({ ...times, lastUpdateDateTime: "2026-01-14T11:00:00Z", resolvedDateTime: "2026-01-14T12:00:00.1234567Z" }),
    );
    assert.deepEqual(
      [first_seen_at, occurred_at, as_of],
      ["2026-01-14T09:00:00.000Z", "2026-01-14T10:00:00.000Z", "2026-01-14T12:00:00.123Z"],
    );
  });
});

test("whoever an alert is assigned to is nobody's victim", () => {
  const analyst = "analyst@example.com";
  for (const payload of [
    graph({ assignedTo: analyst }),
    graphIncident({ assignedTo: analyst, lastModifiedBy: analyst }),
    endpoint({ assignedTo: analyst }),
    { incidentId: 1, incidentName: "i", assignedTo: analyst },
    sentinel({ owner: { email: analyst, userPrincipalName: analyst, assignedTo: analyst } }),
    { incident_number: 1, title: "t", name: "n", owner: { email: analyst, user_principal_name: analyst } },
  ]) {
    assert.ok(!JSON.stringify(alertOf(payload)).includes(analyst));
  }
});

describe("an alert of Azure Monitor", () => {
  test("is as grave as its number says", () => {
    const severities = ["critical", "high", "medium", "low", "info", undefined];
    for (const [index, severity] of severities.entries()) {
      const alert = alertOf(azure({ severity: `Sev${index}` }));
      assert.deepEqual([alert.severity, alert.vendor_severity], [severity, `Sev${index}`]);
    }
  });

  test("is one for as long as the monitoring service calls it so, else for one firing, else for its rule and targets", () => {
    assert.equal(alertOf(azure({ originAlertId: "o" })).external_id, "o");
    assert.equal(alertOf(azure({ originAlertId: "" })).external_id, "a");
    const rule = { alertId: "", alertTargetIDs: ["/b", "/a"] };
    assert.equal(alertOf(azure(rule)).external_id, "r /a /b");
    assert.equal(alertOf(azure({ ...rule, alertTargetIDs: ["/a", "/b"] })).external_id, "r /a /b");
  });

  test("concerns its targets, and a machine by its name", () => {
    const target = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Compute/virtualMachines/WEB-1";
    assert.deepEqual(alertOf(azure({ alertTargetIDs: [target, "/subscriptions/s"] })).entities, [
      { type: "host", role: "target", value: "WEB-1" },
      { type: "resource", role: "target", value: target },
      { type: "resource", role: "target", value: "/subscriptions/s" },
    ]);
    assert.deepEqual(alertOf(azure({ configurationItems: ["web-1"] })).entities, [
      { type: "resource", role: "target", value: "web-1" },
    ]);
  });
});

describe("rows of the streaming API", () => {
  const row = (table: string, properties: Fields): Fields => ({ category: `AdvancedHunting-${table}`, properties });
  const info = row("AlertInfo", {
    AlertId: "x",
    Title: "T",
    Severity: "High",
    Category: "Exfiltration",
    DetectionSource: "d",
  });
  const evidence = (properties: Fields): Fields =>
    row("AlertEvidence", { AlertId: "x", EntityType: "Ip", ...properties });

  test("are one alert where they have one AlertId, in any wrapping", () => {
    const rows = [evidence({ RemoteIP: "192.0.2.1" }), info, evidence({ EntityType: "Machine", DeviceName: "h" })];
    for (const payload of [rows, { records: rows }, { value: rows }]) {
      const { title, severity, external_id, entities } = alertOf(payload);
      assert.deepEqual([title, severity, external_id], ["T", "high", "x"]);
      assert.deepEqual(
        entities?.map(({ value }) => value),
        ["h", "192.0.2.1"],
      );
    }
  });

  test("are several alerts where they have several, and telemetry makes none", () => {
    const other = row("AlertEvidence", { AlertId: "y", EntityType: "Url", RemoteUrl: "https://a.example" });
    const telemetry = row("DeviceNetworkEvents", { DeviceName: "h" });
    assert.deepEqual(
      alertsOf({ records: [info, other, telemetry] }).map(({ external_id }) => external_id),
      ["x", "y"],
    );
    assert.equal(ignoredOf({ records: [telemetry] }), "rows of DeviceNetworkEvents, which hold no alert");
  });

  test("may come without what wraps them", () => {
    const { external_id, title } = alertOf({ AlertId: "x", Title: "T", ServiceSource: "s", DetectionSource: "d" });
    assert.deepEqual([external_id, title], ["x", "T"]);
  });

  test("without the title or the category of the alert say that theirs are made up", () => {
    assert.deepEqual(alertOf(evidence({})).fallback, ["type", "title"]);
    assert.deepEqual(alertOf(evidence({ Title: "T" })).fallback, ["type"]);
    assert.equal(alertOf(info).fallback, undefined);
  });

  test("have lists as JSON in a string, empty strings for none, and fields that are no JSON", () => {
    const { type, mitre } = alertOf(
      evidence({
        Categories: '["LateralMovement","Malware"]',
        AttackTechniques: '["Remote Services (T1021)"]',
        AdditionalFields: "{",
      }),
    );
    assert.equal(type, "malware");
    assert.deepEqual(mitre, [{ tactic: "Lateral Movement" }, { id: "T1021", technique: "Remote Services" }]);
    assert.equal(alertOf(evidence({ Categories: "[]", AttackTechniques: "" })).mitre, undefined);
  });

  test("give the roles that they name", () => {
    const roles = (properties: Fields): readonly unknown[] =>
      alertOf(evidence({ RemoteIP: "192.0.2.1", ...properties })).entities?.map(({ role }) => role) ?? [];
    assert.deepEqual(roles({ EvidenceRole: "Impacted" }), ["target"]);
    assert.deepEqual(roles({ EvidenceRole: "Related" }), ["related"]);
    assert.deepEqual(roles({ EvidenceRole: "Related", EvidenceDirection: "Destination" }), ["destination"]);
  });

  test("of an alert lack its id, and are told so", () => {
    assert.throws(
      () => plugin.map(row("AlertInfo", { Title: "T" }), { source: "s", options: {}, receivedAt: sampleTime }),
      {
        name: "PayloadError",
        message: /for a Defender XDR streaming row it lacks "AlertId"/,
      },
    );
  });
});

describe("a notification of Graph", () => {
  const notification = (fields: Fields): Fields => ({
    value: [{ subscriptionId: "s", id: "n", changeType: "updated", resource: "security/alerts_v2/a", ...fields }],
  });
  const fetch = { tenant_id: "t", client_id: "c", client_secret: "throw-away" };

  test("points at an alert, or an incident with its alerts", () => {
    const urls = (resource: string): readonly string[] =>
      pointersOf(notification({ resource })).pointers.map(({ url }) => url);
    assert.deepEqual(urls("security/alerts_v2/da_1"), ["https://graph.microsoft.com/v1.0/security/alerts_v2/da_1"]);
    assert.deepEqual(urls("/security/alerts/{x}"), ["https://graph.microsoft.com/v1.0/security/alerts/%7Bx%7D"]);
    assert.deepEqual(urls("Security/Incidents/5"), [
      "https://graph.microsoft.com/v1.0/Security/Incidents/5?$expand=alerts",
    ]);
  });

  test("points into the cloud that the source is in", () => {
    const options = { fetch: { ...fetch, graph_url: "https://graph.microsoft.us/" } };
    assert.deepEqual(pointersOf(notification({}), options).pointers, [
      { url: "https://graph.microsoft.us/v1.0/security/alerts_v2/a", scope: "https://graph.microsoft.us/.default" },
    ]);
    assert.deepEqual(plugin.fetch(options), {
      tokenUrl: "https://login.microsoftonline.com/t/oauth2/v2.0/token",
      clientId: "c",
      clientSecret: "throw-away",
      origins: ["https://graph.microsoft.us", "https://manage.office.com"],
    });
    assert.equal(plugin.fetch({}), undefined);
  });

  for (const resource of [
    "users/a.smith@example.com",
    "security/alerts_v2",
    "security/alerts_v2/../../users",
    "security/alerts_v2/a?$expand=x",
    "security/alerts_v2/a/b",
    "https://evil.example/security/alerts_v2/a",
    "security/secureScores/a",
  ]) {
    test(`points at nothing where its resource is no alert: ${resource}`, () => {
      assert.match(ignoredOf(notification({ resource })), /its resource is no alert/);
    });
  }

  test("stays within alerts whatever the id is made of", () => {
    for (const id of ["..", "%2e%2e", "a%2fb", "'x'", "\ud83d"]) {
      const result = resultOf(notification({ resource: `security/alerts_v2/${id}` }));
      if (!isPointers(result)) continue;
      for (const { url } of result.pointers)
        assert.match(new URL(url).pathname, /^\/v1\.0\/security\/alerts_v2\/[^/]+$/);
    }
  });

  test("of something deleted, or of the subscription itself, says what to do instead", () => {
    assert.match(ignoredOf(notification({ changeType: "deleted" })), /deleted/);
    const remedies = {
      reauthorizationRequired: /reauthorize/,
      subscriptionRemoved: /create it again/,
      missed: /list the alerts/,
    };
    for (const [lifecycleEvent, remedy] of Object.entries(remedies)) {
      assert.match(ignoredOf(notification({ lifecycleEvent, resource: undefined })), remedy);
    }
    assert.match(ignoredOf(notification({ lifecycleEvent: "somethingNew" })), /\(somethingNew\)$/);
  });

  test("among alerts leaves the alerts", () => {
    const mixed = { value: [graph({ title: "T" }), ...(notification({}).value as readonly unknown[])] };
    const { pointers, alerts } = pointersOf(mixed);
    assert.deepEqual([pointers.length, alerts?.map(({ title }) => title)], [1, ["T"]]);
  });

  test("is told apart by its own id", () => {
    assert.equal(plugin.eventId(notification({}), {}), "s n");
  });
});

describe("records of Office 365", () => {
  test("name users, senders and recipients", () => {
    const entities = (fields: Fields): readonly unknown[] =>
      alertOf(office(fields)).entities?.map(({ type, role, value }) => `${type} ${role} ${value}`) ?? [];
    assert.deepEqual(entities({ EntityType: "User", ObjectId: "u" }), ["user target u"]);
    assert.deepEqual(entities({ EntityType: "Sender", ObjectId: "s" }), ["email sender s"]);
    assert.deepEqual(entities({ EntityType: "Recipients", ObjectId: "a,b" }), [
      "email recipient a",
      "email recipient b",
    ]);
    assert.deepEqual(entities({ Data: '{"f3u":"u","trc":"a,b"}' }), [
      "user target u",
      "email recipient a",
      "email recipient b",
    ]);
    assert.deepEqual(entities({ Data: "{" }), []);
  });

  test("have a time without a zone, which is UTC", () => {
    const { occurred_at, as_of } = alertOf(office({ Operation: "AlertTriggered" }));
    assert.deepEqual([occurred_at, as_of], ["2026-01-14T10:00:00.000Z", undefined]);
    const update = alertOf(office({}));
    assert.deepEqual([update.occurred_at, update.as_of], [undefined, "2026-01-14T10:00:00.000Z"]);
  });

  test("that are no alert are ignored by their type", () => {
    assert.equal(ignoredOf(office({ RecordType: 28 })), "Office 365 audit record (RecordType 28), no alert");
    assert.equal(alertOf(office({ RecordType: "40" })).external_id, "o");
  });
});

describe("an incident of Sentinel", () => {
  test("names its entities with their parts put together", () => {
    const entity = (kind: string, properties: Fields): Fields => ({ kind, properties });
    const { entities } = alertOf(
      sentinel({
        relatedEntities: [
          entity("Host", { hostName: "h", dnsDomain: "example.com" }),
          entity("Account", { accountName: "a", ntDomain: "CORP" }),
          entity("MailMessage", { recipient: "r@example.com", p2Sender: "s@example.net", senderIP: "192.0.2.1" }),
          entity("File", { fileName: "f.exe", directory: "C:\\Temp" }),
          entity("AzureResource", { resourceId: "/r" }),
          entity("Mailbox", { mailboxPrimaryAddress: "m@example.com" }),
          entity("SomethingNew", { hostName: "x" }),
        ],
      }),
    );
    assert.deepEqual(
      entities?.map(({ type, role, value }) => `${type} ${role} ${value}`),
      [
        "host target h.example.com",
        "user target CORP\\a",
        "email target m@example.com",
        "email sender s@example.net",
        "email recipient r@example.com",
        "ip source 192.0.2.1",
        "file related C:\\Temp\\f.exe",
        "resource related /r",
      ],
    );
  });

  test("is known by its name, or its number", () => {
    assert.equal(alertOf(sentinel({})).external_id, "s");
    assert.equal(alertOf({ incident_number: 7, title: "t" }).external_id, "7");
  });
});

test("an item that is nothing of Microsoft's refuses the delivery, with its place and what it lacks", () => {
  const refused = (payload: unknown, path: string): void => {
    assert.throws(() => plugin.map(payload, { source: "s", options: {}, receivedAt: sampleTime }), {
      name: "PayloadError",
      path,
      message: /^is of no known shape: for a .+ it lacks/,
    });
  };
  refused({ hello: "world" }, "");
  refused([graph({}), {}], "1");
  refused({ value: [graph({}), null] }, "value.1");
  refused({ records: [5] }, "records.0");
});

test("a list with nothing in it is ignored", () => {
  for (const payload of [[], { value: [] }, { records: [] }])
    assert.equal(ignoredOf(payload), "a list with no alert in it");
});

test("empty strings are absence, in every family", () => {
  for (const [payload, keys] of [
    [
      graph({ title: "", description: "", severity: "", status: "", alertWebUrl: "", evidence: "" }),
      ["external_id", "title", "type"],
    ],
    [
      azure({ severity: "", description: "", monitorCondition: "", firedDateTime: "", alertTargetIDs: [""] }),
      ["external_id", "title", "type"],
    ],
    [office({ Name: "", Severity: "", Status: "", Data: "", ObjectId: "" }), ["as_of", "external_id", "title", "type"]],
    [
      sentinel({ description: "", severity: "", status: "", owner: "", labels: "", incidentUrl: "" }),
      ["external_id", "title", "type"],
    ],
  ] as const) {
    assert.deepEqual(Object.keys(alertOf(payload)).toSorted(), keys);
  }
});
