import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { isDeepStrictEqual } from "node:util";
import { type Alert, parseJson } from "@thruway/sdk";
import { mapSample, readSamples } from "@thruway/sdk/testing";
import { loadPlugins } from "../../core/registry/plugins.ts";

const root = join(import.meta.dirname, "../..");
const plugins = await loadPlugins(join(root, "plugins.json"));

interface Format {
  readonly title: string;
  readonly plugin: string;
  /** Line by line as the text prints it. */
  readonly printed: string;
  readonly becomes: Alert;
}

const formats: readonly Format[] = [
  {
    title: "Generic Format",
    plugin: "generic",
    printed: `{
"event_type": "security_alert",
"timestamp": "2024-01-15T10:00:00Z",
"source": "email-gateway",
"data": {
"alert_id": "alert-123",
"severity": "high",
"details": {...}
}
}`,
    becomes: {
      type: "security_alert",
      title: "Security alert",
      severity: "high",
      vendor_severity: "high",
      external_id: "alert-123",
      occurred_at: "2024-01-15T10:00:00.000Z",
    },
  },
  {
    title: "Microsoft Defender for Office 365",
    plugin: "defender",
    printed: `{
"eventType": "PhishingEmail",
"id": "AAMkAGI2...",
"creationTime": "2024-01-15T10:00:00Z",
"severity": "high",
"category": "Phish",
"entityType": "Email",
"data": {
"sender": "phisher@malicious.com",
"subject": "Urgent Action Required",
"recipients": ["user@company.com"]
}
}`,
    becomes: {
      type: "phishing",
      title: "Phishing email: Urgent Action Required",
      severity: "high",
      vendor_severity: "high",
      external_id: "AAMkAGI2...",
      occurred_at: "2024-01-15T10:00:00.000Z",
      entities: [
        { type: "email", role: "sender", value: "phisher@malicious.com" },
        { type: "email", role: "recipient", value: "user@company.com" },
      ],
    },
  },
  {
    title: "CrowdStrike Falcon",
    plugin: "crowdstrike",
    printed: `{
"metadata": {
"eventType": "DetectionSummaryEvent",
"eventCreationTime": 1705320000000
},
"event": {
"DetectId": "ldt:abc123",
"Severity": 4,
"HostnameField": "WORKSTATION-01",
"DetectName": "Malicious File Detected"
}
}`,
    becomes: {
      type: "endpoint_detection",
      title: "Malicious File Detected",
      severity: "high",
      vendor_severity: "4",
      external_id: "ldt:abc123",
      occurred_at: "2024-01-15T12:00:00.000Z",
      entities: [{ type: "host", role: "target", value: "WORKSTATION-01" }],
    },
  },
  {
    title: "Splunk Alert",
    plugin: "splunk",
    printed: `{
"result": {
"host": "server-01",
"source": "WinEventLog:Security",
"sourcetype": "WinEventLog",
"_raw": "...",
"EventCode": "4625"
},
"search_name": "Failed Login Alert",
"trigger_time": 1705320000
}`,
    becomes: {
      type: "failed_login_alert",
      title: "Failed Login Alert",
      description: "...",
      occurred_at: "2024-01-15T12:00:00.000Z",
      entities: [{ type: "host", role: "target", value: "server-01" }],
    },
  },
  {
    title: "Send Test Event",
    plugin: "generic",
    printed: `{"event_type":"test","data":{}}`,
    becomes: { type: "test", title: "Test event", tags: ["test"] },
  },
];

for (const { title, plugin: name, printed, becomes } of formats) {
  // The one ellipsis that is no JSON; the others stand within strings.
  const body = Buffer.from(printed.replace("{...}", "{}"));
  const payload = parseJson(body);
  const plugin = plugins.get(name);
  assert.ok(plugin, name);

  test(`${title}: stands among the samples of ${name}`, () => {
    const samples = readSamples(join(root, "plugins", name, "samples"));
    const found = samples.filter((sample) => isDeepStrictEqual(parseJson(sample.body), payload));
    assert.equal(found.length, 1);
  });

  test(`${title}: plugin: auto gives it to ${name}`, () => assert.equal(plugins.bestFor(payload)?.name, name));

  test(`${title}: becomes the one alert that it describes`, () => {
    assert.deepEqual(mapSample(plugin, body), [becomes]);
  });
}
