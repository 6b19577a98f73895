import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { test } from "node:test";
import { promisify } from "node:util";
import { aGateway, testSecret } from "../support/gateway.ts";

const run = promisify(execFile);

/** A shell as a reader of the text has it: curl, openssl, and the gateway where the text says it is. */
async function paste(script: string, url: string, token = ""): Promise<string> {
  const pasted = script.replaceAll("http://localhost:8080", url).replaceAll("tw_xxx", token);
  const { stdout } = await run("bash", ["-c", pasted], { timeout: 20_000 });
  return stdout;
}

const register = `curl -sS -X POST "http://localhost:8080/api/webhooks" \\
-H "Authorization: Bearer tw_xxx" \\
-d '{
"source": "email-gateway",
"secret": "your-secret",
"auto_triage": true,
"playbook": "phishing_triage"
}'`;

const sendTwice = `# Generate signature
TIMESTAMP=$(date +%s)
BODY='{"event_type":"test","data":{}}'
SIGNATURE=$(echo -n "\${TIMESTAMP}.\${BODY}" | openssl dgst -sha256 -hmac "your-secret")
# Send request
for again in 1 2; do
curl -sS -X POST "http://localhost:8080/api/webhooks/email-gateway" \\
-H "Content-Type: application/json" \\
-H "X-Webhook-Signature: sha256=\${SIGNATURE}" \\
-H "X-Webhook-Timestamp: \${TIMESTAMP}" \\
-d "\${BODY}"
echo
done`;

test("the text's curl registers a source, and its script sends an event that a second paste does not double", async () => {
  await using gateway = await aGateway();
  const registered = JSON.parse(await paste(register, gateway.url, gateway.token));
  assert.equal(registered.source, "email-gateway");
  assert.equal(registered.auto_triage, true);
  assert.equal(registered.playbook, "phishing_triage");
  assert.match(registered.warnings[0], /fewer than 16 characters/);

  const [first, second] = (await paste(sendTwice, gateway.url))
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
  assert.equal(first.status, "accepted");
  assert.match(first.incident_number, new RegExp(`^INC-${new Date().getUTCFullYear()}-\\d{4,}$`));
  assert.deepEqual(second, { ...first, duplicate: true });
});

const payloads = {
  generic: {
    event_type: "security_alert",
    timestamp: "2024-01-15T10:00:00Z",
    source: "email-gateway",
    data: { alert_id: "alert-123", severity: "high", details: {} },
  },
  defender: {
    eventType: "PhishingEmail",
    id: "AAMkAGI2",
    creationTime: "2024-01-15T10:00:00Z",
    severity: "high",
    category: "Phish",
    entityType: "Email",
    data: { sender: "phisher@malicious.com", subject: "Urgent Action Required", recipients: ["user@company.com"] },
  },
  crowdstrike: {
    metadata: { eventType: "DetectionSummaryEvent", eventCreationTime: 1705320000000 },
    event: {
      DetectId: "ldt:abc123",
      Severity: 4,
      HostnameField: "WORKSTATION-01",
      DetectName: "Malicious File Detected",
    },
  },
  splunk: {
    result: {
      host: "server-01",
      source: "WinEventLog:Security",
      sourcetype: "WinEventLog",
      _raw: "An account failed to log on.",
      EventCode: "4625",
    },
    search_name: "Failed Login Alert",
    trigger_time: 1705320000,
  },
};

for (const [plugin, payload] of Object.entries(payloads)) {
  for (const named of [plugin, "auto"]) {
    test(`the text's ${plugin} payload becomes an incident of that plugin in a source with plugin: ${named}`, async () => {
      await using gateway = await aGateway();
      await gateway.api("POST", "/api/webhooks", { source: "sender", plugin: named, secret: testSecret });
      const sent = await gateway.send("sender", JSON.stringify(payload));
      assert.equal(sent.status, 202);
      assert.equal(sent.body.status, "accepted");
      const { body: incident } = await gateway.api("GET", `/api/incidents/${sent.body.incident_number}`);
      assert.equal(incident.id, sent.body.incident_id);
      assert.equal(incident.plugin, plugin);
      assert.match(incident.occurred_at, /^2024-01-15T1[02]:00:00\.000Z$/);
      assert.equal(incident.severity, plugin === "splunk" ? "medium" : "high");
    });
  }
}

test("an event of type test makes an incident that lists leave out unless asked for", async () => {
  await using gateway = await aGateway();
  await gateway.api("POST", "/api/webhooks", { source: "sender", secret: testSecret });
  const sent = await gateway.send("sender", '{"event_type":"test","data":{}}');
  assert.equal(sent.body.status, "accepted");
  assert.deepEqual((await gateway.api("GET", "/api/incidents")).body.data, []);
  const { body } = await gateway.api("GET", "/api/incidents?include_tests=true");
  assert.deepEqual(body.data[0].tags, ["test"]);
});

test("a source is tested through every stage with its own secret", async () => {
  await using gateway = await aGateway();
  await gateway.api("POST", "/api/webhooks", { source: "edr", plugin: "crowdstrike", secret: testSecret });
  for (const time of [1, 2]) {
    const { body } = await gateway.api("POST", "/api/webhooks/edr/test");
    assert.equal(body.ok, true, `test ${time}`);
    assert.deepEqual(
      body.stages.map(({ stage }: { stage: string }) => stage),
      ["receive", "identify", "handshake", "authenticate", "check_freshness", "parse", "validate", "map", "commit"],
    );
    assert.match(body.incident.incident_number, /^INC-/);
  }
});

test("Microsoft Graph's validation is answered as plain text, decoded, and stores nothing", async () => {
  await using gateway = await aGateway();
  await gateway.api("POST", "/api/webhooks", { source: "graph", plugin: "defender", secret: testSecret });
  const response = await fetch(`${gateway.url}/api/webhooks/graph?validationToken=Validation%3A%20Testing`, {
    method: "POST",
    headers: { "content-type": "text/plain; charset=utf-8" },
  });
  assert.equal(response.status, 200);
  assert.match(response.headers.get("content-type") ?? "", /^text\/plain/);
  assert.equal(await response.text(), "Validation: Testing");
  assert.deepEqual((await gateway.api("GET", "/api/deliveries")).body.data, []);
});
