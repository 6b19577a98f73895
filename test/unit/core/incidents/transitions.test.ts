import assert from "node:assert/strict";
import { test } from "node:test";
import { statuses } from "../../../../core/incidents/incident.ts";
import { mayBecome, transitions } from "../../../../core/incidents/transitions.ts";
import { codeOf, readPage, rowsOf, sectionsOf } from "../../../support/markdown.ts";

test("the table of the page is the table of the code", async () => {
  const section = sectionsOf(await readPage("docs/http-api.md")).find(({ title }) => /What a status/.test(title));
  const rows = rowsOf(section?.text ?? "").map(([status = "", becomes = ""]) => [codeOf(status)[0], codeOf(becomes)]);
  assert.deepEqual(Object.fromEntries(rows), transitions);
});

test("what is over can be taken up again, and nothing else; from everywhere it can be ended", () => {
  for (const status of statuses) {
    assert.ok(mayBecome(status, status));
    assert.ok(mayBecome(status, "closed"));
  }
  assert.deepEqual(
    statuses.filter((status) => mayBecome("closed", status)),
    ["in_progress", "closed"],
  );
});
