import assert from "node:assert/strict";
import { randomUUIDv7 } from "node:crypto";
import { describe, test } from "node:test";
import type { IncidentDraft, WholeIncident } from "../../core/incidents/incident.ts";
import type { IncidentStore } from "../../core/store/ports.ts";
import { aCommit, afterNoon, aName, incidentsOf, madeBy, times } from "./builders.ts";
import { type NewPlace, sharedStore, twoGateways } from "./place.ts";

const windowMs = 60_000;

/** Alerts that a source's grouping folds into one incident. */
export function groupSuite(newPlace: NewPlace): void {
  describe("grouped alerts", { timeout: 120_000 }, () => {
    const shared = sharedStore(newPlace);

    /** A source's alerts, all of one group unless another is said; `at` is in milliseconds after noon. */
    function aGroup(): (at: number, draft?: Partial<IncidentDraft>) => Promise<WholeIncident> {
      const source = aName();
      const group = { key: randomUUIDv7(), windowMs };
      return async (at, draft = {}) => {
        const work = aCommit({ source }, { group, created_at: afterNoon(at), ...draft });
        return madeBy(await shared.store.commits.commit(work), shared.store.incidents);
      };
    }

    function close(incident: WholeIncident): ReturnType<IncidentStore["change"]> {
      const context = { by: "analyst:admin", at: new Date(afterNoon(1_000)) };
      return shared.store.incidents.change(incident.id, { status: "closed" }, context);
    }

    test("of one group fold into one incident, with a count, first and last times and all deliveries", async () => {
      const alert = aGroup();
      const first = await alert(0, { external_id: "a", title: "First", severity: "low" });
      const second = await alert(10_000, { external_id: "b", title: "Second", severity: "high" });
      const third = await alert(20_000, { external_id: null, title: "Third", severity: "low" });
      assert.deepEqual([second.id, third.id], [first.id, first.id]);
      assert.deepEqual(
        [third.occurrences, third.first_seen_at, third.last_seen_at, third.deliveries.length],
        [3, afterNoon(0), afterNoon(20_000), 3],
      );
      assert.deepEqual([third.title, third.severity, third.external_id, third.previous], ["Third", "high", "a", null]);
      assert.ok(!("group" in third), "how it is grouped is shown");
      const query = { source: third.source, limit: 9, includeTests: false };
      assert.equal((await shared.store.incidents.list(query)).data.length, 1);
    });

    test("without a group, or of another, stay apart", async () => {
      const alert = aGroup();
      const first = await alert(0);
      const other = await alert(1, { group: { key: randomUUIDv7(), windowMs } });
      const { group: _, ...draft } = { group: undefined };
      const work = aCommit({ source: first.source }, { ...draft, created_at: afterNoon(2) });
      const none = await madeBy(await shared.store.commits.commit(work), shared.store.incidents);
      assert.equal(new Set([first.id, other.id, none.id]).size, 3);
    });

    test("what the vendor says later of a folded alert goes to the same incident, and neither closes nor judges it", async () => {
      const alert = aGroup();
      const first = await alert(0, { external_id: "a" });
      await alert(1, { external_id: "b" });
      const over = {
        status: "closed",
        verdict: "false_positive",
        group: undefined,
      } as unknown as Partial<IncidentDraft>;
      const later = await alert(2, { external_id: "b", ...over });
      assert.deepEqual([later.id, later.status, later.verdict, later.occurrences], [first.id, "new", null, 3]);
      const own = await alert(3, { external_id: "a", ...over });
      assert.deepEqual([own.id, own.status], [first.id, "closed"], "its own alert still does");
    });

    test("a closed incident is not opened again: a new one names it", async () => {
      const alert = aGroup();
      const first = await alert(0, { external_id: "a" });
      await close(first);
      const next = await alert(10, { external_id: "b" });
      assert.notEqual(next.id, first.id);
      assert.deepEqual(next.previous, { incident_id: first.id, incident_number: first.number });
      assert.deepEqual(
        [next.status, next.occurrences, (await shared.store.incidents.get(first.id))?.status],
        ["new", 1, "closed"],
      );
      assert.equal((await alert(20, { external_id: "c" })).id, next.id);
    });

    test("the window is counted from the last alert; after it a new incident begins", async () => {
      const alert = aGroup();
      const first = await alert(0);
      assert.equal((await alert(windowMs)).id, first.id);
      assert.equal((await alert(2 * windowMs)).id, first.id);
      const next = await alert(3 * windowMs + 1);
      assert.notEqual(next.id, first.id);
      assert.equal(next.previous?.incident_id, first.id);
    });

    test("one of long ago that comes late is an incident of its own, and takes nothing over", async () => {
      const alert = aGroup();
      const first = await alert(10 * windowMs);
      const late = await alert(0);
      assert.notEqual(late.id, first.id);
      assert.equal(late.previous, null);
      assert.equal((await alert(10 * windowMs + 1)).id, first.id);
    });

    test("many at once, in two gateways, are one incident that counts them all", async () => {
      await using place = await newPlace();
      const gateway = await twoGateways(place);
      const group = { key: "of-many", windowMs };
      const works = times(60, (index) =>
        aCommit({}, { group, created_at: afterNoon(index), external_id: index % 3 === 0 ? null : `alert-${index}` }),
      );
      const results = await Promise.all(works.map((work, index) => gateway(index).commits.commit(work)));
      assert.equal(new Set(results.map((result) => incidentsOf(result)[0]?.incident_id)).size, 1);
      const { data } = await gateway(0).incidents.list({ limit: 9, includeTests: true });
      assert.deepEqual(
        data.map(({ occurrences, deliveries }) => [occurrences, deliveries.length]),
        [[60, 60]],
      );
    });

    test("of a delivery with several alerts of one group, all are counted", async () => {
      const group = { key: randomUUIDv7(), windowMs };
      const work = aCommit({ source: aName() }, { group });
      const [draft] = work.drafts;
      const drafts = times(
        3,
        (index) => ({ ...draft, id: randomUUIDv7(), external_id: `a-${index}` }) as IncidentDraft,
      );
      const refs = incidentsOf(await shared.store.commits.commit({ ...work, drafts }));
      assert.equal(new Set(refs.map(({ incident_id }) => incident_id)).size, 1);
      assert.equal((await shared.store.incidents.get(refs[0]?.incident_id ?? ""))?.occurrences, 3);
    });
  });
}
