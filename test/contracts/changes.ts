import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Refusal } from "../../core/errors.ts";
import type { ChangeContext, IncidentChange } from "../../core/incidents/change.ts";
import type { IncidentDraft, WholeIncident } from "../../core/incidents/incident.ts";
import { aCommit, afterNoon, aName, awkwardTexts, madeBy, noon, times } from "./builders.ts";
import { type NewPlace, sharedStore, twoGateways } from "./place.ts";

/** Every change by an analyst or a playbook, alone and against alerts that arrive meanwhile. */
export function changeSuite(newPlace: NewPlace): void {
  describe("changes", { timeout: 120_000 }, () => {
    const shared = sharedStore(newPlace);

    async function make(draft: Partial<IncidentDraft> = {}): Promise<WholeIncident> {
      const work = aCommit({ source: draft.source ?? aName() }, draft);
      return madeBy(await shared.store.commits.commit(work), shared.store.incidents);
    }

    async function change(
      incident: WholeIncident,
      asked: IncidentChange,
      context: Partial<ChangeContext> = {},
    ): Promise<WholeIncident> {
      const by = "analyst:admin";
      const at = new Date(afterNoon(1_000));
      const changed = await shared.store.incidents.change(incident.id, asked, { by, at, ...context });
      return changed ?? assert.fail("the incident is there");
    }

    test("a change is stored, and its timeline says who changed what, from what to what, when and why", async () => {
      const incident = await make({ severity: "low", tags: ["vendor", "noise"] });
      assert.deepEqual([incident.version, incident.timeline], [1, []]);
      const changed = await change(
        incident,
        { severity: "high", assignee: "kim", add_tags: ["vip"], remove_tags: ["noise"], comment: "Seen before" },
        { why: "Same sender as yesterday" },
      );
      assert.deepEqual(changed, {
        ...incident,
        severity: "high",
        assignee: "kim",
        tags: ["vendor", "vip"],
        updated_at: afterNoon(1_000),
        version: 2,
        timeline: [
          {
            at: afterNoon(1_000),
            by: "analyst:admin",
            why: "Same sender as yesterday",
            version: 2,
            changes: [
              { field: "severity", from: "low", to: "high" },
              { field: "assignee", from: null, to: "kim" },
              { field: "tags", from: ["vendor", "noise"], to: ["vendor", "vip"] },
            ],
            comment: "Seen before",
          },
        ],
      });
      assert.deepEqual(await shared.store.incidents.get(incident.number), changed);
      const { timeline: _, ...listed } = changed;
      const { source } = incident;
      assert.deepEqual(
        (await shared.store.incidents.list({ source, severity: ["high"], limit: 9, includeTests: false })).data,
        [listed],
      );
    });

    test("what stands already is no change", async () => {
      const incident = await make({ status: "in_progress", tags: ["a"] });
      assert.deepEqual(
        await change(incident, { status: "in_progress", add_tags: ["a"], remove_tags: ["b"] }),
        incident,
      );
    });

    test("of an incident that there is not, nothing is changed", async () => {
      for (const name of ["INC-2026-999999", "x"]) {
        const context = { by: "analyst:admin", at: new Date(noon) };
        assert.equal(await shared.store.incidents.change(name, { comment: "?" }, context), undefined);
      }
    });

    test("a forbidden transition names the allowed ones, and changes nothing", async () => {
      const incident = await make({ status: "closed" });
      await assert.rejects(change(incident, { status: "escalated", comment: "x" }), (error: Refusal) => {
        assert.equal(error.code, "forbidden_transition");
        assert.match(error.message, /is closed and cannot become escalated; it can become in_progress/);
        return true;
      });
      assert.deepEqual(await shared.store.incidents.get(incident.id), incident);
    });

    test("a change of another version than asked for is refused, and changes nothing", async () => {
      const incident = await make();
      const first = await change(incident, { status: "in_progress" }, { version: 1 });
      await assert.rejects(change(incident, { status: "closed" }, { version: 1 }), { code: "version_mismatch" });
      assert.deepEqual(await shared.store.incidents.get(incident.id), first);
    });

    test("a change with a key is made once", async () => {
      const incident = await make();
      const first = await change(incident, { comment: "once" }, { key: "run-1/step-2" });
      assert.deepEqual(await change(incident, { comment: "once" }, { key: "run-1/step-2" }), first);
      assert.deepEqual(
        first.timeline.map((entry) => [entry.comment, "key" in entry]),
        [["once", false]],
      );
    });

    test("what was decided, no later alert changes; what was not, it does", async () => {
      const source = aName();
      const alert = { source, external_id: "a", severity: "low", title: "First", tags: ["noise"] } as const;
      const incident = await make(alert);
      const asked = { severity: "info", verdict: "false_positive", status: "closed", remove_tags: ["noise"] } as const;
      await change(incident, asked);
      const later = { ...alert, title: "Second", severity: "critical", created_at: afterNoon(9_000) } as const;
      const now = await make({ ...later, status: "new", verdict: "true_positive" });
      assert.deepEqual(
        [now.severity, now.verdict, now.status, now.tags, now.title, now.occurrences, now.version],
        ["info", "false_positive", "closed", [], "Second", 2, 3],
      );
      assert.equal(now.timeline.length, 1);
    });

    test("what the vendor changes about status, severity and verdict stands in the timeline", async () => {
      const alert = { source: aName(), external_id: "a", severity: "low" } as const;
      await make(alert);
      await make({ ...alert, title: "Other words", created_at: afterNoon(1) });
      const raised = { ...alert, severity: "high", status: "closed", created_at: afterNoon(2) } as const;
      const { timeline } = await make(raised);
      assert.deepEqual(timeline, [
        {
          at: afterNoon(2),
          by: `source:${alert.source}`,
          why: null,
          version: 3,
          changes: [
            { field: "status", from: "new", to: "closed" },
            { field: "severity", from: "low", to: "high" },
          ],
          comment: null,
        },
      ]);
    });

    test("texts of any kind are kept exactly", async () => {
      let incident = await make();
      for (const awkward of awkwardTexts) {
        incident = await change(
          incident,
          { title: awkward, description: awkward, assignee: awkward, add_tags: [awkward], comment: awkward },
          { why: awkward, by: awkward },
        );
        assert.deepEqual(await shared.store.incidents.get(incident.id), incident);
        assert.deepEqual([incident.title, incident.tags.at(-1)], [awkward, awkward]);
        const { comment, why, by } = incident.timeline.at(-1) ?? {};
        assert.deepEqual([comment, why, by], [awkward, awkward, awkward]);
      }
    });

    test("a timeline is bounded: the oldest entries leave it, comments last", async () => {
      const incident = await make();
      await change(incident, { comment: "kept" });
      for (let index = 0; index < 520; index++) await change(incident, { assignee: `analyst ${index}` });
      const { timeline, version } = (await shared.store.incidents.get(incident.id)) ?? assert.fail();
      assert.equal(timeline.length, 500);
      assert.deepEqual([timeline[0]?.comment, timeline.at(-1)?.version, version], ["kept", 522, 522]);
    });

    test("alerts and changes that meet, in two gateways, lose nothing of each other", async () => {
      await using place = await newPlace();
      const gateway = await twoGateways(place);
      const source = aName();
      const alert = (index: number): ReturnType<typeof aCommit> =>
        aCommit({ source }, { external_id: "busy", created_at: afterNoon(index), tags: [`alert-${index}`] });
      const first = await madeBy(await gateway(0).commits.commit(alert(0)), gateway(0).incidents);
      const by = "playbook:phishing_triage";
      const changes = times(40, (index) => ({ add_tags: [`tag-${index}`], comment: `comment ${index}` }));
      await Promise.all([
        ...times(40, (index) => gateway(index).commits.commit(alert(index + 1))),
        ...changes.map((each, index) =>
          gateway(index).incidents.change(first.id, each, { by, at: new Date(afterNoon(index)) }),
        ),
      ]);
      const now = (await gateway(0).incidents.get(first.id)) ?? assert.fail();
      assert.equal(now.occurrences, 41);
      assert.equal(now.deliveries.length, 41);
      const tags = [...times(41, (index) => `alert-${index}`), ...times(40, (index) => `tag-${index}`)];
      assert.deepEqual(now.tags.toSorted(), tags.toSorted());
      assert.deepEqual(
        now.timeline.map(({ comment }) => comment ?? "").toSorted(),
        times(40, (index) => `comment ${index}`).toSorted(),
      );
      const versions = now.timeline.map(({ version }) => version);
      assert.deepEqual(
        versions,
        [...new Set(versions)].toSorted((a, b) => a - b),
      );
    });

    test("of changes that ask for one version, one is made", async () => {
      await using place = await newPlace();
      const gateway = await twoGateways(place);
      const incident = await madeBy(await gateway(0).commits.commit(aCommit()), gateway(0).incidents);
      const asked = times(10, (index) =>
        gateway(index).incidents.change(
          incident.id,
          { assignee: `analyst ${index}` },
          { by: "analyst:admin", at: new Date(noon), version: 1 },
        ),
      );
      const results = await Promise.allSettled(asked);
      const made = results.filter(({ status }) => status === "fulfilled");
      assert.equal(made.length, 1);
      for (const result of results) {
        if (result.status === "rejected") assert.equal(result.reason.code, "version_mismatch");
      }
      assert.equal((await gateway(1).incidents.get(incident.id))?.version, 2);
    });
  });
}
