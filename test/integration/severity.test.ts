import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { aGateway, type TestGateway, testSecret } from "../support/gateway.ts";

let gateway: TestGateway;
let events = 0;
before(async () => {
  gateway = await aGateway();
  const sources = {
    plain: { plugin: "generic" },
    graver: { plugin: "generic", default_severity: "critical" },
    mapped: {
      plugin: "generic",
      default_severity: "info",
      severity_mapping: {
        Worst: "critical",
        3: "low",
        "8.5": "high",
        medium: "high",
        warning: "info",
        "sev 1": "critical",
      },
    },
    falcon: { plugin: "crowdstrike" },
    "falcon-mapped": { plugin: "crowdstrike", severity_mapping: { 4: "critical", low: "info" } },
  };
  for (const [source, fields] of Object.entries(sources)) {
    await gateway.api("POST", "/api/webhooks", { source, secret: testSecret, ...fields });
  }
});
after(() => gateway[Symbol.asyncDispose]());

/** The severity, ours and the vendor's, of the incident that a payload becomes. */
async function severityOf(source: string, payload: object): Promise<readonly [string, string | null]> {
  const { body } = await gateway.send(source, JSON.stringify(payload));
  const { body: incident } = await gateway.api("GET", `/api/incidents/${body.incident_id}`);
  return [incident.severity, incident.vendor_severity];
}

function generic(severity: unknown): object {
  events += 1;
  return { event_type: "alert", data: { events, severity } };
}

function falcon(severity: unknown): object {
  events += 1;
  return { metadata: { eventType: "DetectionSummaryEvent" }, event: { DetectId: `ldt:${events}`, Severity: severity } };
}

describe("the severity of an incident", () => {
  const cases: readonly (readonly [
    source: string,
    given: unknown,
    ours: string,
    theirs: string | null,
    why: string,
  ])[] = [
    ["plain", "high", "high", "high", "is the vendor's word where it is one of ours"],
    ["plain", "HIGH", "high", "HIGH", "whatever its case"],
    ["plain", "informational", "info", "informational", "or means one of ours"],
    ["plain", "purple", "medium", "purple", "is the default where the word means nothing"],
    ["plain", 9, "medium", "9", "is the default for a number on nobody's scale"],
    ["plain", undefined, "medium", null, "is medium where the vendor says none"],
    ["plain", "", "medium", null, "or an empty one"],
    ["plain", null, "medium", null, "or null"],
    ["graver", undefined, "critical", null, "is the source's own default where the vendor says none"],
    ["graver", "low", "low", "low", "is the vendor's all the same where it says one"],
    ["mapped", "worst", "critical", "worst", "is mapped from the vendor's word"],
    ["mapped", " WORST ", "critical", "WORST", "whatever its case and the spaces around it"],
    ["mapped", "sev 1", "critical", "sev 1", "with spaces in it"],
    ["mapped", 3, "low", "3", "from a number"],
    ["mapped", "3", "low", "3", "from a number in quotes"],
    ["mapped", 8.5, "high", "8.5", "from a fraction"],
    ["mapped", "medium", "high", "medium", "from a word that is one of ours"],
    ["mapped", "warning", "info", "warning", "from the raw word first, though it means medium, which is mapped too"],
    ["mapped", "moderate", "high", "moderate", "then from what the plugin made of it"],
    ["mapped", "low", "low", "low", "is untouched where the mapping says nothing of it"],
    ["mapped", "constructor", "info", "constructor", "is never looked up in a prototype"],
  ];
  for (const [source, given, ours, theirs, why] of cases) {
    test(`${why}: ${JSON.stringify(given)} is ${ours} for the source ${source}`, async () => {
      assert.deepEqual(await severityOf(source, generic(given)), [ours, theirs]);
    });
  }

  test("is mapped from CrowdStrike's number first, then from the plugin's word for it", async () => {
    assert.deepEqual(await severityOf("falcon", falcon(4)), ["high", "4"]);
    assert.deepEqual(await severityOf("falcon-mapped", falcon(4)), ["critical", "4"]);
    assert.deepEqual(await severityOf("falcon", falcon(2)), ["low", "2"]);
    assert.deepEqual(await severityOf("falcon-mapped", falcon(2)), ["info", "2"]);
  });

  test("follows a change of the source from the next delivery on", async () => {
    await gateway.api("PATCH", "/api/webhooks/graver", { severity_mapping: { LOW: "high" }, default_severity: "info" });
    assert.deepEqual(await severityOf("graver", generic("low")), ["high", "low"]);
    assert.deepEqual(await severityOf("graver", generic(undefined)), ["info", null]);
  });
});
