import assert from "node:assert/strict";
import { randomUUIDv7 } from "node:crypto";
import { describe, test } from "node:test";
import type { IncidentDraft, WholeIncident } from "../../core/incidents/incident.ts";
import type { StoredMessage } from "../../core/runs/message.ts";
import type { Announcement, Unannounced } from "../../core/store/feed-port.ts";
import type { Store } from "../../core/store/ports.ts";
import { aCommit, afterNoon, aName, madeBy, noon, times } from "./builders.ts";
import { at, leaseMs } from "./jobs.ts";
import { type NewPlace, twoGateways } from "./place.ts";

const context = { by: "analyst:admin", at: at(1_000) };

async function make(store: Store, draft: Partial<IncidentDraft> = {}): Promise<WholeIncident> {
  const work = aCommit({ source: draft.source ?? aName() }, draft);
  return madeBy(await store.commits.commit(work), store.incidents);
}

function aMessage({ id, version }: WholeIncident): StoredMessage {
  const about = { state: "queued", created_at: noon, sent_at: null, reason: null } as const;
  return { id: `siem:${id}:${version}`, channel: "siem", text: "", data: {}, feed: true, incident_id: id, ...about };
}

function saying({ key, incident }: Unannounced): Announcement {
  return { key, version: incident.version, messages: [aMessage(incident)] };
}

/** What is marked: which incident, in which version, and the one that is known. */
async function marks(store: Store): Promise<readonly (readonly [string, number, number])[]> {
  const all = await store.feed.unannounced(100);
  return all.map(({ incident, since }) => [incident.number, incident.version, since]);
}

async function announceAll(store: Store): Promise<void> {
  const all = await store.feed.unannounced(100);
  await store.feed.announce(all.map(saying));
}

/** What is to be announced is marked in the write that makes it so, and stays marked until it is in the outbox. */
export function feedSuite(newPlace: NewPlace): void {
  describe("a feed", { timeout: 120_000 }, () => {
    test("that nobody has asked for marks nothing", async () => {
      await using place = await newPlace();
      const store = await place.open();
      const incident = await make(store);
      await store.incidents.change(incident.id, { comment: "seen" }, context);
      assert.deepEqual(await marks(store), []);
    });

    test("marks a new incident, and shows it whole", async () => {
      await using place = await newPlace();
      const store = await place.open();
      await store.feed.follow(true);
      const incident = await make(store, { title: "Trojan" });
      const [marked, ...others] = await store.feed.unannounced(10);
      assert.deepEqual([marked?.incident, marked?.since, others], [incident, 0, []]);
    });

    test("marks what a vendor, an analyst and a playbook change, with the version that is known", async () => {
      await using place = await newPlace();
      const store = await place.open();
      const alert = { source: aName(), external_id: "a" };
      const { id, number } = await make(store, alert);
      await store.feed.follow(true);
      await make(store, { ...alert, created_at: afterNoon(1) });
      assert.deepEqual(await marks(store), [[number, 2, 1]]);
      await store.incidents.change(id, { assignee: "jane" }, context);
      await store.incidents.change(id, { comment: "done" }, { ...context, by: "playbook:phishing_triage" });
      assert.deepEqual(await marks(store), [[number, 4, 1]]);
    });

    test("marks nothing where nothing was changed, or was refused", async () => {
      await using place = await newPlace();
      const store = await place.open();
      const { id } = await make(store);
      await store.feed.follow(true);
      await store.incidents.change(id, { status: "new" }, context);
      await assert.rejects(store.incidents.change(id, { comment: "late" }, { ...context, version: 9 }));
      const again = aCommit();
      await store.feed.follow(false);
      await store.commits.commit(again);
      await store.feed.follow(true);
      await store.commits.commit(again);
      assert.deepEqual(await marks(store), []);
    });

    test("marks an incident that alerts are folded into, and the one that follows it in its group", async () => {
      await using place = await newPlace();
      const store = await place.open();
      const alert = { source: aName(), group: { key: randomUUIDv7(), windowMs: 60_000 } };
      const first = await make(store, { ...alert, external_id: "a" });
      await store.feed.follow(true);
      await make(store, { ...alert, external_id: "b", created_at: afterNoon(10) });
      await make(store, { ...alert, external_id: "b", created_at: afterNoon(20) });
      assert.deepEqual(await marks(store), [[first.number, 3, 1]]);
      const next = await make(store, { ...alert, external_id: "c", created_at: afterNoon(600_000) });
      assert.deepEqual(
        new Map((await marks(store)).map(([number, ...versions]) => [number, versions])),
        new Map([
          [first.number, [3, 1]],
          [next.number, [1, 0]],
        ]),
      );
    });

    test("marks both sides of a merge and of a split, and whatever an alert of a part changes above", async () => {
      await using place = await newPlace();
      const store = await place.open();
      const alert = { source: aName(), external_id: "part" };
      const [part, whole] = [await make(store, alert), await make(store)];
      await store.feed.follow(true);
      const both = async (): Promise<readonly string[]> => (await marks(store)).map(([number]) => number).toSorted();
      const steps = [
        () => store.incidents.merge(part.id, whole.id, context),
        () => make(store, { ...alert, created_at: afterNoon(2_000) }),
        () => store.incidents.merge(part.id, null, context),
      ];
      for (const step of steps) {
        await step();
        assert.deepEqual(await both(), [part.number, whole.number].toSorted());
        await announceAll(store);
      }
    });

    test("that is turned off marks nothing more, and keeps what is marked", async () => {
      await using place = await newPlace();
      const store = await place.open();
      await store.feed.follow(true);
      await store.feed.follow(true);
      const { number, id } = await make(store);
      await store.feed.follow(false);
      await store.feed.follow(false);
      await make(store);
      await store.incidents.change(id, { comment: "seen" }, context);
      assert.deepEqual(await marks(store), [[number, 2, 0]]);
    });

    test("that is turned on again knows what was changed in between, and not as news", async () => {
      await using place = await newPlace();
      const store = await place.open();
      await store.feed.follow(true);
      const { number, id } = await make(store);
      await announceAll(store);
      await store.feed.follow(false);
      await store.incidents.change(id, { comment: "unheard" }, context);
      await store.feed.follow(true);
      await store.incidents.change(id, { comment: "heard" }, context);
      assert.deepEqual(await marks(store), [[number, 3, 2]]);
    });

    test("announces once: the messages are in the outbox, and the mark is gone", async () => {
      await using place = await newPlace();
      const store = await place.open();
      await store.feed.follow(true);
      const incident = await make(store);
      const [marked] = await store.feed.unannounced(10);
      assert.ok(marked);
      await store.feed.announce([saying(marked)]);
      await store.feed.announce([saying(marked)]);
      assert.deepEqual(await marks(store), []);
      const claimed = await store.triage.claimMessages("siem", 10, at(0), leaseMs);
      assert.deepEqual(
        claimed.map(({ message }) => message),
        [aMessage(incident)],
      );
      await store.triage.removeMessage(aMessage(incident).id, claimed[0]?.epoch ?? 0);
      await store.feed.announce([saying(marked)]);
      assert.deepEqual(await store.triage.messagesOf(incident.id), []);
    });

    test("that was cut short between the outbox and the mark puts nothing there twice", async () => {
      await using place = await newPlace();
      const store = await place.open();
      await store.feed.follow(true);
      const incident = await make(store);
      const all = await store.feed.unannounced(10);
      await store.triage.post(aMessage(incident));
      await store.feed.announce(all.map(saying));
      assert.deepEqual(await store.triage.messagesOf(incident.id), [aMessage(incident)]);
      assert.deepEqual(await marks(store), []);
    });

    test("keeps the mark of what was changed since it was read, and says what is known by then", async () => {
      await using place = await newPlace();
      const store = await place.open();
      await store.feed.follow(true);
      const { number, id } = await make(store);
      const all = await store.feed.unannounced(10);
      await store.incidents.change(id, { comment: "meanwhile" }, context);
      await store.feed.announce(all.map(saying));
      assert.deepEqual(await marks(store), [[number, 2, 1]]);
      await store.feed.announce(all.map(saying));
      assert.deepEqual(await marks(store), [[number, 2, 1]]);
      await announceAll(store);
      assert.deepEqual(await marks(store), []);
      assert.equal((await store.triage.messagesOf(id)).length, 2);
    });

    test("gives no more than it is asked for, and one that changes all the time holds up nobody", async () => {
      await using place = await newPlace();
      const store = await place.open();
      await store.feed.follow(true);
      const busy = await make(store);
      const others = await Promise.all(times(4, (index) => make(store, { created_at: afterNoon(index + 1) })));
      const seen = new Set<string>();
      for (let turn = 0; turn < 5; turn++) {
        const all = await store.feed.unannounced(1);
        assert.equal(all.length, 1);
        for (const { incident } of all) seen.add(incident.id);
        await store.incidents.change(busy.id, { comment: `${turn}` }, { ...context, at: at(1_000 + turn) });
        await store.feed.announce(all.map(saying));
      }
      for (const { id } of others) assert.ok(seen.has(id));
    });

    test("loses nothing where gateways change and announce at once", async () => {
      await using place = await newPlace();
      const gateway = await twoGateways(place);
      for (const index of [0, 1]) await gateway(index).feed.follow(true);
      const incident = await make(gateway(0));
      let changing = true;
      const changes = Promise.all(
        times(30, (index) =>
          gateway(index).incidents.change(
            incident.id,
            { comment: `comment ${index}` },
            { by: "analyst:admin", at: at(index) },
          ),
        ),
      ).finally(() => {
        changing = false;
      });
      const heard = new Set<string>();
      const announcing = times(2, async (index) => {
        const { feed } = gateway(index);
        for (;;) {
          const isLast = !changing;
          const all = await feed.unannounced(10);
          for (const { incident: now, since } of all) {
            for (const { version, comment } of now.timeline) if (version > since) heard.add(comment ?? "");
          }
          await feed.announce(all.map(saying));
          if (isLast && all.length === 0) return;
        }
      });
      await Promise.all([changes, ...announcing]);
      assert.equal(heard.size, 30);
      assert.deepEqual(await marks(gateway(0)), []);
      const posted = (await gateway(0).triage.messagesOf(incident.id)).map(({ id }) => id);
      assert.equal(new Set(posted).size, posted.length);
      assert.ok(posted.includes(`siem:${incident.id}:31`));
    });

    test("forgets an incident that is removed", async () => {
      await using place = await newPlace();
      const store = await place.open();
      await store.feed.follow(true);
      await make(store);
      assert.equal(await store.incidents.prune(at(86_400_000), 10), 1);
      assert.deepEqual(await marks(store), []);
    });

    test("still knows what is to be announced after it was closed", async () => {
      await using place = await newPlace();
      const store = await place.open();
      await store.feed.follow(true);
      const { number } = await make(store);
      await store.close();
      assert.deepEqual(await marks(await place.open()), [[number, 1, 0]]);
    });
  });
}
