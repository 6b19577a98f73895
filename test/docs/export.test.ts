import assert from "node:assert/strict";
import { test } from "node:test";
import { exportFormats } from "../../core/incidents/export/formats.ts";
import { ocsfClasses, toOcsf } from "../../core/incidents/export/ocsf.ts";
import { statuses, verdicts } from "../../core/incidents/incident.ts";
import { anIncident } from "../support/an-incident.ts";
import { aGateway } from "../support/gateway.ts";
import { codeOf, readPage, rowsOf, sectionsOf } from "../support/markdown.ts";
import { anEmptyFolder, walkThrough } from "../support/page.ts";

type Json = ReturnType<typeof JSON.parse>;

const sections = sectionsOf(await readPage("docs/export.md"));

function rowsUnder(title: string): ReturnType<typeof rowsOf> {
  const section = sections.find((each) => each.title === title);
  assert.ok(section, `there is no "${title}"`);
  return rowsOf(section.text);
}

test("docs/export.md: its commands do what it says", async () => {
  await using gateway = await aGateway();
  await using place = await anEmptyFolder({ TW_API_URL: gateway.url, TW_API_KEY: gateway.token });
  await walkThrough("docs/export.md", place, { url: gateway.url });
});

test("docs/export.md lists the formats", () => {
  const listed = rowsUnder("Export").map(([name = ""]) => codeOf(name)[0]);
  assert.deepEqual(new Set(listed), new Set(exportFormats));
});

test("docs/export.md says what becomes of each status and verdict", () => {
  const rows = rowsUnder("Statuses and verdicts");
  for (const status of statuses) {
    const shown = rows.find(([name = ""]) => codeOf(name)[0] === status)?.slice(1);
    const real = ocsfClasses.map((as) => toOcsf(anIncident({ status }), as) as Json);
    assert.deepEqual(
      shown,
      real.map((event) => `${event.status_id} ${event.status}`),
    );
  }
  for (const verdict of verdicts) {
    const [, shown = ""] = rows.find(([name = ""]) => codeOf(name)[0] === verdict) ?? [];
    assert.match(shown, new RegExp(`^${(toOcsf(anIncident({ verdict })) as Json).verdict_id} `));
  }
});
