import assert from "node:assert/strict";
import { describe, test } from "node:test";
import * as fc from "fast-check";
import { csvColumns, csvHeader, toCsv } from "../../../../../core/incidents/export/csv.ts";
import type { Incident } from "../../../../../core/incidents/incident.ts";
import { anEntity, anIncident } from "../../../../support/an-incident.ts";
import { parseCsv } from "../../../../support/csv.ts";

/** The cell of an incident's line, as a reader of RFC 4180 has it. */
function cell(column: string, given: Partial<Incident>): string | undefined {
  const rows = parseCsv(csvHeader + toCsv(anIncident(given)));
  assert.equal(rows.length, 2);
  assert.equal(rows[1]?.length, csvColumns.length);
  return rows[1]?.[csvColumns.indexOf(column)];
}

test("the first line names the fields, every one of an incident", () => {
  assert.deepEqual(parseCsv(csvHeader), [csvColumns]);
  assert.deepEqual(csvColumns.toSorted(), Object.keys(anIncident()).toSorted());
});

test("lists are joined, and what is absent is empty", () => {
  const entities = ["target host web-01", "source ip 203.0.113.9"].map(anEntity);
  assert.equal(cell("entities", { entities }), "target host web-01; source ip 203.0.113.9");
  assert.equal(
    cell("mitre", { mitre: [{ id: "T1566", technique: "Phishing" }, { tactic: "Impact" }] }),
    "T1566 Phishing; Impact",
  );
  assert.equal(cell("tags", { tags: ["a", "b"] }), "a; b");
  assert.equal(cell("verdict", {}), "");
  assert.equal(cell("triage", {}), "");
  assert.equal(cell("updated_at", {}), "2026-01-15T12:00:00.000Z");
});

test("a triage run is a line, whatever it came to", () => {
  const nothing = { verdict: null, confidence: null, reason: null, ended_at: null } as const;
  const waiting = { run_id: "r", playbook: "p", version: "1", state: "waiting", ...nothing } as const;
  const judged = { ...waiting, state: "done", verdict: "suspicious", confidence: 0.95, reason: "A lure" } as const;
  const failed = { ...waiting, state: "failed", reason: "it is not there" } as const;
  const lines = [waiting, judged, failed, { ...failed, playbook: null, version: null }].map((triage) =>
    cell("triage", { triage }),
  );
  assert.deepEqual(lines, [
    "p 1, waiting",
    "p 1: suspicious (0.95), done",
    "p 1: it is not there, failed",
    "no playbook: it is not there, failed",
  ]);
});

describe("a text comes out as it is:", () => {
  for (const title of [
    'a "quoted" one',
    "a, b; c",
    "two\nlines",
    " spaces ",
    "Grüße, 世界 🚨",
    "a=b",
    "1-2",
    "mail@host",
  ]) {
    test(JSON.stringify(title), () => assert.equal(cell("title", { title }), title));
  }
});

test("line breaks are all of one kind, and control characters are shown as missing", () => {
  assert.equal(cell("title", { title: "a\r\nb\rc\u0000\u001b[2Jd\u009be" }), "a\nb\nc\ufffd\ufffd[2Jd\ufffde");
});

describe("what a spreadsheet would run is text:", () => {
  for (const title of ['=HYPERLINK("http://evil.example")', "+1", "-1", "@SUM(A1)", "\t=1", "\n=1", "＝1", "＠a"]) {
    test(JSON.stringify(title), () => {
      assert.match(cell("title", { title }) ?? "", /^'/);
      assert.equal(cell("title", { title })?.replaceAll("'", ""), title);
    });
  }

  test("also behind what another spreadsheet takes for the end of a cell", () => {
    assert.equal(cell("title", { title: "a;=1" }), "a;'=1");
    assert.equal(cell("tags", { tags: ["a", "=1"] }), "a; '=1");
    assert.equal(cell("description", { description: "a\r\n=1" }), "a\n'=1");
    assert.equal(cell("title", { title: "a\t-1" }), "a\t'-1");
  });

  test("and a list in a description stays readable otherwise", () => {
    const description = "First.\n\nSecond; third = 3.";
    assert.equal(cell("description", { description }), description);
  });

  test("whatever the text", () => {
    const signs = fc.constantFrom("=", "+", "-", "@", "\t", "\r", "\n", ";", ",", '"', "'", " ", "a", "1", "＝");
    fc.assert(
      fc.property(fc.string({ unit: signs, minLength: 1 }), (title) => {
        const shown = cell("title", { title }) ?? "";
        assert.doesNotMatch(shown, /^[=+\-@\t\r\n＝]/u);
        for (const part of shown.split(/[;\t\n]/)) assert.doesNotMatch(part, /^ *[=+\-@＝]/u);
      }),
    );
  });
});
