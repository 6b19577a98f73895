import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import pino from "pino";
import { Refusal, StoreError, UserError } from "../../../../core/errors.ts";
import { openStore } from "../../../../core/store/open.ts";
import type { Commit, CommitResult, Store, TokenRecord } from "../../../../core/store/ports.ts";
import { openSpool } from "../../../../core/store/spool/index.ts";
import { storeAndForward } from "../../../../core/store/store-and-forward.ts";
import { aCommit, aDelivery, aSource, incidentsOf, noon, times } from "../../../contracts/builders.ts";
import { eventually } from "../../../support/eventually.ts";

/** What goes wrong with the store behind; `undefined` where nothing does. */
interface Trouble {
  all?: Error | "stalls";
  commit?: (commit: Commit) => Error | undefined;
}

interface Scene extends AsyncDisposable {
  readonly store: Store;
  readonly trouble: Trouble;
  /** What the store behind has been given, in order. */
  readonly committed: readonly string[];
  /** Of what it forwarded, what the store said. */
  readonly forwarded: readonly (readonly [id: string, kind: string])[];
  restart(): Promise<Store>;
}

async function aScene(maxBytes = 1_048_576): Promise<Scene> {
  const folder = await mkdtemp(join(tmpdir(), "thruway-test-"));
  const behind = await openStore(`sqlite:${join(folder, "thruway.db")}`);
  const trouble: Trouble = {};
  const committed: string[] = [];

  async function troubled<T>(work: () => Promise<T>): Promise<T> {
    if (trouble.all === "stalls") await new Promise(() => {});
    if (trouble.all instanceof Error) throw trouble.all;
    return work();
  }

  const failing: Store = {
    ...behind,
    commits: {
      async commit(work) {
        const error = trouble.commit?.(work);
        if (error !== undefined) throw error;
        const result = await troubled(() => behind.commits.commit(work));
        committed.push(work.delivery.id);
        return result;
      },
    },
    deliveries: { ...behind.deliveries, get: (id) => troubled(() => behind.deliveries.get(id)) },
    sources: { ...behind.sources, all: () => troubled(() => behind.sources.all()) },
    tokens: {
      put: (record) => troubled(() => behind.tokens.put(record)),
      get: (id) => troubled(() => behind.tokens.get(id)),
    },
    check: () => troubled(() => behind.check()),
    close: () => Promise.resolve(),
  };
  const forwarded: (readonly [string, string])[] = [];
  const start = async (): Promise<Store> =>
    storeAndForward({
      store: failing,
      prepare: () => Promise.resolve(),
      spool: await openSpool(join(folder, "spool.db"), maxBytes),
      timeoutMs: 100,
      onForwarded: (commit, result) => forwarded.push([idOf(commit), result.kind]),
      log: pino({ level: "silent" }),
      now: () => new Date(),
    });
  let store = await start();
  return {
    get store() {
      return store;
    },
    trouble,
    committed,
    forwarded,
    async restart() {
      await store.close();
      store = await start();
      return store;
    },
    async [Symbol.asyncDispose]() {
      delete trouble.all;
      await store.close();
      await behind.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

const away = new StoreError("connection refused");

async function emptied(store: Store): Promise<void> {
  await eventually(async () => {
    const checks = await store.check().catch(() => undefined);
    return checks?.spool?.deliveries === 0 ? true : undefined;
  });
}

function idOf({ delivery }: Commit): string {
  return delivery.id;
}

describe("a store with a spool before it", { concurrency: true, timeout: 60_000 }, () => {
  test("spools while the store is away, says where a delivery waits, and forwards in order", async () => {
    await using scene = await aScene();
    scene.trouble.all = away;
    const works = times(150, () => aCommit());
    const results: CommitResult[] = [];
    for (const work of works) results.push(await scene.store.commits.commit(work));
    assert.ok(results.every((result) => result.kind === "spooled" && !result.duplicate));
    const waiting = await scene.store.deliveries.get(works[0]?.delivery.id ?? "");
    assert.equal(waiting?.outcome, "queued");
    assert.deepEqual(waiting?.incidents, []);

    delete scene.trouble.all;
    await emptied(scene.store);
    assert.deepEqual(scene.committed, works.map(idOf));
    assert.deepEqual(
      scene.forwarded,
      works.map((work) => [idOf(work), "committed"]),
    );
  });

  test("a store that stalls is away after the time that it has, and nobody behind waits for it", async () => {
    await using scene = await aScene();
    scene.trouble.all = "stalls";
    assert.equal((await scene.store.commits.commit(aCommit())).kind, "spooled");
    const since = performance.now();
    for (const work of times(20, () => aCommit())) await scene.store.commits.commit(work);
    assert.ok(performance.now() - since < 20 * 100, "each waited for the store");
  });

  test("the same delivery twice waits once", async () => {
    await using scene = await aScene();
    scene.trouble.all = away;
    const first = aCommit();
    const again = aCommit({ key: first.delivery.key });
    await scene.store.commits.commit(first);
    const result = await scene.store.commits.commit(again);
    assert.deepEqual(result, { kind: "spooled", id: first.delivery.id, duplicate: true });
  });

  test("what a commit did that was given up is not done again", async () => {
    await using scene = await aScene();
    const work = aCommit({}, { external_id: "a" });
    const incidents = incidentsOf(await scene.store.commits.commit(work));
    scene.trouble.all = away;
    assert.equal((await scene.store.commits.commit(work)).kind, "spooled");
    delete scene.trouble.all;
    await emptied(scene.store);
    const incident = await scene.store.incidents.get(incidents[0]?.incident_id ?? "");
    assert.equal(incident?.occurrences, 1);
  });

  test("one that the store refuses for its own sake stays, and holds up nobody behind it", async () => {
    await using scene = await aScene();
    scene.trouble.all = away;
    const [bad, good] = [aCommit(), aCommit()];
    for (const work of [bad, good]) await scene.store.commits.commit(work);
    scene.trouble.commit = (work) => (idOf(work) === idOf(bad) ? new Error("no such shape") : undefined);
    delete scene.trouble.all;
    const { spool } = await eventually(async () => {
      const checks = await scene.store.check();
      return checks.spool?.refused === 1 && checks.spool.deliveries === 1 ? checks : undefined;
    });
    assert.equal(spool?.deliveries, 1);
    assert.deepEqual(scene.committed, [idOf(good)]);
    assert.equal((await scene.store.deliveries.get(idOf(bad)))?.outcome, "queued");
  });

  test("a commit that is itself at fault is not taken for an outage", async () => {
    await using scene = await aScene();
    scene.trouble.commit = () => new Error("no such shape");
    await assert.rejects(scene.store.commits.commit(aCommit()), /no such shape/);
    assert.equal((await scene.store.check()).degraded, false);
  });

  test("a full spool refuses, says when to come back, and keeps what it has", async () => {
    await using scene = await aScene();
    scene.trouble.all = away;
    const kept: string[] = [];
    const body = Buffer.alloc(100_000);
    for (let full = false; !full; ) {
      const work = aCommit({ body });
      try {
        await scene.store.commits.commit(work);
        kept.push(idOf(work));
      } catch (error) {
        assert.ok(error instanceof Refusal && error.code === "store_unavailable" && error.retryAfterSeconds === 30);
        full = true;
      }
      assert.ok(kept.length < 20, "it is bounded");
    }
    await assert.rejects(scene.store.check(), /spool is full/);
    delete scene.trouble.all;
    await emptied(scene.store);
    assert.deepEqual(scene.committed, kept);
  });

  test("a worker's settlement is not spooled: its lease runs out", async () => {
    await using scene = await aScene();
    scene.trouble.all = away;
    const settlement = { delivery: aDelivery(), drafts: [], claim: { epoch: 1, at: new Date(noon) } };
    await assert.rejects(scene.store.commits.commit(settlement), StoreError);
    assert.equal((await scene.store.check()).spool?.deliveries, 0);
    assert.deepEqual(await scene.store.queue.claim(10, new Date(), 1_000), []);
  });

  test("what waits survives a restart, and so do sources and tokens", async () => {
    await using scene = await aScene();
    const source = aSource();
    const token = { id: "Abc123", name: "admin", hash: "0".repeat(64), created_at: noon };
    await scene.store.sources.add(source);
    await scene.store.tokens.put(token);
    scene.trouble.all = away;
    const work = aCommit();
    await scene.store.commits.commit(work);
    const again = await scene.restart();
    assert.deepEqual(await again.sources.all(), [source]);
    assert.deepEqual(await again.tokens.get(token.id), token);
    assert.equal(await again.tokens.get("Nobody"), undefined);
    delete scene.trouble.all;
    await emptied(again);
    assert.deepEqual(scene.committed, [idOf(work)]);
  });

  test("a token that was put while the store was away is in it afterwards", async () => {
    await using scene = await aScene();
    scene.trouble.all = away;
    const token = { id: "New123", name: "admin", hash: "1".repeat(64), created_at: noon };
    await scene.store.tokens.put(token);
    assert.deepEqual(await scene.store.tokens.get(token.id), token);
    delete scene.trouble.all;
    await eventually(async () => ((await scene.store.check()).degraded ? undefined : true));
    await pause(0);
    assert.deepEqual(await scene.store.tokens.get(token.id), token);
  });

  test("a token that was taken away while the store was there opens nothing once it is away", async () => {
    await using scene = await aScene();
    const [old, renewed] = ["Old123", "New456"].map((id) => ({
      id,
      name: "admin",
      hash: id.repeat(10),
      created_at: noon,
    })) as [TokenRecord, TokenRecord];
    await scene.store.tokens.put(old);
    await scene.store.tokens.put(renewed);
    assert.equal(await scene.store.tokens.get(old.id), undefined);
    scene.trouble.all = away;
    assert.equal(await scene.store.tokens.get(old.id), undefined);
    assert.deepEqual(await scene.store.tokens.get(renewed.id), renewed);
    const again = await scene.restart();
    assert.equal(await again.tokens.get(old.id), undefined);
  });

  test("without a store and without anything known of its sources it says what to do", async () => {
    await using scene = await aScene();
    scene.trouble.all = away;
    await assert.rejects(scene.store.sources.all(), (error) => {
      assert.ok(error instanceof UserError);
      assert.match(error.message, /connection refused.*TW_STORE_URL/);
      return true;
    });
  });
});
