import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { IncidentDraft, WholeIncident } from "../../core/incidents/incident.ts";
import { aCommit, afterNoon, aName, madeBy, times } from "./builders.ts";
import { type NewPlace, sharedStore } from "./place.ts";

/** Merging by hand, and undoing it. */
export function mergeSuite(newPlace: NewPlace): void {
  describe("merges", { timeout: 60_000 }, () => {
    const shared = sharedStore(newPlace);
    const context = { by: "analyst:admin", why: "The same attack", at: new Date(afterNoon(1_000)) };

    async function make(draft: Partial<IncidentDraft> = {}): Promise<WholeIncident> {
      const work = aCommit({ source: draft.source ?? aName() }, draft);
      return madeBy(await shared.store.commits.commit(work), shared.store.incidents);
    }
    async function get({ id }: WholeIncident): Promise<WholeIncident> {
      return (await shared.store.incidents.get(id)) ?? assert.fail();
    }
    async function merge(one: WholeIncident, into: WholeIncident | null): Promise<WholeIncident> {
      return (await shared.store.incidents.merge(one.id, into === null ? null : into.number, context)) ?? assert.fail();
    }

    test("a merged incident stays, closed, and names the one that holds what it held", async () => {
      const host = { type: "host", role: "target", value: "ws-01" } as const;
      const source = aName();
      const one = await make({ source, entities: [host], tags: ["a"], created_at: afterNoon(0) });
      const other = await make({ source, tags: ["b"], created_at: afterNoon(500) });
      const merged = await merge(one, other);
      assert.deepEqual(merged.merged_into, { incident_id: other.id, incident_number: other.number });
      assert.equal(merged.status, "closed");
      assert.deepEqual(merged.timeline.at(-1)?.changes, [{ field: "merged_into", from: null, to: other.number }]);
      const holds = await get(other);
      assert.deepEqual(holds.merged, [{ incident_id: one.id, incident_number: one.number }]);
      assert.deepEqual(
        [holds.entities, holds.tags, holds.occurrences, holds.first_seen_at, holds.last_seen_at, holds.status],
        [[host], ["b", "a"], 2, afterNoon(0), afterNoon(500), "new"],
      );
      assert.deepEqual(holds.timeline.at(-1)?.changes, [{ field: "merged", from: [], to: [one.number] }]);
      const query = { source, limit: 9, includeTests: false, status: ["new"] } as const;
      const { data } = await shared.store.incidents.list({ ...query, tag: ["a"], entity: ["ws-01"] });
      assert.deepEqual(
        data.map(({ id }) => id),
        [other.id],
      );
    });

    test("a split undoes it without loss, and keeps what came meanwhile apart", async () => {
      const alerts = { source: aName(), external_id: "one" } as const;
      const one = await make({ ...alerts, status: "in_progress", tags: ["a"] });
      const other = await make({ source: alerts.source, external_id: "other", tags: ["b"] });
      await merge(one, other);
      await make({ ...alerts, status: "in_progress", tags: ["later"], created_at: afterNoon(2_000) });
      await make({ source: alerts.source, external_id: "other", tags: ["c"], created_at: afterNoon(2_000) });
      const together = await get(other);
      assert.deepEqual([together.occurrences, together.tags], [4, ["b", "c", "a", "later"]]);
      const apart = await merge(one, null);
      assert.deepEqual(
        [apart.merged_into, apart.status, apart.occurrences, apart.tags],
        [null, "in_progress", 2, ["a", "later"]],
      );
      const left = await get(other);
      assert.deepEqual([left.merged, left.occurrences, left.tags], [[], 2, ["b", "c"]]);
    });

    test("merging again changes nothing, and neither does a split of what is by itself", async () => {
      const [one, other] = [await make(), await make()];
      const merged = await merge(one, other);
      const holds = await get(other);
      assert.deepEqual(await merge(one, other), merged);
      assert.deepEqual(await get(other), holds);
      assert.deepEqual(await merge(other, null), holds);
    });

    test("what cannot be merged is refused, and changes nothing", async () => {
      const [one, other, third] = [await make(), await make(), await make()];
      const code = "merged_incident";
      await assert.rejects(merge(one, one), { code, message: /cannot be merged into itself/ });
      await merge(one, other);
      await assert.rejects(merge(one, third), { code, message: /is merged into INC-\S+ already; split it first/ });
      await assert.rejects(merge(third, one), { code, message: /is merged into INC-\S+; merge INC-\S+ into that one/ });
      await assert.rejects(merge(other, one), { code });
      await assert.rejects(shared.store.incidents.change(one.id, { severity: "low" }, context), { code });
      const commented = await shared.store.incidents.change(one.id, { comment: "still possible" }, context);
      assert.equal(commented?.timeline.at(-1)?.comment, "still possible");
      await assert.rejects(shared.store.incidents.merge(third.id, "INC-1999-0001", context), { code: "not_found" });
      assert.equal(await shared.store.incidents.merge("INC-1999-0001", third.id, context), undefined);
      const stale = shared.store.incidents.merge(third.id, other.id, { ...context, version: 9 });
      await assert.rejects(stale, { code: "version_mismatch" });
      assert.deepEqual(await get(third), third);
    });

    test("several are merged at once, and what holds others can be merged itself", async () => {
      const [target, top] = [await make({ tags: ["target"] }), await make({ tags: ["top"] })];
      const parts = await Promise.all(times(5, (index) => make({ tags: [`part-${index}`] })));
      await Promise.all(parts.map((part) => merge(part, target)));
      assert.deepEqual([(await get(target)).occurrences, (await get(target)).merged.length], [6, 5]);
      await merge(target, top);
      assert.deepEqual([(await get(top)).occurrences, (await get(top)).tags.length], [7, 7]);
    });

    test("what comes for a part of a part is seen at the top", async () => {
      const alert = { source: aName(), external_id: "deep" } as const;
      const [part, middle, top] = [await make(alert), await make(), await make()];
      await merge(part, middle);
      await merge(middle, top);
      await make({ ...alert, tags: ["deep"], created_at: afterNoon(9_000) });
      const { tags, occurrences, last_seen_at } = await get(top);
      assert.deepEqual([tags, occurrences, last_seen_at], [["deep"], 4, afterNoon(9_000)]);
    });
  });
}
