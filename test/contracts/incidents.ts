import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Incident, IncidentDraft } from "../../core/incidents/incident.ts";
import type { IncidentQuery } from "../../core/store/ports.ts";
import { aCommit, afterNoon, allPages, aName, awkwardTexts, idAt, madeBy, noon, times } from "./builders.ts";
import { type NewPlace, sharedStore } from "./place.ts";

type Filter = Omit<IncidentQuery, "limit" | "includeTests"> & { readonly includeTests?: boolean };

/** Incidents as they are read: by id, by number, by filters and pages. */
export function incidentSuite(newPlace: NewPlace): void {
  describe("incidents", { timeout: 60_000 }, () => {
    const shared = sharedStore(newPlace);

    /** As a list shows it. */
    async function make(source: string, draft: Partial<IncidentDraft> = {}): Promise<Incident> {
      const received_at = draft.created_at ?? noon;
      const result = await shared.store.commits.commit(aCommit({ source, received_at }, draft));
      const { timeline: _, ...incident } = await madeBy(result, shared.store.incidents);
      return incident;
    }

    async function idsOf(filter: Filter): Promise<readonly string[]> {
      const { data } = await shared.store.incidents.list({ limit: 200, includeTests: false, ...filter });
      return data.map(({ id }) => id);
    }

    test("an incident is found by its id and by its number, in any case", async () => {
      const incident = await make(aName());
      for (const name of [incident.id, incident.id.toUpperCase(), incident.number, incident.number.toLowerCase()]) {
        assert.deepEqual(await shared.store.incidents.get(name), { ...incident, timeline: [] });
      }
    });

    test("an incident names the trace that it was made in, whatever updates it later", async () => {
      const [traced, untraced, source] = ["0af7651916cd43dd8448eb211c80319c", "b".repeat(32), aName()];
      const made = await make(source, { external_id: "traced", trace_id: traced });
      assert.equal(made.trace_id, traced);
      const updated = await make(source, { external_id: "traced", trace_id: untraced });
      assert.deepEqual([updated.id, updated.occurrences, updated.trace_id], [made.id, 2, traced]);
      assert.equal((await make(source)).trace_id, null);
    });

    test("what is no id and no number finds nothing", async () => {
      await make(aName());
      const names = [
        "",
        "INC",
        "INC-2026-",
        "INC-2026-9999",
        "INC-1999-0001",
        "1",
        idAt(noon),
        "' OR 1=1 --",
        "%",
        "\0",
      ];
      for (const name of names) assert.equal(await shared.store.incidents.get(name), undefined, name);
    });

    test("texts, lists and absences come back exactly", async () => {
      for (const awkward of awkwardTexts) {
        const draft = {
          external_id: awkward,
          type: awkward,
          title: awkward,
          description: awkward,
          vendor_severity: awkward,
          url: awkward,
          assignee: awkward,
          tags: [awkward, "second"],
          entities: [{ type: "user", role: "target", value: awkward }],
          mitre: [{ id: awkward }, { tactic: awkward, technique: awkward }],
          verdict: "true_positive",
        } as const satisfies Partial<IncidentDraft>;
        const source = aName();
        const incident = await make(source, draft);
        for (const [field, value] of Object.entries(draft)) assert.deepEqual(incident[field as keyof Incident], value);
        assert.deepEqual(await idsOf({ source, external_id: awkward }), [incident.id]);
        assert.deepEqual(await idsOf({ source, type: awkward }), [incident.id]);
        assert.deepEqual(await make(source, { external_id: awkward }).then(({ occurrences }) => occurrences), 2);
      }
    });

    test("when an alert said what is kept for the next alert, and not shown", async () => {
      const source = aName();
      const said = { type: noon, title: noon, status: noon };
      const later = { type: afterNoon(9), title: afterNoon(9), status: afterNoon(9) };
      await make(source, { external_id: "a", title: "Closed", status: "closed", said: later });
      const incident = await make(source, { external_id: "a", title: "Open", status: "new", said });
      assert.deepEqual([incident.title, incident.status], ["Closed", "closed"]);
      const { data } = await shared.store.incidents.list({ source, status: ["closed"], limit: 9, includeTests: false });
      assert.deepEqual(data, [incident]);
      assert.ok(!("said" in incident), "said is shown");
    });

    test("a list shows whole incidents, newest first", async () => {
      const source = aName();
      const made: Incident[] = [];
      for (const index of [2, 0, 4, 1, 3]) made.push(await make(source, { created_at: afterNoon(index) }));
      const { data, next } = await shared.store.incidents.list({ source, limit: 200, includeTests: false });
      assert.deepEqual(
        data,
        made.toSorted((a, b) => b.created_at.localeCompare(a.created_at)),
      );
      assert.equal(next, undefined);
    });

    test("a list is filtered by source, severity, status, type, vendor's id and all of them", async () => {
      const [source, other] = [aName(), aName()];
      const drafts = [
        { severity: "critical", status: "new", type: "phishing", external_id: "a" },
        { severity: "critical", status: "closed", type: "malware", external_id: "b" },
        { severity: "high", status: "new", type: "malware", external_id: null },
        { severity: "low", status: "in_progress", type: "phishing", external_id: "c" },
      ] as const;
      const ids: string[] = [];
      for (const [index, draft] of drafts.entries()) {
        ids.push((await make(source, { ...draft, created_at: afterNoon(index) })).id);
      }
      await make(other, { severity: "critical", external_id: "a" });

      async function finds(filter: Filter, ...expected: readonly number[]): Promise<void> {
        assert.deepEqual(
          await idsOf({ source, ...filter }),
          expected.map((index) => ids[index]),
          JSON.stringify(filter),
        );
      }
      await finds({}, 3, 2, 1, 0);
      await finds({ source: "nobody" });
      await finds({ severity: ["critical"] }, 1, 0);
      await finds({ severity: ["critical", "low"] }, 3, 1, 0);
      await finds({ severity: ["info"] });
      await finds({ status: ["new"] }, 2, 0);
      await finds({ status: ["closed", "in_progress"] }, 3, 1);
      await finds({ type: "malware" }, 2, 1);
      await finds({ type: "Malware" });
      await finds({ external_id: "a" }, 0);
      await finds({ external_id: "null" });
      await finds({ severity: ["critical", "high"], status: ["new"], type: "malware" }, 2);
      await finds({ severity: ["critical"], external_id: "c" });
      await finds({ severity: ["critical", "low"], since: afterNoon(1), until: afterNoon(3) }, 1);
    });

    test("without a source, a list holds the incidents of all", async () => {
      const made = [await make(aName(), { type: "of-many-sources" }), await make(aName(), { type: "of-many-sources" })];
      assert.deepEqual((await idsOf({ type: "of-many-sources" })).toSorted(), made.map(({ id }) => id).toSorted());
    });

    test("since is included, until is not", async () => {
      const source = aName();
      const ids: string[] = [];
      for (let index = 0; index < 4; index++) ids.push((await make(source, { created_at: afterNoon(index) })).id);
      assert.deepEqual(await idsOf({ source, since: afterNoon(1) }), [ids[3], ids[2], ids[1]]);
      assert.deepEqual(await idsOf({ source, until: afterNoon(1) }), [ids[0]]);
      assert.deepEqual(await idsOf({ source, since: afterNoon(1), until: afterNoon(3) }), [ids[2], ids[1]]);
      assert.deepEqual(await idsOf({ source, since: afterNoon(2), until: afterNoon(2) }), []);
    });

    test("tests are left out unless asked for, and are found by id all the same", async () => {
      const source = aName();
      const real = await make(source, { tags: ["tested", "test "] });
      const test = await make(source, { tags: ["vendor", "test"], created_at: afterNoon(1) });
      assert.deepEqual(await idsOf({ source }), [real.id]);
      assert.deepEqual(await idsOf({ source, includeTests: true }), [test.id, real.id]);
      assert.deepEqual(await shared.store.incidents.get(test.number), { ...test, timeline: [] });
    });

    test("pages hold every incident once, while new ones arrive and old ones change", async () => {
      const source = aName();
      const made: Incident[] = [];
      for (const index of times(30, (index) => index)) {
        made.push(await make(source, { created_at: afterNoon(index), external_id: `alert-${index}` }));
      }
      let later = 1_000;
      async function arrive(): Promise<void> {
        later += 1;
        await make(source, { created_at: afterNoon(later), external_id: `alert-${later % 30}` });
        await make(source, { created_at: afterNoon(later) });
      }
      const pages = await allPages(
        (query) => shared.store.incidents.list(query),
        { source, limit: 7, includeTests: false },
        arrive,
      );
      assert.deepEqual(
        pages.map((page) => page.length),
        [7, 7, 7, 7, 2],
      );
      assert.deepEqual(
        pages.flat().map(({ id }) => id),
        made.map(({ id }) => id).toReversed(),
      );
    });

    test("pages of a filtered list hold what the filter lets through", async () => {
      const source = aName();
      const severities = ["critical", "high", "low"] as const;
      await Promise.all(times(30, (index) => make(source, { severity: severities[index % 3] ?? "info" })));
      for (const [severity, lengths] of [
        [["high"], [4, 4, 2]],
        [
          ["high", "low"],
          [4, 4, 4, 4, 4],
        ],
      ] as const) {
        const query = { source, severity, limit: 4, includeTests: false };
        const pages = await allPages((each) => shared.store.incidents.list(each), query);
        assert.deepEqual(
          pages.map((page) => page.length),
          lengths,
        );
        assert.equal(
          new Set(pages.flat().map(({ id }) => id)).size,
          lengths.reduce((sum, length) => sum + length, 0),
        );
      }
    });

    test("an incident names its first hundred deliveries, oldest first, and counts all", async () => {
      const source = aName();
      const works = times(105, (index) =>
        aCommit({ source, received_at: afterNoon(index) }, { external_id: "noisy", created_at: afterNoon(index) }),
      );
      await Promise.all(works.map((work) => shared.store.commits.commit(work)));
      const { data } = await shared.store.incidents.list({ source, limit: 10, includeTests: false });
      assert.equal(data.length, 1);
      assert.equal(data[0]?.occurrences, 105);
      assert.deepEqual(
        data[0]?.deliveries,
        works.slice(0, 100).map(({ delivery }) => delivery.id),
      );
    });
  });
}
