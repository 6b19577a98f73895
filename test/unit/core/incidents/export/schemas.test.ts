import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { entityRoles, entityTypes, severities, verdicts } from "@thruway/sdk/alert";
import * as fc from "fast-check";
import { toEcs } from "../../../../../core/incidents/export/ecs.ts";
import { ocsfClasses, toOcsf } from "../../../../../core/incidents/export/ocsf.ts";
import { type Incident, statuses } from "../../../../../core/incidents/incident.ts";
import { awkwardTexts } from "../../../../contracts/builders.ts";
import { anEntity, anIncident } from "../../../../support/an-incident.ts";
import { assertValid, isValid } from "../../../../support/schemas.ts";

type Json = ReturnType<typeof JSON.parse>;

const given = {
  entities: ["target host web-01", "source ip 203.0.113.9", "related file a.exe"].map(anEntity),
  mitre: [{ id: "T1566" }],
};
const samples = {
  incident: () => structuredClone(toOcsf(anIncident(given))) as Json,
  detection: () => structuredClone(toOcsf(anIncident(given), "detection_finding")) as Json,
  ecs: () => structuredClone(toEcs(anIncident(given))) as Json,
};

describe("the pinned schemas refuse", () => {
  const mistakes: readonly (readonly [what: string, sample: keyof typeof samples, spoil: (event: Json) => void])[] = [
    ["an unknown field", "incident", (event) => (event.surprise = 1)],
    ["an unknown field in an object", "detection", (event) => (event.finding_info.surprise = 1)],
    ["a required field that is missing", "incident", (event) => delete event.finding_info_list],
    ["an object without what it must have", "detection", (event) => delete event.finding_info.uid],
    ["a value outside of an enumeration", "incident", (event) => (event.status_id = 6)],
    ["a caption of another number", "incident", (event) => (event.severity = "High")],
    ["a type that is not the class and the activity", "detection", (event) => (event.type_uid = 200501)],
    ["a time that is no number", "incident", (event) => (event.time = "2026-01-15T12:00:00Z")],
    ["an incident with neither assignee nor group", "incident", (event) => delete event.assignee_group],
    ["evidence of nothing", "detection", (event) => (event.evidences = [{ name: "empty" }])],
    ["an address that is none", "detection", (event) => (event.evidences[0].src_endpoint = { ip: "web-01" })],
    ["a null", "detection", (event) => (event.src_url = null)],
    ["a class that is neither", "incident", (event) => (event.class_uid = 2001)],
    ["an unknown field of ECS", "ecs", (event) => (event.event.surprise = 1)],
    ["no time", "ecs", (event) => delete event["@timestamp"]],
    ["a category that ECS does not have", "ecs", (event) => (event.event.category = ["phishing"])],
    ["a type that ECS does not expect there", "ecs", (event) => (event.event.type = ["deletion"])],
    ["one value where ECS has a list", "ecs", (event) => (event.related.hosts = "web-01")],
    ["another version", "ecs", (event) => (event.ecs.version = "8.0.0")],
    ["a label that is no text", "ecs", (event) => (event.labels.number = 1)],
  ];
  for (const [what, sample, spoil] of mistakes) {
    test(what, () => {
      const event = samples[sample]();
      const format = sample === "ecs" ? "ecs" : "ocsf";
      assert.ok(isValid(format, event));
      spoil(event);
      assert.ok(!isValid(format, event));
    });
  }
});

const text = fc.oneof(
  fc.string({ unit: "binary", minLength: 1, maxLength: 40 }).map((value) => value.toWellFormed()),
  fc.constantFrom(
    ...awkwardTexts,
    "T1566.002",
    "TA0001",
    "CORP\\kim",
    "a@b.example",
    "192.0.2.1",
    "https://a.example/b",
  ),
);
const value = fc.oneof(
  text,
  fc.ipV4(),
  fc.ipV6(),
  fc.emailAddress(),
  fc.webUrl({ withQueryParameters: true, withFragments: true }),
  fc.domain(),
  fc.stringMatching(/^[\da-f]{31,65}$/),
  fc.array(text, { maxLength: 3 }).map((parts) => `C:\\${parts.join("\\")}`),
  fc.array(text, { maxLength: 3 }).map((parts) => `"${parts.join(" ")}" /q`),
);
const time = fc
  .date({ noInvalidDate: true, min: new Date("1970-01-01T00:00:00Z"), max: new Date("2099-12-31T00:00:00Z") })
  .map((date) => date.toISOString());
const maybe = fc.option(text, { nil: null });
const ref = fc.record(
  { incident_id: fc.uuid({ version: 7 }), incident_number: fc.constant("INC-2026-0007") },
  { noNullPrototype: true },
);
const oddIncident: fc.Arbitrary<Incident> = fc.record(
  {
    id: fc.uuid({ version: 7 }),
    number: fc.integer({ min: 1, max: 9_999 }).map((n) => `INC-2026-${String(n).padStart(4, "0")}`),
    source: text,
    plugin: text,
    external_id: maybe,
    type: text,
    title: text,
    description: maybe,
    severity: fc.constantFrom(...severities),
    vendor_severity: maybe,
    status: fc.constantFrom(...statuses),
    verdict: fc.option(fc.constantFrom(...verdicts), { nil: null }),
    entities: fc.array(
      fc.record(
        { type: fc.constantFrom(...entityTypes), role: fc.constantFrom(...entityRoles), value },
        { noNullPrototype: true },
      ),
      { maxLength: 20 },
    ),
    mitre: fc.array(
      fc.record({ id: text, tactic: text, technique: text }, { requiredKeys: [], noNullPrototype: true }),
      { maxLength: 4 },
    ),
    occurred_at: time,
    first_seen_at: time,
    last_seen_at: time,
    received_at: time,
    created_at: time,
    updated_at: time,
    occurrences: fc.nat({ max: 1_000_000 }),
    url: maybe,
    tags: fc.array(text, { maxLength: 4 }),
    triage: fc.constant(null),
    assignee: maybe,
    trace_id: fc.option(fc.stringMatching(/^[\da-f]{32}$/), { nil: null }),
    deliveries: fc.array(fc.uuid({ version: 7 }), { maxLength: 4 }),
    version: fc.integer({ min: 1, max: 1_000 }),
    previous: fc.option(ref, { nil: null }),
    merged_into: fc.option(ref, { nil: null }),
    merged: fc.array(ref, { maxLength: 3 }),
  },
  { noNullPrototype: true },
);

describe("whatever an incident holds, its export", () => {
  test("is valid, and changes nothing in it", () => {
    fc.assert(
      fc.property(oddIncident, (incident) => {
        const before = structuredClone(incident);
        for (const as of ocsfClasses) assertValid("ocsf", toOcsf(incident, as));
        assertValid("ecs", toEcs(incident));
        assert.deepEqual(incident, before);
      }),
      { numRuns: 300 },
    );
  });

  test("says every entity: as an observable of OCSF, and as it is in ECS", () => {
    fc.assert(
      fc.property(oddIncident, (incident) => {
        const values = new Set(incident.entities.map((entity) => entity.value));
        for (const as of ocsfClasses) {
          const { observables = [] } = toOcsf(incident, as) as { observables?: readonly { value: string }[] };
          assert.deepEqual(new Set(observables.map((each) => each.value)), values);
        }
        const { thruway } = toEcs(incident) as { thruway?: { entities: unknown } };
        assert.deepEqual(thruway?.entities ?? [], incident.entities);
      }),
    );
  });

  test("points from each observable of a Detection Finding to where its value stands, or a part of it", () => {
    fc.assert(
      fc.property(oddIncident, (incident) => {
        const event = toOcsf(incident, "detection_finding") as Json;
        for (const { name, value: whole } of event.observables ?? []) {
          const found = name
            .split(/[.[\]]+/)
            .filter(Boolean)
            .reduce((inner: Json, key: string) => inner?.[key], event);
          assert.ok(
            [found].flat().some((part) => part !== undefined && whole.includes(part)),
            `${name} of ${whole}`,
          );
        }
      }),
    );
  });
});
