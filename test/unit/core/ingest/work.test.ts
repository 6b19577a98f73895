import assert from "node:assert/strict";
import { test } from "node:test";
import { ignore, type Plugin } from "@thruway/sdk";
import pino from "pino";
import { mostAttempts, startWorker } from "../../../../core/ingest/work.ts";
import { pluginsOf } from "../../../../core/registry/plugins.ts";
import { Sources } from "../../../../core/sources/sources.ts";
import type { ClaimedDelivery, Commit } from "../../../../core/store/ports.ts";
import { aDelivery, times } from "../../../contracts/builders.ts";
import { aPlugin, aSourceStore, noon, testSealer, testSecret } from "../builders.ts";

interface Given {
  readonly plugin?: Plugin;
  readonly attempts?: number;
  readonly source?: string;
  readonly body?: string;
  readonly random?: number;
  /** How many wait. */
  readonly count?: number;
  readonly commit?: () => Promise<never>;
}

interface Done {
  readonly commits: readonly Commit[];
  /** The reason, and after how many milliseconds it is tried again. */
  readonly retries: readonly (readonly [string, number])[];
  readonly claims: number;
}

/** Lets a worker take up what waits, until it has done all of it. */
async function worked({
  plugin = aPlugin(),
  attempts = 1,
  source = "edr",
  body = '{"title":"T"}',
  random = 0,
  count = 1,
  commit,
}: Given = {}): Promise<Done> {
  const plugins = pluginsOf([plugin]);
  const sources = new Sources({ store: aSourceStore(), plugins, sealer: testSealer, now: () => noon });
  await sources.register({ source: "edr", secret: testSecret, plugin: "signed" });
  const waiting = times(count, () => aJob(source, attempts, body)).slice();
  const commits: Commit[] = [];
  const retries: (readonly [string, number])[] = [];
  let claims = 0;
  const worker = startWorker({
    queue: {
      claim: (limit) => {
        claims += 1;
        return Promise.resolve(waiting.splice(0, limit));
      },
      retry(_id, _epoch, at, reason) {
        retries.push([reason, at.getTime() - noon.getTime()]);
        return Promise.resolve(true);
      },
    },
    commits: {
      commit(work) {
        commits.push(work);
        return commit?.() ?? Promise.resolve({ kind: "committed", incidents: [] });
      },
    },
    sources,
    plugins,
    log: pino({ level: "silent" }),
    now: () => noon,
    clock: () => 0,
    random: () => random,
  });
  worker.wake();
  await worker.close();
  return { commits, retries, claims };
}

function aJob(source: string, attempts: number, body: string): ClaimedDelivery {
  const {
    key,
    body: bytes,
    ...record
  } = aDelivery({ source, outcome: "queued", body: Buffer.from(body), reason: "before" });
  const assigned = { incidents: [], duplicate_of: null, attempts, next_attempt_at: null };
  return { delivery: { ...record, ...assigned }, key, body: bytes, epoch: 7 };
}

const failing = aPlugin({ map: () => assert.fail("a bug") });

test("a queued delivery is settled as the intake would have, under its lease", async () => {
  const { commits, retries } = await worked();
  assert.deepEqual(retries, []);
  assert.equal(commits.length, 1);
  const [work] = commits;
  assert.deepEqual(work?.claim, { epoch: 7 });
  assert.equal(work?.delivery.outcome, "accepted");
  assert.equal(work?.delivery.plugin, "signed");
  assert.equal(work?.delivery.reason, null);
  assert.deepEqual(
    work?.drafts.map(({ title, source }) => [title, source]),
    [["T", "edr"]],
  );
  assert.deepEqual(
    work?.delivery.stages.map(({ stage }) => stage),
    ["receive", "parse", "validate", "map"],
  );
});

test("an incident from the queue was received when its delivery was, and is made now", async () => {
  const { commits } = await worked();
  const [draft] = commits[0]?.drafts ?? [];
  assert.equal(draft?.received_at, commits[0]?.delivery.received_at);
  assert.equal(draft?.created_at, noon.toISOString());
});

test("what cannot be understood is rejected, and what holds nothing is ignored", async () => {
  const { commits } = await worked({ body: "{}" });
  assert.deepEqual([commits[0]?.delivery.outcome, commits[0]?.delivery.code], ["rejected", "invalid_payload"]);
  assert.deepEqual(commits[0]?.delivery.details, [{ path: "title", message: "is required" }]);
  const audit = await worked({ plugin: aPlugin({ map: () => ignore("audit event") }) });
  assert.deepEqual([audit.commits[0]?.delivery.outcome, audit.commits[0]?.delivery.reason], ["ignored", "audit event"]);
});

test("a mapper that fails again is tried again, later each time, up to five minutes", async () => {
  const delays = [1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 64_000, 128_000, 256_000];
  for (const [index, delay] of delays.entries()) {
    const { commits, retries } = await worked({ plugin: failing, attempts: index + 1 });
    assert.deepEqual(commits, []);
    assert.deepEqual(retries, [["The plugin 'signed' failed: a bug", delay]]);
  }
});

test("retries are spread by up to a half", async () => {
  const { retries } = await worked({ plugin: failing, attempts: 3, random: 1 });
  assert.deepEqual(
    retries.map(([, delay]) => delay),
    [2_000],
  );
});

test("after the last try a delivery is dead, with what the plugin said", async () => {
  const { commits, retries } = await worked({ plugin: failing, attempts: mostAttempts });
  assert.deepEqual(retries, []);
  const { outcome, code, reason } = commits[0]?.delivery ?? {};
  assert.deepEqual([outcome, code, reason], ["dead", "internal_error", "The plugin 'signed' failed: a bug"]);
  assert.deepEqual(commits[0]?.drafts, []);
});

test("a delivery whose source is gone waits for it, and is dead in the end", async () => {
  const reason = "Webhook source 'gone' is not registered any more";
  assert.deepEqual((await worked({ source: "gone" })).retries, [[reason, 1_000]]);
  const { commits } = await worked({ source: "gone", attempts: mostAttempts });
  const { outcome, code, reason: said } = commits[0]?.delivery ?? {};
  assert.deepEqual([outcome, code, said], ["dead", "unknown_source", reason]);
});

test("a delivery that cannot be settled keeps none of the others", async () => {
  const { commits, retries } = await worked({ count: 5, commit: () => Promise.reject(new Error("disk full")) });
  assert.equal(commits.length, 5);
  assert.deepEqual(retries, []);
});
