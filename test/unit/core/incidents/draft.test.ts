import assert from "node:assert/strict";
import { test } from "node:test";
import { type Alert, severities } from "@thruway/sdk";
import { type DraftSettings, draftOf, graver, mostEntries, severityFor } from "../../../../core/incidents/draft.ts";

const settings: DraftSettings = {
  source: "edr",
  plugin: "vendor",
  severityMapping: {},
  defaultSeverity: "medium",
};
const made = { id: "the-id", at: "2026-01-15T12:05:00.000Z", receivedAt: "2026-01-15T12:00:00.000Z" };
const alert: Alert = { type: "phishing", title: "Phishing email" };

function mapped(
  given: Pick<Alert, "severity" | "vendor_severity">,
  severityMapping: DraftSettings["severityMapping"],
): string {
  return severityFor(given, { severityMapping, defaultSeverity: "medium" });
}

test("the mapping looks at the vendor's own word first, then at what the plugin made of it", () => {
  const given = { vendor_severity: "sev1", severity: "high" } as const;
  assert.equal(mapped(given, { sev1: "low", high: "critical" }), "low");
  assert.equal(mapped(given, { high: "critical" }), "critical");
  assert.equal(mapped(given, { other: "critical" }), "high");
});

test("a word that is mapped to itself stops the search", () => {
  assert.equal(mapped({ vendor_severity: "high", severity: "low" }, { high: "high", low: "info" }), "high");
});

test("a vendor's word or number is looked up whatever its case and the spaces around it", () => {
  for (const word of ["hoch", "HOCH", " Hoch "])
    assert.equal(mapped({ vendor_severity: word }, { hoch: "critical" }), "critical");
  assert.equal(mapped({ vendor_severity: "4", severity: "high" }, { "4": "info" }), "info");
});

test("no severity at all gives the default of the source", () => {
  assert.equal(mapped({}, { high: "low" }), "medium");
  assert.equal(severityFor({}, { severityMapping: {}, defaultSeverity: "info" }), "info");
});

test("a vendor's word that nobody knows gives the default, unless it is mapped", () => {
  assert.equal(mapped({ vendor_severity: "purple" }, {}), "medium");
  assert.equal(mapped({ vendor_severity: "purple" }, { purple: "critical" }), "critical");
});

test("no word reaches what every object has", () => {
  for (const word of ["constructor", "toString", "__proto__"])
    assert.equal(mapped({ vendor_severity: word }, {}), "medium");
});

test("severities are ordered from critical to info", () => {
  for (const [index, severity] of severities.entries()) {
    for (const [other, milder] of severities.entries()) assert.equal(graver(severity, milder), index < other);
  }
});

test("the least that an alert says makes a whole draft", () => {
  assert.deepEqual(draftOf(alert, settings, made), {
    id: "the-id",
    source: "edr",
    plugin: "vendor",
    external_id: null,
    type: "phishing",
    title: "Phishing email",
    description: null,
    severity: "medium",
    vendor_severity: null,
    status: "new",
    verdict: null,
    entities: [],
    mitre: [],
    occurred_at: made.receivedAt,
    first_seen_at: made.receivedAt,
    last_seen_at: made.receivedAt,
    received_at: made.receivedAt,
    created_at: made.at,
    updated_at: made.at,
    occurrences: 1,
    url: null,
    tags: [],
    assignee: null,
  });
});

test("everything that an alert says stands in its draft", () => {
  const whole = {
    ...alert,
    description: "Somebody clicked",
    vendor_severity: "High",
    external_id: "alert-123",
    url: "https://console.example/alert-123",
    entities: [{ type: "user", role: "target", value: "user@company.example" }],
    mitre: [{ id: "T1566.002" }],
    tags: ["mail"],
  } as const satisfies Alert;
  const draft = draftOf({ ...whole, severity: "high", occurred_at: "2026-01-15T10:00:00.000Z" }, settings, made);
  for (const [field, value] of Object.entries(whole))
    assert.deepEqual(draft[field as keyof typeof draft], value, field);
  assert.equal(draft.severity, "high");
  for (const time of ["occurred_at", "first_seen_at", "last_seen_at"] as const) {
    assert.equal(draft[time], "2026-01-15T10:00:00.000Z");
  }
  assert.equal(draft.received_at, made.receivedAt);
});

test("what a vendor decided stands in the draft", () => {
  const { status, verdict } = draftOf({ ...alert, status: "closed", verdict: "false_positive" }, settings, made);
  assert.deepEqual([status, verdict], ["closed", "false_positive"]);
});

test("what was seen for a while has a beginning and an end, and no beginning after its end", () => {
  const [early, late] = ["2026-01-15T10:00:00.000Z", "2026-01-15T11:00:00.000Z"];
  const draft = draftOf({ ...alert, occurred_at: late, first_seen_at: early }, settings, made);
  assert.deepEqual([draft.first_seen_at, draft.last_seen_at, draft.occurred_at], [early, late, late]);
  assert.equal(draftOf({ ...alert, occurred_at: early, first_seen_at: late }, settings, made).first_seen_at, early);
});

test("an alert that only says when it was changed happened then, as far as anybody knows", () => {
  const as_of = "2026-01-15T11:00:00.000Z";
  assert.equal(draftOf({ ...alert, as_of }, settings, made).occurred_at, as_of);
});

test("what an alert says is dated where it may be updated and not all of it was said when it happened", () => {
  const [happened, changed] = ["2026-01-15T10:00:00.000Z", "2026-01-15T11:00:00.000Z"];
  const given = { ...alert, external_id: "a", severity: "low", occurred_at: happened } as const;
  assert.equal(draftOf(given, settings, made).said, undefined);
  assert.equal(draftOf({ ...given, as_of: happened }, settings, made).said, undefined);
  const moment = `${changed} ${made.receivedAt}`;
  const { said } = draftOf({ ...given, as_of: changed, fallback: ["title"], verdict: "suspicious" }, settings, made);
  assert.deepEqual(said, {
    type: moment,
    verdict: moment,
    status: changed,
    severity: moment,
    occurred_at: moment,
  });
  const { severity: _, ...withoutSeverity } = given;
  assert.equal(draftOf(withoutSeverity, settings, made).said?.severity, undefined);
});

test("what a vendor sends without end is bounded, and stays well-formed", () => {
  const emoji = "🚨".repeat(20_000);
  const draft = draftOf(
    {
      type: emoji,
      title: `x${emoji}`,
      description: `x${emoji}`,
      url: emoji,
      entities: Array.from({ length: 1_000 }, (_, index) => ({
        type: "host",
        role: "target",
        value: `${index}${emoji}`,
      })),
      mitre: Array.from({ length: 1_000 }, (_, index) => ({ id: `T${index}` })),
      tags: Array.from({ length: 1_000 }, (_, index) => `${index}${emoji}`),
    },
    settings,
    made,
  );
  assert.ok(JSON.stringify(draft).length < 1_000_000);
  for (const list of [draft.entities, draft.mitre, draft.tags]) assert.equal(list.length, mostEntries);
  assert.equal(draft.entities[0]?.value.startsWith("0🚨"), true);
  assert.ok(draft.tags.every((tag) => tag.length < 1_000));
  const texts = [
    draft.type,
    draft.title,
    draft.description,
    draft.url,
    ...draft.tags,
    ...draft.entities.map(({ value }) => value),
  ];
  for (const text of texts) assert.ok(text?.isWellFormed(), "no half of a character stays");
});

test("two alerts whose long ids differ at the end stay two", () => {
  const [one, other] = ["1", "2"].map(
    (end) =>
      draftOf({ ...alert, external_id: `https://console.example/${"x".repeat(5_000)}${end}` }, settings, made)
        .external_id,
  );
  assert.notEqual(one, other);
  assert.ok(one !== undefined && one !== null && one.length < 2_100);
});

test("a half of a character that a vendor sent is not stored", () => {
  const draft = draftOf({ type: "a", title: "\ud83d!", external_id: "id \udea8" }, settings, made);
  assert.deepEqual([draft.title, draft.external_id], ["\ufffd!", "id \ufffd"]);
});

test("the same entity and the same tag stand there once", () => {
  const host = { type: "host", role: "target", value: "workstation-01" } as const;
  const draft = draftOf(
    {
      ...alert,
      entities: [host, { ...host, value: "WORKSTATION-01" }, { ...host, role: "source" }],
      tags: ["a", "b", "a"],
    },
    settings,
    made,
  );
  assert.deepEqual(draft.entities, [host, { ...host, role: "source" }]);
  assert.deepEqual(draft.tags, ["a", "b"]);
});
