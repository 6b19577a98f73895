import assert from "node:assert/strict";
import { randomUUIDv7 } from "node:crypto";
import { describe, test } from "node:test";
import type { Approval } from "../../core/runs/approval.ts";
import type { StoredMessage } from "../../core/runs/message.ts";
import { newRun, type StoredRun } from "../../core/runs/run.ts";
import { aDelivery, aDraft, afterNoon, idAt, incidentsOf, noon } from "./builders.ts";
import { at, leaseMs } from "./jobs.ts";
import type { NewPlace } from "./place.ts";

function aRun(given: Partial<StoredRun> = {}): StoredRun {
  const id = randomUUIDv7();
  const about = { id, incident_id: id, incident_number: "INC-2026-0001", playbook: null, asked_by: "auto" };
  return { ...newRun({ ...about, created_at: noon }), ...given };
}

function anApproval(run: StoredRun, given: Partial<Approval> = {}): Approval {
  return {
    id: `${run.id}:ask`,
    run_id: run.id,
    step: "ask",
    incident_id: run.incident_id,
    incident_number: run.incident_number,
    playbook: "p",
    question: "Isolate it?",
    details: {},
    state: "pending",
    created_at: noon,
    expires_at: afterNoon(60_000),
    decided_at: null,
    decided_by: null,
    comment: null,
    ...given,
  };
}

function aMessage(id: string): StoredMessage {
  const about = { incident_id: "i1", state: "queued", created_at: noon, sent_at: null, reason: null } as const;
  return { id, channel: "soc", text: "Look", data: { a: 1 }, ...about };
}

/** Runs, questions and messages: nothing is begun twice, and nothing is lost. */
export function triageSuite(newPlace: NewPlace): void {
  describe("triage", { timeout: 60_000 }, () => {
    test("an incident that is to be triaged starts one run, however many alerts there are of it", async () => {
      await using place = await newPlace();
      const store = await place.open();
      const draft = (): ReturnType<typeof aDraft> =>
        aDraft({ external_id: "a-1", triage: { playbook: "phishing_triage" } });
      const commits = [1, 2, 3].map(() => store.commits.commit({ delivery: aDelivery(), drafts: [draft()] }));
      const [first] = (await Promise.all(commits)).flatMap(incidentsOf);
      assert.ok(first);
      const [claimed, ...others] = await store.triage.claim(10, at(0), leaseMs);
      assert.deepEqual(others, []);
      assert.deepEqual(
        claimed?.run,
        newRun({
          id: first.incident_id,
          ...first,
          playbook: "phishing_triage",
          asked_by: "auto",
          created_at: noon,
        }),
      );
    });

    test("an incident says in short what its newest run is, alone and in lists", async () => {
      await using place = await newPlace();
      const store = await place.open();
      const { incidents, triage } = store;
      const drafts = [aDraft({ triage: { playbook: "p" } })];
      const refs = incidentsOf(await store.commits.commit({ delivery: aDelivery(), drafts }));
      await store.commits.commit({ delivery: aDelivery(), drafts: [aDraft()] });
      const id = refs[0]?.incident_id ?? "";
      const shown = async (): Promise<readonly unknown[]> => {
        const { data } = await incidents.list({ limit: 10, includeTests: false });
        const [listed, other] = [data.find((each) => each.id === id), data.find((each) => each.id !== id)];
        const alone = await incidents.get(id);
        assert.deepEqual(listed?.triage, alone?.triage);
        return [alone?.triage, alone?.version, other?.triage];
      };
      const begun = { run_id: id, playbook: "p", version: null, state: "queued", verdict: null };
      const nothing = { confidence: null, reason: null, ended_at: null };
      assert.deepEqual(await shown(), [{ ...begun, ...nothing }, 1, null]);

      const [claimed] = await triage.claim(10, at(0), leaseMs);
      assert.ok(claimed);
      const rules = [{ when: null, holds: true }];
      const verdict = { verdict: "true_positive", confidence: 0.95, reason: "A lure", rules, applied: true } as const;
      const ended_at = afterNoon(1_000);
      const done = { ...claimed.run, version: "1", state: "done", ended_at, verdict, plan: { long: true } } as const;
      assert.equal(await triage.save(done, claimed.epoch, null), true);
      const summary = { ...begun, version: "1", state: "done", verdict: "true_positive", confidence: 0.95 };
      assert.deepEqual(await shown(), [{ ...summary, reason: "A lure", ended_at }, 1, null]);
      assert.deepEqual(await triage.get(id), done, "the run is kept whole");

      const again = aRun({ incident_id: id, created_at: afterNoon(2_000) });
      await triage.start(again);
      assert.deepEqual(await shown(), [{ ...begun, ...nothing, run_id: again.id, playbook: null }, 1, null]);
      const [second] = await triage.claim(10, at(2_000), leaseMs);
      assert.ok(second);
      await triage.save({ ...second.run, state: "failed", reason: "it is not there", verdict }, second.epoch, null);
      const changed = await incidents.change(id, { status: "closed" }, { by: "analyst:jane", at: at(3_000) });
      assert.deepEqual([changed?.triage?.state, changed?.triage?.reason], ["failed", "it is not there"]);
      assert.deepEqual((await incidents.get(id))?.triage, changed?.triage);
    });

    test("the newest run of an incident is the one that was started last, also where it has the incident's id", async () => {
      await using place = await newPlace();
      const store = await place.open();
      const work = (created_at: string, given: Parameters<typeof aDraft>[0]): Promise<unknown> =>
        store.commits.commit({ delivery: aDelivery(), drafts: [aDraft({ external_id: "a", created_at, ...given })] });
      await work(noon, {});
      const { data } = await store.incidents.list({ limit: 1, includeTests: false });
      const id = data[0]?.id ?? "";
      await store.triage.start(aRun({ incident_id: id, created_at: afterNoon(1_000) }));
      await work(afterNoon(2_000), { triage: { playbook: null } });
      assert.equal((await store.incidents.get(id))?.triage?.run_id, id);
    });

    test("an incident that nobody wants triaged starts none", async () => {
      await using place = await newPlace();
      const store = await place.open();
      await store.commits.commit({ delivery: aDelivery(), drafts: [aDraft()] });
      assert.deepEqual(await store.triage.claim(10, at(0), leaseMs), []);
    });

    test("a commit that is made again starts no second run", async () => {
      await using place = await newPlace();
      const store = await place.open();
      const commit = { delivery: aDelivery(), drafts: [aDraft({ triage: { playbook: null } })] };
      await store.commits.commit(commit);
      await store.commits.commit(commit);
      assert.equal((await store.triage.claim(10, at(0), leaseMs)).length, 1);
    });

    test("a run is claimed by one, and by another one once its lease has run out", async () => {
      await using place = await newPlace();
      const store = await place.open();
      const run = aRun();
      assert.equal(await store.triage.start(run), true);
      assert.equal(await store.triage.start(run), false);
      const all = await Promise.all(Array.from({ length: 5 }, () => store.triage.claim(10, at(0), leaseMs)));
      const [first, ...none] = all.flat();
      assert.deepEqual([first?.epoch, first?.attempts, none], [1, 1, []]);
      assert.deepEqual(await store.triage.claim(10, at(leaseMs - 1), leaseMs), []);
      const [second] = await store.triage.claim(10, at(leaseMs), leaseMs);
      assert.deepEqual([second?.epoch, second?.attempts], [2, 2]);
      assert.equal(await store.triage.save({ ...run, reason: "late" }, 1, null), false);
      assert.equal(await store.triage.renew(run.id, 1, at(99_000)), false);
      assert.equal(await store.triage.renew(run.id, 2, at(90_000)), true);
      assert.deepEqual(await store.triage.claim(10, at(89_999), leaseMs), []);
      const done = { ...run, state: "done", steps: [], reason: "it's done" } as const;
      assert.equal(await store.triage.save(done, 2, null), true);
      assert.deepEqual(await store.triage.get(run.id), done);
      assert.equal(await store.triage.renew(run.id, 2, at(90_000)), false);
      assert.deepEqual(await store.triage.claim(10, at(999_000), leaseMs), []);
    });

    test("the runs of an incident are listed, the newest first", async () => {
      await using place = await newPlace();
      const store = await place.open();
      const first = aRun();
      const again = aRun({ incident_id: first.incident_id, created_at: afterNoon(1_000) });
      for (const run of [first, again, aRun()]) await store.triage.start(run);
      assert.deepEqual(await store.triage.runsOf(first.incident_id), [again, first]);
    });

    test("a question is asked once, and decided once", async () => {
      await using place = await newPlace();
      const store = await place.open();
      const run = aRun();
      await store.triage.start(run);
      const asked = anApproval(run);
      assert.deepEqual(await store.triage.ask(asked), asked);
      const again = await store.triage.ask({ ...asked, question: "another" });
      assert.equal(again.question, "Isolate it?");
      const deciding = { state: "granted", by: "jane", comment: "go on", at: at(5_000) } as const;
      const all = await Promise.all(Array.from({ length: 5 }, () => store.triage.decide(asked.id, deciding)));
      const [decided, ...others] = all.filter((each) => each !== undefined);
      assert.deepEqual(others, []);
      assert.deepEqual(decided, {
        ...asked,
        state: "granted",
        decided_by: "jane",
        comment: "go on",
        decided_at: afterNoon(5_000),
      });
      assert.deepEqual(await store.triage.approval(asked.id), decided);
      assert.equal(await store.triage.decide("nobody:asked", deciding), undefined);
    });

    test("a question whose time is up is not answered any more, and expires", async () => {
      await using place = await newPlace();
      const store = await place.open();
      const run = aRun();
      await store.triage.start(run);
      const { id } = await store.triage.ask(anApproval(run));
      const late = { by: "jane", comment: null, at: at(60_000) } as const;
      assert.equal(await store.triage.decide(id, { ...late, state: "granted" }), undefined);
      assert.equal(await store.triage.decide(id, { ...late, state: "denied" }), undefined);
      assert.equal((await store.triage.approval(id))?.state, "pending");
      assert.equal((await store.triage.decide(id, { ...late, state: "expired" }))?.state, "expired");
    });

    test("a decision makes a run that waits due, and one that is over not", async () => {
      await using place = await newPlace();
      const store = await place.open();
      const [waits, over] = [aRun(), aRun()];
      for (const run of [waits, over]) {
        await store.triage.start(run);
        await store.triage.ask(anApproval(run));
      }
      for (const { run, epoch } of await store.triage.claim(10, at(0), leaseMs)) {
        await store.triage.save(run, epoch, run.id === waits.id ? at(900_000) : null);
      }
      for (const run of [waits, over]) {
        await store.triage.decide(`${run.id}:ask`, { state: "denied", by: "jane", comment: null, at: at(1_000) });
      }
      const due = await store.triage.claim(10, at(1_000), leaseMs);
      assert.deepEqual(
        due.map(({ run }) => run.id),
        [waits.id],
      );
    });

    test("approvals are listed by their state, the newest first, page by page", async () => {
      await using place = await newPlace();
      const store = await place.open();
      const runs = [1, 2, 3].map((index) => aRun({ id: idAt(afterNoon(index)) }));
      for (const run of runs) await store.triage.ask(anApproval(run));
      await store.triage.decide(`${runs[1]?.id}:ask`, { state: "denied", by: "j", comment: null, at: at(0) });
      const pending = await store.triage.approvals({ state: ["pending"], limit: 1 });
      assert.deepEqual(
        pending.data.map(({ run_id }) => run_id),
        [runs[2]?.id],
      );
      const next = await store.triage.approvals({ state: ["pending"], limit: 1, after: pending.next ?? "" });
      assert.deepEqual([next.data.map(({ run_id }) => run_id), next.next], [[runs[0]?.id], undefined]);
      assert.equal((await store.triage.approvals({ limit: 10 })).data.length, 3);
    });

    test("a message is posted once, claimed by one, and sent or tried again", async () => {
      await using place = await newPlace();
      const store = await place.open();
      const message = aMessage("r1:tell");
      assert.equal(await store.triage.post(message), true);
      assert.equal(await store.triage.post({ ...message, text: "other" }), false);
      const [first] = await store.triage.claimMessages("soc", 10, at(0), leaseMs);
      assert.deepEqual(first, { message, epoch: 1, attempts: 1 });
      assert.equal(await store.triage.saveMessage({ ...message, reason: "away" }, 1, at(5_000)), true);
      assert.deepEqual(await store.triage.claimMessages("soc", 10, at(4_999), leaseMs), []);
      const [second] = await store.triage.claimMessages("soc", 10, at(5_000), leaseMs);
      assert.deepEqual([second?.attempts, second?.message.reason], [2, "away"]);
      const sent = { ...message, state: "sent", sent_at: noon } as const;
      assert.equal(await store.triage.saveMessage(sent, 1, null), false);
      assert.equal(await store.triage.saveMessage(sent, 2, null), true);
      assert.deepEqual(await store.triage.claimMessages("soc", 10, at(999_000), leaseMs), []);
      assert.deepEqual(await store.triage.messagesOf("i1"), [sent]);
    });

    test("messages are claimed channel by channel, those that are due", async () => {
      await using place = await newPlace();
      const store = await place.open();
      const [soc, chat] = [aMessage("r1:soc"), { ...aMessage("r1:chat"), channel: "chat" }];
      for (const message of [soc, chat]) await store.triage.post(message);
      assert.deepEqual((await store.triage.dueChannels(at(0))).toSorted(), ["chat", "soc"]);
      const claimed = await store.triage.claimMessages("chat", 10, at(0), leaseMs);
      assert.deepEqual(
        claimed.map(({ message }) => message),
        [chat],
      );
      assert.deepEqual(await store.triage.dueChannels(at(0)), ["soc"]);
      assert.deepEqual((await store.triage.dueChannels(at(leaseMs))).toSorted(), ["chat", "soc"]);
    });

    test("a message is removed by who has its lease, with what it was to say word for word until then", async () => {
      await using place = await newPlace();
      const store = await place.open();
      const message = { ...aMessage("soc:i1:1"), body: '{"a":"é\\u0000"}', feed: true } as const;
      await store.triage.post(message);
      const [claimed] = await store.triage.claimMessages("soc", 10, at(0), leaseMs);
      assert.deepEqual(claimed?.message, message);
      assert.equal(await store.triage.removeMessage(message.id, 0), false);
      assert.deepEqual(await store.triage.messagesOf("i1"), [message]);
      assert.equal(await store.triage.removeMessage(message.id, 1), true);
      assert.equal(await store.triage.removeMessage(message.id, 1), false);
      assert.deepEqual(await store.triage.messagesOf("i1"), []);
    });

    test("playbooks are kept by name and version, and removed by name", async () => {
      await using place = await newPlace();
      const store = await place.open();
      const one = { name: "p", version: "1", text: "name: p", created_at: noon };
      const two = { ...one, version: "2", created_at: afterNoon(1) };
      assert.equal(await store.triage.putPlaybook(two), true);
      assert.equal(await store.triage.putPlaybook(one), true);
      assert.equal(await store.triage.putPlaybook({ ...one, text: "other" }), false);
      assert.deepEqual(await store.triage.playbooks(), [one, two]);
      assert.equal(await store.triage.removePlaybook("p"), true);
      assert.equal(await store.triage.removePlaybook("p"), false);
      assert.deepEqual(await store.triage.playbooks(), []);
    });

    test("every change of the playbooks has a revision of its own", async () => {
      await using place = await newPlace();
      const store = await place.open();
      const one = { name: "p", version: "1", text: "name: p", created_at: noon };
      const seen = [await store.triage.playbooksRevision()];
      const changes = [
        () => store.triage.putPlaybook(one),
        () => store.triage.putPlaybook({ ...one, version: "2" }),
        () => store.triage.removePlaybook("p"),
        () => store.triage.putPlaybook({ ...one, text: "name: q" }),
      ];
      for (const change of changes) {
        await change();
        seen.push(await store.triage.playbooksRevision());
      }
      assert.equal(await store.triage.playbooksRevision(), seen.at(-1));
      // Without any it is what it was without any.
      assert.deepEqual([new Set(seen).size, seen[3]], [4, seen[0]]);
    });

    test("what belongs to an incident goes with it", async () => {
      await using place = await newPlace();
      const store = await place.open();
      const drafts = [aDraft({ triage: { playbook: null } })];
      const [ref] = incidentsOf(await store.commits.commit({ delivery: aDelivery(), drafts }));
      const id = ref?.incident_id ?? "";
      await store.triage.ask(anApproval(aRun({ id, incident_id: id })));
      await store.triage.post({ ...aMessage(`${id}:tell`), incident_id: id });
      assert.equal(await store.incidents.prune(at(86_400_000), 10), 1);
      assert.deepEqual([await store.triage.runsOf(id), await store.triage.messagesOf(id)], [[], []]);
      assert.equal(await store.triage.approval(`${id}:ask`), undefined);
    });
  });
}
