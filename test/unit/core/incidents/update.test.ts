import assert from "node:assert/strict";
import { test } from "node:test";
import { type Alert, alertStatuses, fallbackFields, severities, verdicts } from "@thruway/sdk";
import * as fc from "fast-check";
import { draftOf } from "../../../../core/incidents/draft.ts";
import { type IncidentDraft, testTag } from "../../../../core/incidents/incident.ts";
import { updated } from "../../../../core/incidents/update.ts";
import { aDraft, afterNoon, noon } from "../../../contracts/builders.ts";

/** A draft of an alert that happened so many milliseconds after noon. */
function anAlert(at: number, given: Partial<IncidentDraft> = {}): IncidentDraft {
  return aDraft({ external_id: "alert-1", created_at: afterNoon(at), ...given });
}

function merge(stored: IncidentDraft, alert: IncidentDraft): IncidentDraft {
  return updated(stored, alert, alert.received_at);
}

test("the words of the alert that happened last stand, whichever arrives last", () => {
  const older = anAlert(0, { title: "First seen", type: "malware", vendor_severity: "1", url: "https://one.example" });
  const newer = anAlert(1, {
    title: "Contained",
    type: "ransomware",
    vendor_severity: "2",
    url: "https://two.example",
  });
  for (const merged of [merge(older, newer), merge(newer, older)]) {
    const { title, type, vendor_severity, url, occurred_at } = merged;
    assert.deepEqual([title, type, vendor_severity, url], ["Contained", "ransomware", "2", "https://two.example"]);
    assert.equal(occurred_at, afterNoon(1));
    assert.equal(merged.first_seen_at, afterNoon(0));
    assert.equal(merged.last_seen_at, afterNoon(1));
    assert.equal(merged.occurrences, 2);
  }
});

test("what the last alert leaves out, the one before still says", () => {
  const older = anAlert(0, { description: "How it began", url: "https://one.example", vendor_severity: "high" });
  for (const merged of [merge(older, anAlert(1)), merge(anAlert(1), older)]) {
    const { description, url, vendor_severity } = merged;
    assert.deepEqual([description, url, vendor_severity], ["How it began", "https://one.example", "high"]);
  }
});

test("a closing closes, whichever arrives last", () => {
  const opened = anAlert(0);
  const closed = anAlert(1, { status: "closed", verdict: "false_positive" });
  for (const merged of [merge(opened, closed), merge(closed, opened)]) {
    assert.deepEqual([merged.status, merged.verdict], ["closed", "false_positive"]);
  }
});

test("what happens after the closing opens again, and the verdict is still what was said last", () => {
  const all = [anAlert(0), anAlert(1, { status: "resolved", verdict: "true_positive" }), anAlert(2)];
  for (const alerts of [all, all.toReversed()]) {
    const merged = alerts.reduce(merge);
    assert.deepEqual([merged.status, merged.verdict], ["new", "true_positive"]);
  }
});

test("of an open and a closed alert of the same moment the closed one stands", () => {
  const [opened, closed] = [anAlert(0), anAlert(0, { status: "closed", received_at: afterNoon(-1) })];
  for (const merged of [merge(opened, closed), merge(closed, opened)]) assert.equal(merged.status, "closed");
});

test("of words of the same moment those stand that were received last", () => {
  const [first, second] = [anAlert(0, { title: "Z" }), anAlert(0, { title: "A", received_at: afterNoon(5) })];
  for (const merged of [merge(first, second), merge(second, first)]) assert.equal(merged.title, "A");
});

test("what a plugin made up gives way to what an alert says, however old", () => {
  const says = drafted({ title: "Credential dumping", severity: "low", occurred_at: afterNoon(0) });
  const update = drafted({
    title: "Falcon detection closed",
    fallback: ["type", "title"],
    status: "closed",
    as_of: afterNoon(9),
  });
  for (const merged of [merge(says, update), merge(update, says)]) {
    assert.deepEqual([merged.title, merged.type, merged.status], ["Credential dumping", "theft", "closed"]);
    assert.equal(merged.severity, "low", "the default of the source is nobody's word");
    assert.deepEqual([merged.first_seen_at, merged.last_seen_at], [afterNoon(0), afterNoon(0)]);
  }
});

test("the gravest severity stays", () => {
  const [low, critical] = [anAlert(0, { severity: "low" }), anAlert(1, { severity: "critical" })];
  assert.equal(merge(low, critical).severity, "critical");
  assert.equal(merge(critical, anAlert(2, { severity: "low" })).severity, "critical");
});

test("an incident is a test only as long as all its alerts are", () => {
  const [real, drill] = [anAlert(0, { tags: ["a"] }), anAlert(1, { tags: ["test"] })];
  assert.deepEqual(merge(real, drill).tags, ["a"]);
  assert.deepEqual(merge(drill, real).tags, ["a"]);
  assert.deepEqual(merge(drill, drill).tags, ["test"]);
});

test("entities, techniques and tags add up, each once", () => {
  const host = { type: "host", role: "target", value: "WORKSTATION-01" } as const;
  const user = { type: "user", role: "target", value: "user@company.example" } as const;
  const merged = merge(
    anAlert(0, { entities: [host], mitre: [{ id: "T1566" }], tags: ["a"] }),
    anAlert(1, { entities: [host, user], mitre: [{ id: "T1566" }, { id: "T1059" }], tags: ["b", "a"] }),
  );
  assert.deepEqual(merged.entities, [host, user]);
  assert.deepEqual(merged.mitre, [{ id: "T1059" }, { id: "T1566" }]);
  assert.deepEqual(merged.tags, ["a", "b"]);
});

test("an incident that is updated without end stays bounded", () => {
  let incident = anAlert(0);
  for (let count = 1; count <= 30; count++) {
    const entities = Array.from({ length: 20 }, (_, index) => ({
      type: "host" as const,
      role: "target" as const,
      value: `${count}-${index}`,
    }));
    incident = merge(incident, anAlert(count, { entities, tags: entities.map(({ value }) => value) }));
  }
  assert.equal(incident.entities.length, 200);
  assert.equal(incident.tags.length, 200);
  assert.equal(incident.occurrences, 31);
});

test("what the incident is, and what an analyst decided, is left alone", () => {
  const decided = { status: "closed", verdict: "false_positive", assignee: "analyst" } as const;
  const stored = anAlert(0, { ...decided, said: { type: afterNoon(0), title: afterNoon(0) } });
  const merged = merge(stored, anAlert(1, { status: "in_progress", verdict: "true_positive" }));
  for (const field of ["id", "source", "plugin", "external_id", "created_at", "received_at"] as const) {
    assert.equal(merged[field], stored[field]);
  }
  for (const [field, value] of Object.entries(decided)) assert.equal(merged[field as keyof typeof decided], value);
});

test("neither of the two is changed", () => {
  const [stored, alert] = [anAlert(0, { tags: ["a"] }), anAlert(1, { tags: ["b"] })];
  const before = structuredClone([stored, alert]);
  merge(stored, alert);
  assert.deepEqual([stored, alert], before);
});

const someTime = fc.integer({ min: 0, max: 3 }).map(afterNoon);
const someHosts = fc.array(fc.integer({ min: 0, max: 400 }), { maxLength: 150 }).map((numbers) =>
  numbers.map((number) => ({
    type: "host" as const,
    role: number % 2 ? ("target" as const) : ("related" as const),
    value: `${number}`,
  })),
);
const someAlert: fc.Arbitrary<{ readonly alert: Alert; readonly received: string }> = fc.record({
  alert: fc.record(
    {
      type: fc.constantFrom("theft", "malware"),
      title: fc.string({ minLength: 1, maxLength: 2 }),
      description: fc.constantFrom("one", "other"),
      severity: fc.constantFrom(...severities),
      vendor_severity: fc.constantFrom("1", "2"),
      occurred_at: someTime,
      first_seen_at: someTime,
      as_of: someTime,
      status: fc.constantFrom(...alertStatuses),
      verdict: fc.constantFrom(...verdicts),
      fallback: fc.subarray([...fallbackFields]),
      url: fc.constantFrom("https://one.example", "https://other.example"),
      entities: someHosts,
      mitre: fc.subarray([{ id: "T1" }, { id: "T2", tactic: "x" }, { technique: "y" }]),
      tags: fc.subarray(["a", "b", testTag]),
    },
    { requiredKeys: ["type", "title"] },
  ),
  received: someTime,
});

test("any order of the same alerts gives the same incident, but for its number and when it was made", () => {
  const someOrders = fc
    .array(someAlert, { minLength: 2, maxLength: 6 })
    .chain((alerts) => fc.tuple(fc.constant(alerts), fc.shuffledSubarray(alerts, { minLength: alerts.length })));
  fc.assert(
    fc.property(someOrders, ([alerts, others]) => {
      assert.deepEqual(essence(others), essence(alerts));
    }),
    { numRuns: 300 },
  );
});

function essence(alerts: readonly { readonly alert: Alert; readonly received: string }[]): unknown {
  const drafts = alerts.map(({ alert, received }) => drafted(alert, received));
  const { id: _, received_at: __, created_at: ___, updated_at: ____, said, ...rest } = drafts.reduce(merge);
  assert.ok(
    Object.values(said ?? {}).every((moment) => typeof moment === "string"),
    "a store might make null of what is undefined",
  );
  return rest;
}

/** What the core makes of an alert with the vendor's id `alert-1`. */
function drafted(alert: Partial<Alert>, received = noon): IncidentDraft {
  const settings = { source: "edr", plugin: "vendor", severityMapping: {}, defaultSeverity: "medium" } as const;
  const whole = { type: "theft", title: "Theft", external_id: "alert-1", ...alert };
  return draftOf(whole, settings, { id: received, at: received, receivedAt: received });
}
