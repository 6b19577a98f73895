import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Commit } from "../../core/store/ports.ts";
import { aCommit, aDelivery, aDraft, afterNoon, aName, incidentsOf, madeBy, times } from "./builders.ts";
import { type NewPlace, sharedStore, twoGateways } from "./place.ts";

/** The one write of an intake: what becomes durable together, and what two senders at once can do to it. */
export function commitSuite(newPlace: NewPlace): void {
  describe("commits", { timeout: 60_000 }, () => {
    const shared = sharedStore(newPlace);
    const commit: typeof shared.store.commits.commit = (work) => shared.store.commits.commit(work);

    test("a delivery and its incident can be read as soon as they are committed", async () => {
      const { delivery, drafts } = aCommit();
      const [ref] = incidentsOf(await commit({ delivery, drafts }));

      const { key: _, body, ...record } = delivery;
      const stored = await shared.store.deliveries.get(delivery.id);
      assert.deepEqual(stored, {
        ...record,
        diagnosis: null,
        incidents: [ref],
        duplicate_of: null,
        attempts: 0,
        next_attempt_at: null,
        body: stored?.body,
      });
      assert.deepEqual(Buffer.from(stored?.body ?? []), body);
      assert.equal(ref?.incident_id, drafts[0]?.id);
      assert.deepEqual(await shared.store.incidents.get(ref?.incident_id ?? ""), {
        ...drafts[0],
        number: ref?.incident_number,
        triage: null,
        trace_id: null,
        deliveries: [delivery.id],
        version: 1,
        previous: null,
        merged_into: null,
        merged: [],
        timeline: [],
      });
    });

    test("every alert of a delivery becomes an incident, in their order", async () => {
      const drafts = times(5, (index) => aDraft({ title: `Alert ${index}` }));
      const refs = incidentsOf(await commit({ delivery: aDelivery(), drafts }));
      assert.deepEqual(
        refs.map((ref) => ref.incident_id),
        drafts.map((draft) => draft.id),
      );
      assert.equal(new Set(refs.map((ref) => ref.incident_number)).size, 5);
    });

    test("a delivery without an alert makes no incident", async () => {
      const delivery = aDelivery({ source: aName(), outcome: "ignored", reason: "audit event" });
      assert.deepEqual(await commit({ delivery, drafts: [] }), { kind: "committed", incidents: [] });
      const incidents = await shared.store.incidents.list({ source: delivery.source, limit: 10, includeTests: true });
      assert.deepEqual(incidents.data, []);
    });

    test("deliveries about one alert at once make one incident that counts them all", async () => {
      const source = aName();
      const works = times(40, (index) =>
        aCommit({ source, received_at: afterNoon(index) }, { external_id: "alert-1", created_at: afterNoon(index) }),
      );
      const results = await Promise.all(works.map(commit));
      assert.equal(new Set(results.map((result) => incidentsOf(result)[0]?.incident_number)).size, 1);
      assert.ok(results[0]);
      const incident = await madeBy(results[0], shared.store.incidents);
      assert.equal(incident.occurrences, 40);
      assert.deepEqual(
        incident.deliveries,
        works.map(({ delivery }) => delivery.id),
      );
      assert.equal(incident.first_seen_at, afterNoon(0));
      assert.equal(incident.last_seen_at, afterNoon(39));
      const { data } = await shared.store.incidents.list({ source, limit: 10, includeTests: true });
      assert.equal(data.length, 1);
    });

    test("two gateways on one store count every delivery about one alert", async () => {
      await using place = await newPlace();
      const gateway = await twoGateways(place);
      const works = times(40, () => aCommit({}, { external_id: "alert-1" }));
      await Promise.all(works.map((work, index) => gateway(index).commits.commit(work)));
      const { data } = await (await place.open()).incidents.list({ limit: 10, includeTests: true });
      assert.deepEqual(
        data.map(({ occurrences, deliveries }) => [occurrences, deliveries.length]),
        [[40, 40]],
      );
    });

    test("two alerts of one delivery about the same thing are one incident, counted twice", async () => {
      const source = aName();
      const drafts = times(2, () => aDraft({ source, external_id: "alert-1" }));
      await commit({ delivery: aDelivery({ source }), drafts });
      const { data } = await shared.store.incidents.list({ source, limit: 10, includeTests: true });
      assert.equal(data.length, 1);
      assert.equal(data[0]?.occurrences, 2);
      assert.equal(data[0]?.deliveries.length, 1);
    });

    test("alerts without a vendor's id, of other sources or with another id stay apart", async () => {
      const [source, other] = [aName(), aName()];
      const ids = [
        [source, null],
        [source, null],
        [source, "Alert-1"],
        [source, "alert-1"],
        [source, "alert-1\0"],
        [other, "alert-1"],
      ] as const;
      const results = await Promise.all(
        ids.map(([source, external_id]) => commit(aCommit({ source }, { external_id }))),
      );
      assert.equal(new Set(results.map((result) => incidentsOf(result)[0]?.incident_id)).size, ids.length);
    });

    test("a later alert updates its incident, also in lists, and keeps its number", async () => {
      const source = aName();
      const first = await commit(aCommit({ source }, { external_id: "a", severity: "low", type: "phishing" }));
      const created_at = afterNoon(60_000);
      const later = { external_id: "a", severity: "high", type: "malware", tags: ["seen"], created_at } as const;
      assert.deepEqual(incidentsOf(await commit(aCommit({ source }, later))), incidentsOf(first));
      const { timeline: _, ...incident } = await madeBy(first, shared.store.incidents);
      assert.equal(incident.severity, "high");
      assert.equal(incident.created_at, afterNoon(0));
      assert.equal(incident.last_seen_at, created_at);
      const high = await shared.store.incidents.list({
        source,
        severity: ["high"],
        type: "malware",
        limit: 1,
        includeTests: false,
      });
      assert.deepEqual(high.data, [incident]);
      const low = await shared.store.incidents.list({ source, severity: ["low"], limit: 1, includeTests: false });
      assert.deepEqual(low.data, []);
    });

    test("an update says when it was made, also one that was received before the incident was", async () => {
      const source = aName();
      const first = await commit(aCommit({ source }, { external_id: "a", created_at: afterNoon(60_000) }));
      const late = { external_id: "a", received_at: afterNoon(0), created_at: afterNoon(90_000) };
      await commit(aCommit({ source }, late));
      const { created_at, updated_at } = await madeBy(first, shared.store.incidents);
      assert.equal(created_at, afterNoon(60_000));
      assert.equal(updated_at, afterNoon(90_000));
    });

    test("a commit that cannot be stored fails alone, and leaves nothing behind", async () => {
      const stored = aCommit();
      await commit(stored);
      const source = aName();
      const impossible = aCommit({ source, id: stored.delivery.id });
      const settled = await Promise.allSettled(amid(impossible, source).map(commit));
      const [failed] = settled.splice(10, 1);
      assert.ok(failed?.status === "rejected" && failed.reason instanceof Error && failed.reason.message !== "");
      for (const other of settled) assert.equal(other.status === "fulfilled" && other.value.kind, "committed");
      const { data } = await shared.store.incidents.list({ source, limit: 200, includeTests: true });
      assert.equal(data.length, 20);
    });

    test("a commit that cannot be written down does not fail its neighbours", async () => {
      const odd = aCommit({}, { mitre: [{ id: 1n as unknown as string }] });
      const settled = await Promise.allSettled(amid(odd).map(commit));
      for (const other of settled.toSpliced(10, 1)) {
        assert.equal(other.status === "fulfilled" && other.value.kind, "committed");
      }
    });

    test("the bytes that were committed stay the caller's own", async () => {
      const delivery = aDelivery({ body: Buffer.from("mine") });
      await commit({ delivery, drafts: [] });
      assert.equal(Buffer.from(delivery.body).toString(), "mine");
    });
  });
}

/** Twenty commits, with this one in their midst: the first of all may be written before the others are there. */
function amid(commit: Commit, source = aName()): readonly Commit[] {
  return times(20, () => aCommit({ source })).toSpliced(10, 0, commit);
}
