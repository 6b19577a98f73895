import assert from "node:assert/strict";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { nextOf } from "../../../../../core/store/incident-query.ts";
import { type IncidentQuery, incidentSorts } from "../../../../../core/store/ports.ts";
import { type Database, openDatabase } from "../../../../../core/store/sqlite/database.ts";
import { placeAt, placeOf } from "../../../../../core/store/sqlite/incident-index.ts";
import { listStatements } from "../../../../../core/store/sqlite/incident-statements.ts";
import { shownRow } from "../../../../../core/store/sqlite/incidents.ts";
import { openSqliteStore } from "../../../../../core/store/sqlite/index.ts";
import { migrate } from "../../../../../core/store/sqlite/schema.ts";
import { aCommit, afterNoon, idAt, noon } from "../../../../contracts/builders.ts";
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

/** The plans of the ways that a list is read. @param rows how many rows any part of the filter lets through */
function plansOf(asked: Partial<IncidentQuery>, rows = 0): readonly string[] {
  const query = { limit: 50, includeTests: false, ...asked };
  const ways = [...listStatements(query, (_, values) => Number(values.at(-1)) < rows)];
  return ways.map(({ sql, values }) => {
    const plan = db.all(`EXPLAIN QUERY PLAN ${sql}`, ...values);
    return plan.map(({ detail }) => String(detail)).join("\n");
  });
}

const timesOf = { updated: "indexed_by_update", occurred: "indexed_by_occurrence" } as const;
const million = 1_000_000;

describe("a list by age asks the inverted index, and sorts nothing: filter", () => {
  for (const query of [
    {},
    { status: ["new", "closed"], severity: ["high"], verdict: ["none"], source: "a", plugin: "b", type: "c" },
    { assignee: "kim", tag: ["x"], entity: ["host:a"], search: "two words", number: "INC-2026-0001", external_id: "1" },
    { since: noon, until: noon, after: idAt(noon), tag: ["x"] },
  ] as const satisfies readonly Partial<IncidentQuery>[]) {
    test(JSON.stringify(query), () => {
      const [plan = "", ...more] = plansOf(query, million);
      assert.deepEqual(more, []);
      assert.match(plan, Object.keys(query).length === 0 ? /SCAN x$/m : /SCAN t VIRTUAL TABLE INDEX/);
      assert.match(plan, /SEARCH i USING INTEGER PRIMARY KEY/);
      assert.doesNotMatch(plan, /SCAN (?:i|incidents|indexed)\b/);
    });
  }
});

test("a page far behind the newest is first looked for where it begins", () => {
  for (const deep of [{ after: idAt(noon) }, { until: noon, since: noon }]) {
    const [first = "", last = "", ...more] = plansOf({ ...deep, status: ["new"] }, million);
    assert.deepEqual(more, []);
    assert.match(first, /CO-ROUTINE x\nSEARCH x USING INTEGER PRIMARY KEY \(rowid[<>]/);
    assert.doesNotMatch(first, /VIRTUAL TABLE/);
    assert.match(last, /SCAN t VIRTUAL TABLE INDEX/);
  }
});

describe("a list in another order", () => {
  for (const [sort, index] of Object.entries({ ...timesOf, severity: "indexed_by_severity" } as const)) {
    test(`by ${sort} walks some of its index first, and sorts nothing`, () => {
      for (const after of [{}, { after: `high ${idAt(noon)}` }]) {
        const [first = ""] = plansOf({ sort: sort as keyof typeof timesOf, status: ["new"], source: "a", ...after });
        assert.match(first, new RegExp(`CO-ROUTINE x\n(?:SCAN|SEARCH) x USING (?:COVERING )?INDEX ${index}`));
        assert.equal(first.match(/TEMP B-TREE/g)?.length, 1, "only the page that was found is sorted");
      }
    });
    test(`by ${sort} reads the matches where walking finds too few`, () => {
      const plan = plansOf({ sort: sort as keyof typeof timesOf, status: ["new"] }).at(-1) ?? "";
      assert.match(plan, /(?:SCAN t|incident_terms) VIRTUAL TABLE INDEX/);
      assert.match(plan, /SEARCH x USING (?:INTEGER PRIMARY KEY|COVERING INDEX indexed_by_severity)/);
    });
    test(`by ${sort} walks all of its index where many have a word`, () => {
      const [plan = "", ...more] = plansOf({ sort: sort as keyof typeof timesOf, search: "word" }, million);
      assert.deepEqual(more, []);
      assert.match(plan, new RegExp(`(?:SCAN|SEARCH) x USING (?:COVERING )?INDEX ${index}`));
    });
  }
});

describe("what is asked for of a time", () => {
  const short = 10;
  const weeks = 100_000;
  for (const [of, index] of Object.entries(timesOf)) {
    const asked = { [`${of}_since`]: noon, [`${of}_until`]: noon, status: ["new"] } as const;
    test(`is read from the index of what was ${of} alone where it is short, in any order`, () => {
      for (const sort of ["created", "severity"] as const) {
        const [plan = "", ...more] = plansOf({ ...asked, sort }, short);
        assert.deepEqual(more, []);
        assert.match(plan, new RegExp(`SEARCH x USING COVERING INDEX ${index} `));
      }
    });
    test(`is read from the index of what was ${of} where it is long and walking finds too few`, () => {
      const [first = "", last = "", ...more] = plansOf(asked, weeks);
      assert.deepEqual(more, []);
      assert.match(first, /CO-ROUTINE x\nSCAN x/);
      assert.match(last, new RegExp(`SEARCH x USING COVERING INDEX ${index} `));
    });
  }
  test("is read in the order of age where it is the creation", () => {
    const [plan = "", ...more] = plansOf({ since: noon, until: noon, sort: "severity" }, short);
    assert.deepEqual(more, []);
    assert.match(plan, /SEARCH x USING INTEGER PRIMARY KEY \(rowid>\? AND rowid<\?\)/);
  });
});

test("whichever way a list is read, it is the same", async () => {
  const file = join(folder.path, "filled.db");
  const store = await openSqliteStore(file);
  for (let index = 0; index < 120; index++) {
    await store.commits.commit(
      aCommit(
        {},
        {
          created_at: afterNoon(index),
          updated_at: afterNoon(index + ((index * 7) % 40)),
          occurred_at: afterNoon((index * 11) % 90),
          severity: (["critical", "high", "medium"] as const)[index % 3] ?? "info",
          status: index % 5 === 0 ? "closed" : "new",
          title: index % 2 === 0 ? "An even one" : "An odd one",
          tags: index % 7 === 0 ? ["test"] : [],
        },
      ),
    );
  }
  const filters: readonly Partial<IncidentQuery>[] = [
    {},
    { status: ["new"] },
    { status: ["closed"], severity: ["high", "medium"], search: "even" },
    { since: afterNoon(20), until: afterNoon(90), includeTests: true },
    { updated_since: afterNoon(30), updated_until: afterNoon(80), status: ["new"] },
    { occurred_since: afterNoon(10), occurred_until: afterNoon(60), since: afterNoon(30), search: "one" },
  ];
  await store.incidents.list({ limit: 1, includeTests: true });
  await store.close();
  const filled = openDatabase(file, "read");
  for (const sort of incidentSorts) {
    for (const filter of filters) {
      let query: IncidentQuery = { limit: 10, includeTests: false, ...filter, sort };
      for (let page = 0; page < 3; page++) {
        const found = [0, 1, 50_000, million].map((rows) => {
          const ways = [...listStatements(query, (_, values) => Number(values.at(-1)) < rows)];
          const lists = ways.map(({ sql, values }) => filled.all(sql, ...values).map(shownRow));
          return lists.filter((list, index) => list.length > query.limit || index === lists.length - 1);
        });
        const [first = [], ...others] = found.flat();
        const ids = first.map(({ id }) => id);
        for (const other of others)
          assert.deepEqual(
            other.map(({ id }) => id),
            ids,
            JSON.stringify(query),
          );
        const last = first[query.limit - 1];
        if (last === undefined) break;
        query = { ...query, after: nextOf(last, sort) };
      }
    }
  }
  filled.close();
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
