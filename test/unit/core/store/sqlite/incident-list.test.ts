import assert from "node:assert/strict";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import type { IncidentQuery } from "../../../../../core/store/ports.ts";
import { type Database, openDatabase } from "../../../../../core/store/sqlite/database.ts";
import { placeAt, placeOf } from "../../../../../core/store/sqlite/incident-index.ts";
import { listStatement } from "../../../../../core/store/sqlite/incident-list.ts";
import { migrate } from "../../../../../core/store/sqlite/schema.ts";
import { afterNoon, idAt, noon } from "../../../../contracts/builders.ts";
import { aFolder } from "../../../../support/gateway-process.ts";

let folder: Awaited<ReturnType<typeof aFolder>>;
let db: Database;
before(async () => {
  folder = await aFolder();
  db = openDatabase(join(folder.path, "thruway.db"), "write");
  migrate(db.handle);
});
after(async () => {
  db.close();
  await folder[Symbol.asyncDispose]();
});

/** The plan of a list. @param matches how many incidents the filter lets through */
function planOf(asked: Partial<IncidentQuery>, matches = 0): string {
  const query = { limit: 50, includeTests: false, ...asked };
  const { sql, values } = listStatement(query, () => (matches > 20_000 ? 1 : 0));
  const rows = db.all(`EXPLAIN QUERY PLAN ${sql}`, ...values);
  return rows.map(({ detail }) => String(detail)).join("\n");
}

const few: readonly Partial<IncidentQuery>[] = [
  {},
  { status: ["new", "closed"], severity: ["high"], verdict: ["none"], source: "a", plugin: "b", type: "c" },
  { assignee: "kim", tag: ["x"], entity: ["host:a"], search: "two words", number: "INC-2026-0001", external_id: "1" },
  { since: noon, until: noon, after: idAt(noon) },
  { updated_since: noon, occurred_until: noon },
];

describe("a list by age asks the inverted index, and sorts nothing: filter", () => {
  for (const query of few) {
    test(JSON.stringify(query), () => {
      const plan = planOf(query, 10);
      assert.match(plan, /SCAN t VIRTUAL TABLE INDEX/);
      assert.match(plan, /SEARCH x USING INTEGER PRIMARY KEY/);
      assert.match(plan, /SEARCH i USING INTEGER PRIMARY KEY/);
      assert.doesNotMatch(plan, /SCAN (?:i|incidents|indexed)\b/);
    });
  }
});

test("a page far behind the newest, of many that match, is read in the order of age from where it begins", () => {
  for (const deep of [{ after: idAt(noon) }, { until: noon, since: noon }]) {
    const plan = planOf({ ...deep, status: ["new"] }, 1_000_000);
    assert.match(plan, /SEARCH x USING INTEGER PRIMARY KEY \(rowid[<>]/);
    assert.doesNotMatch(plan, /VIRTUAL TABLE/);
  }
});

describe("a list in another order", () => {
  const indexes = { updated: "indexed_by_update", occurred: "indexed_by_occurrence", severity: "indexed_by_severity" };
  for (const [sort, index] of Object.entries(indexes) as [keyof typeof indexes, string][]) {
    test(`by ${sort} walks its index where many match`, () => {
      const plan = planOf({ sort, status: ["new"], source: "a", after: `high ${idAt(noon)}` }, 1_000_000);
      assert.match(plan, new RegExp(`(?:SCAN|SEARCH) x USING INDEX ${index}`));
    });
    test(`by ${sort} reads the matches where there are few`, () => {
      const plan = planOf({ sort, tag: ["rare"] }, 10);
      assert.match(plan, /SEARCH x USING INTEGER PRIMARY KEY \(rowid=\?\)/);
    });
  }
});

test("places rise with the ids, and begin where their moment does", () => {
  const ids = [0, 1, 2, 60_000].map((milliseconds) => idAt(afterNoon(milliseconds)));
  const places = ids.map(placeOf);
  assert.deepEqual(
    places,
    places.toSorted((a, b) => a - b),
  );
  assert.ok(places.every((place) => Number.isSafeInteger(place)));
  assert.ok(placeAt(afterNoon(1)) > (places[0] ?? 0) && placeAt(afterNoon(1)) <= (places[1] ?? 0));
});
