import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { SourceRecord } from "../../core/store/ports.ts";
import { aCommit, afterNoon, aName, aSource, awkwardTexts, madeBy, times } from "./builders.ts";
import { type NewPlace, sharedStore, twoGateways } from "./place.ts";

/** Registered sources: one of a name, kept exactly. */
export function sourceSuite(newPlace: NewPlace): void {
  describe("sources", { timeout: 60_000 }, () => {
    const shared = sharedStore(newPlace);

    async function find(name: string): Promise<SourceRecord | undefined> {
      const found = (await shared.store.sources.all()).filter(({ source }) => source === name);
      assert.ok(found.length <= 1, "there is one source of a name");
      return found[0];
    }

    test("a source that was added is among all, exactly as it was given", async () => {
      const record = aSource({
        plugin: "crowdstrike",
        secrets: times(5, (index) => ({
          sealed: `v1:${index}\0${awkwardTexts.join("")}`,
          created_at: afterNoon(index),
        })),
        auto_triage: true,
        playbook: "phishing_triage",
        severity_mapping: { "4": "critical", hoch: "high", "a.b": "low", $odd: "info" },
        default_severity: "info",
        options: { text: awkwardTexts.join(""), number: 1.5, nested: { list: [1, null, { "a.b": true }] }, empty: {} },
        processing: "queued",
        tolerance_seconds: 86_400,
        rate_limit: { requests: 1_000_000, per_seconds: 60 },
        enabled: false,
      });
      assert.equal(await shared.store.sources.add(record), true);
      assert.deepEqual(await find(record.source), record);
    });

    test("a second source of a name is not added, and changes nothing", async () => {
      const record = aSource();
      await shared.store.sources.add(record);
      assert.equal(await shared.store.sources.add({ ...record, playbook: "other" }), false);
      assert.deepEqual(await find(record.source), record);
    });

    test("of 20 sources of one name added at once, one is", async () => {
      const source = aName();
      const records = times(20, (index) => aSource({ source, playbook: `playbook-${index}` }));
      const added = await Promise.all(records.map((record) => shared.store.sources.add(record)));
      assert.equal(added.filter(Boolean).length, 1);
      assert.deepEqual(await find(source), records[added.indexOf(true)]);
    });

    test("a source is replaced as a whole", async () => {
      const record = aSource({ severity_mapping: { high: "critical" }, options: { header: "x-signature" } });
      await shared.store.sources.add(record);
      const changed = aSource({ source: record.source, plugin: "splunk", updated_at: afterNoon(1) });
      assert.equal(await shared.store.sources.replace(changed), true);
      assert.deepEqual(await find(record.source), changed);
    });

    test("a source that is not there is neither replaced nor removed", async () => {
      const record = aSource();
      assert.equal(await shared.store.sources.replace(record), false);
      assert.equal(await shared.store.sources.remove(record.source), false);
      assert.equal(await find(record.source), undefined);
    });

    test("a source that was removed can be added anew", async () => {
      const record = aSource();
      await shared.store.sources.add(record);
      assert.equal(await shared.store.sources.remove(record.source), true);
      assert.equal(await find(record.source), undefined);
      assert.equal(await shared.store.sources.remove(record.source), false);
      assert.equal(await shared.store.sources.add(record), true);
      assert.deepEqual(await find(record.source), record);
    });

    test("the revision is another one after every change, and stays the same otherwise", async () => {
      await using place = await newPlace();
      const store = await place.open();
      const record = aSource();
      const seen: string[] = [];
      async function changed(does: Promise<unknown>): Promise<void> {
        await does;
        const revision = await store.sources.revision();
        assert.ok(!seen.includes(revision), "it was like this before");
        assert.equal(await store.sources.revision(), revision);
        seen.push(revision);
      }
      await changed(Promise.resolve());
      await changed(store.sources.add(record));
      await changed(store.sources.replace({ ...record, enabled: false, updated_at: afterNoon(1) }));
      // Within one millisecond.
      await changed(store.sources.replace({ ...record, playbook: "other", updated_at: afterNoon(1) }));
      await changed(store.sources.add(aSource()));
      await store.sources.remove(record.source);
      assert.ok(!seen.includes(await store.sources.revision()));

      const before = await store.sources.revision();
      assert.equal(
        await store.sources.add({ ...aSource(), source: (await store.sources.all())[0]?.source ?? "" }),
        false,
      );
      assert.equal(await store.sources.replace(record), false);
      assert.equal(await store.sources.remove(record.source), false);
      await store.commits.commit(aCommit());
      assert.equal(await store.sources.revision(), before);
    });

    test("every gateway sees the same revision, whoever made the change", async () => {
      await using place = await newPlace();
      const gateway = await twoGateways(place);
      const record = aSource();
      const seen = new Set<string>();
      const changes = [
        () => gateway(0).sources.add(record),
        () => gateway(1).sources.replace({ ...record, enabled: false, updated_at: afterNoon(1) }),
        () => gateway(0).sources.add(aSource()),
        () => gateway(1).sources.remove(record.source),
      ];
      for (const change of changes) {
        assert.equal(await change(), true);
        const revision = await gateway(0).sources.revision();
        assert.equal(await gateway(1).sources.revision(), revision);
        seen.add(revision);
      }
      assert.equal(seen.size, changes.length);
    });

    test("the deliveries and incidents of a removed source stay", async () => {
      const record = aSource();
      await shared.store.sources.add(record);
      const work = aCommit({ source: record.source });
      const incident = await madeBy(await shared.store.commits.commit(work), shared.store.incidents);
      await shared.store.sources.remove(record.source);
      assert.deepEqual(await shared.store.incidents.get(incident.number), incident);
      assert.equal((await shared.store.deliveries.get(work.delivery.id))?.source, record.source);
    });
  });
}
