import assert from "node:assert/strict";
import { test } from "node:test";
import { severities } from "@thruway/sdk";
import * as fc from "fast-check";
import type { IncidentDraft } from "../../../../core/incidents/incident.ts";
import { updated } from "../../../../core/incidents/update.ts";
import { aDraft, afterNoon } from "../../../contracts/builders.ts";

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
  assert.deepEqual(merged.mitre, [{ id: "T1566" }, { id: "T1059" }]);
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
  const stored = anAlert(0, decided);
  const merged = merge(stored, anAlert(1));
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

const someAlert = fc.record({
  at: fc.nat(10_000),
  severity: fc.constantFrom(...severities),
  title: fc.string(),
  description: fc.constantFrom("one", "other"),
  tags: fc.subarray(["a", "b", "c"]),
});
const someAlerts = fc.uniqueArray(someAlert, { minLength: 2, maxLength: 6, selector: ({ at }) => at });

test("the order of arrival makes no difference", () => {
  fc.assert(
    fc.property(someAlerts, fc.infiniteStream(fc.nat()), (alerts, random) => {
      const drafts = alerts.map(({ at, ...given }) => anAlert(at, given));
      const shuffled = drafts
        .map((draft) => ({ draft, place: random.next().value }))
        .toSorted((a, b) => a.place - b.place)
        .map(({ draft }) => draft);
      assert.deepEqual(essence(shuffled), essence(drafts));
    }),
  );
});

function essence(alerts: readonly IncidentDraft[]): unknown {
  const { title, description, severity, first_seen_at, last_seen_at, occurrences, tags } = alerts.reduce(merge);
  return { title, description, severity, first_seen_at, last_seen_at, occurrences, tags: tags.toSorted() };
}
