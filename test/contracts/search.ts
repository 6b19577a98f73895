import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { IncidentDraft, WholeIncident } from "../../core/incidents/incident.ts";
import type { IncidentFilter, IncidentQuery } from "../../core/store/ports.ts";
import { aCommit, afterNoon, allPages, aName, awkwardTexts, madeBy, times } from "./builders.ts";
import { type NewPlace, sharedStore, twoGateways } from "./place.ts";

type Filter = Omit<IncidentQuery, "limit" | "includeTests">;

/** Everything on which an analyst filters, sorts and counts. */
export function searchSuite(newPlace: NewPlace): void {
  describe("searching incidents", { timeout: 120_000 }, () => {
    const shared = sharedStore(newPlace);

    async function make(source: string, draft: Partial<IncidentDraft> = {}): Promise<WholeIncident> {
      return madeBy(await shared.store.commits.commit(aCommit({ source }, draft)), shared.store.incidents);
    }

    async function idsOf(filter: Filter): Promise<readonly string[]> {
      const { data } = await shared.store.incidents.list({ limit: 200, includeTests: false, ...filter });
      return data.map(({ id }) => id);
    }

    /** Makes incidents, and gives a function that says that a filter finds these of them, newest first. */
    async function among(drafts: readonly Partial<IncidentDraft>[]): Promise<{
      readonly source: string;
      readonly finds: (filter: Filter, ...expected: readonly number[]) => Promise<void>;
    }> {
      const source = aName();
      const ids: string[] = [];
      for (const [index, draft] of drafts.entries()) {
        ids.push((await make(source, { created_at: afterNoon(index), ...draft })).id);
      }
      return {
        source,
        finds: async (filter, ...expected) => {
          assert.deepEqual(
            await idsOf({ source, ...filter }),
            expected.map((index) => ids[index]),
            JSON.stringify(filter),
          );
        },
      };
    }

    test("a list is filtered by plugin, verdict, assignee, tag, number and all of them", async () => {
      const { source, finds } = await among([
        { plugin: "splunk", verdict: "true_positive", assignee: "kim", tags: ["vip", "two words"] },
        { plugin: "splunk", verdict: null, assignee: "Kim", tags: ["vip"] },
        { plugin: "defender", verdict: "false_positive", tags: ["VIP"] },
      ]);
      await finds({ plugin: "splunk" }, 1, 0);
      await finds({ verdict: ["true_positive", "false_positive"] }, 2, 0);
      await finds({ verdict: ["none"] }, 1);
      await finds({ verdict: ["none", "false_positive"] }, 2, 1);
      await finds({ assignee: "kim" }, 0);
      await finds({ assignee: "none" }, 2);
      await finds({ tag: ["vip"] }, 1, 0);
      await finds({ tag: ["vip", "two words"] }, 0);
      await finds({ tag: ["two"] });
      await finds({ plugin: "splunk", tag: ["vip"], verdict: ["none"], assignee: "Kim" }, 1);
      const { data } = await shared.store.incidents.list({ source, limit: 1, includeTests: false });
      await finds({ number: data[0]?.number ?? "" }, 2);
      await finds({ number: data[0]?.number.toLowerCase() ?? "" }, 2);
      await finds({ number: "INC-1999-0001" });
    });

    test("a list is filtered by entity, of a type or of any, in any form and case", async () => {
      const { finds } = await among([
        { entities: [{ type: "ip", role: "source", value: "2001:db8::1" }] },
        { entities: [{ type: "host", role: "target", value: "workstation-01" }] },
        {
          entities: [
            { type: "host", role: "target", value: "workstation-01" },
            { type: "url", role: "related", value: "https://evil.example/a,b" },
          ],
        },
        { entities: [{ type: "process", role: "related", value: "PowerShell.exe" }] },
        { title: "workstation-01 2001:db8::1 is not an entity here" },
      ]);
      await finds({ entity: ["ip:2001:db8::1"] }, 0);
      await finds({ entity: ["2001:0DB8:0::1"] }, 0);
      await finds({ entity: ["WORKSTATION-01"] }, 2, 1);
      await finds({ entity: ["host:Workstation-01"] }, 2, 1);
      await finds({ entity: ["user:workstation-01"] });
      await finds({ entity: ["hxxps://evil[.]example/a,b"] }, 2);
      await finds({ entity: ["workstation-01", "url:https://evil.example/a,b"] }, 2);
      await finds({ entity: ["powershell.exe"] }, 3);
      await finds({ entity: ["workstation"] });
    });

    test("a search finds all its words, wherever they stand, whatever their case and accents", async () => {
      const { finds } = await among([
        { title: "Phishing from Müller & Söhne", description: "Invoice attached" },
        { title: "Brute force", entities: [{ type: "email", role: "sender", value: "invoice@mueller.example" }] },
        { title: "ФИШИНГ письмо", type: "mail_fraud", external_id: "Case-77/b" },
        { title: "不審なメールを検出しました" },
      ]);
      await finds({ search: "invoice" }, 1, 0);
      await finds({ search: "INVOICE muller" }, 0);
      await finds({ search: "invoice@mueller.example" }, 1);
      await finds({ search: "attached brute" });
      await finds({ search: "фишинг" }, 2);
      await finds({ search: "fraud 77" }, 2);
      await finds({ search: "不審 メール" }, 3);
      await finds({ search: "invoic" });
      await finds({ search: '"; DROP TABLE incidents; --' });
    });

    test("what changes is found as it is now, and no longer as it was", async () => {
      const source = aName();
      const alert = { external_id: "a", title: "Before", status: "new", tags: ["old"] } as const;
      const { id } = await make(source, alert);
      assert.deepEqual(await idsOf({ source, search: "before", status: ["new"] }), [id]);
      await make(source, { ...alert, title: "After", status: "closed", created_at: afterNoon(9) });
      const context = { by: "analyst:admin", at: new Date(afterNoon(20)) };
      await shared.store.incidents.change(id, { remove_tags: ["old"], add_tags: ["fresh"], assignee: "kim" }, context);
      assert.deepEqual(await idsOf({ source, search: "before" }), []);
      assert.deepEqual(await idsOf({ source, status: ["new"] }), []);
      assert.deepEqual(await idsOf({ source, tag: ["old"] }), []);
      assert.deepEqual(await idsOf({ source, search: "after", status: ["closed"], tag: ["fresh"], assignee: "kim" }), [
        id,
      ]);
    });

    test("values of any kind are found, and only they", async () => {
      for (const awkward of awkwardTexts) {
        const source = aName();
        const { id } = await make(source, { tags: [awkward], assignee: awkward, plugin: awkward, type: awkward });
        await make(source, {
          tags: [`${awkward} `],
          assignee: `${awkward} `,
          plugin: `${awkward} `,
          type: `${awkward} `,
        });
        assert.deepEqual(
          await idsOf({ source, tag: [awkward], assignee: awkward, plugin: awkward, type: awkward }),
          [id],
          awkward,
        );
      }
    });

    test("a list is bounded by when its incidents changed and when they happened", async () => {
      const { finds } = await among([
        { occurred_at: afterNoon(100), updated_at: afterNoon(1_000) },
        { occurred_at: afterNoon(50), updated_at: afterNoon(3_000) },
        { occurred_at: afterNoon(200), updated_at: afterNoon(2_000) },
      ]);
      await finds({ updated_since: afterNoon(2_000) }, 2, 1);
      await finds({ updated_until: afterNoon(2_000) }, 0);
      await finds({ occurred_since: afterNoon(100) }, 2, 0);
      await finds({ occurred_until: afterNoon(100) }, 1);
      await finds({ occurred_since: afterNoon(60), updated_since: afterNoon(1_500) }, 2);
      await finds({ sort: "updated" }, 1, 2, 0);
      await finds({ sort: "occurred" }, 2, 0, 1);
      await finds({ sort: "occurred", updated_since: afterNoon(1_500) }, 2, 1);
    });

    for (const sort of ["created", "updated", "occurred", "severity"] as const) {
      test(`pages sorted by ${sort} hold every incident once, in one order, while new ones arrive`, async () => {
        const source = aName();
        const severities = ["critical", "high", "medium"] as const;
        const made = await Promise.all(
          times(30, (index) =>
            make(source, {
              created_at: afterNoon(index),
              updated_at: afterNoon((index * 7) % 10),
              occurred_at: afterNoon((index * 11) % 13),
              severity: severities[index % 3] ?? "info",
              type: "paged",
            }),
          ),
        );
        let later = 1_000;
        async function arrive(): Promise<void> {
          later += 1;
          const at = afterNoon(later);
          await make(source, { created_at: at, updated_at: at, occurred_at: at, severity: "critical" });
        }
        const query = { source, type: "paged", sort, limit: 7, includeTests: false } as const;
        const pages = await allPages((each) => shared.store.incidents.list(each), query, arrive);
        const key = (incident: (typeof made)[number]): string => {
          const first = { created: "", updated: incident.updated_at, occurred: incident.occurred_at, severity: "" }[
            sort
          ];
          const rank =
            sort === "severity" && incident.severity !== "critical" ? (incident.severity === "high" ? 1 : 0) : 2;
          return `${rank} ${first} ${incident.id}`;
        };
        assert.deepEqual(
          pages.flat().map(({ id }) => id),
          made.toSorted((a, b) => (key(a) < key(b) ? 1 : -1)).map(({ id }) => id),
        );
      });
    }

    test("values are counted, the most frequent first, under the filter", async () => {
      const { source } = await among([
        { severity: "high", status: "new", verdict: null, type: "a" },
        { severity: "high", status: "closed", verdict: "suspicious", type: "b" },
        { severity: "low", status: "new", verdict: null, type: "b" },
        { severity: "low", status: "new", tags: ["test"] },
      ]);
      async function counts(filter: Partial<IncidentFilter>): Promise<object> {
        const facets = ["status", "severity", "verdict", "type", "source", "plugin", "assignee"] as const;
        return shared.store.incidents.count({ source, includeTests: false, ...filter }, facets);
      }
      assert.deepEqual(await counts({}), {
        facets: {
          status: { new: 2, closed: 1 },
          severity: { high: 2, low: 1 },
          verdict: { none: 2, suspicious: 1 },
          type: { b: 2, a: 1 },
          source: { [source]: 3 },
          plugin: { generic: 3 },
          assignee: { none: 3 },
        },
        counted: 3,
        complete: true,
      });
      assert.deepEqual(
        await shared.store.incidents.count({ source, status: ["closed"], includeTests: true }, ["type"]),
        {
          facets: { type: { b: 1 } },
          counted: 1,
          complete: true,
        },
      );
      const nothing = { facets: { type: {} }, counted: 0, complete: true };
      assert.deepEqual(await shared.store.incidents.count({ source: aName(), includeTests: true }, ["type"]), nothing);
      const recent = { source, since: afterNoon(2), includeTests: true };
      assert.equal((await shared.store.incidents.count(recent, ["type"])).counted, 2);
    });

    test("what one gateway stores, another finds at once", async () => {
      await using place = await newPlace();
      const gateway = await twoGateways(place);
      for (let index = 0; index < 10; index++) {
        await gateway(index).commits.commit(aCommit({}, { title: `Alert number${index}` }));
        const query = { search: `number${index}`, limit: 5, includeTests: false };
        assert.equal((await gateway(index + 1).incidents.list(query)).data.length, 1);
      }
    });

    test("what was removed is not found any more", async () => {
      await using place = await newPlace();
      const store = await place.open();
      await store.commits.commit(aCommit({}, { title: "Soon gone" }));
      const query = { search: "gone", limit: 5, includeTests: false };
      assert.equal((await store.incidents.list(query)).data.length, 1);
      assert.equal(await store.incidents.prune(new Date(afterNoon(60_000)), 10), 1);
      assert.equal((await store.incidents.list(query)).data.length, 0);
      assert.equal((await store.incidents.list({ limit: 5, includeTests: true })).data.length, 0);
    });
  });
}
