import assert from "node:assert/strict";
import { test } from "node:test";
import { ignore, type Plugin, pointers } from "@thruway/sdk";
import pino from "pino";
import type { Fetched, Fetcher } from "../../../../core/fetch/fetcher.ts";
import { type Flight, type Flights, unrecorded } from "../../../../core/ingest/flights.ts";
import { deliveryKey } from "../../../../core/ingest/identity.ts";
import type { Observed } from "../../../../core/ingest/observe.ts";
import { mostAttempts, startWorker } from "../../../../core/ingest/work.ts";
import { pluginsOf } from "../../../../core/registry/plugins.ts";
import { Sources } from "../../../../core/sources/sources.ts";
import type { ClaimedDelivery, Commit } from "../../../../core/store/ports.ts";
import { untraced } from "../../../../core/trace.ts";
import { aDelivery, times } from "../../../contracts/builders.ts";
import { aPlugin, aSourceStore, noon, testSealer, testSecret } from "../builders.ts";

interface Given {
  readonly plugin?: Plugin;
  /** The plugins that are there since a restart, instead of `plugin`. */
  readonly installed?: readonly Plugin[];
  readonly isTest?: boolean;
  /** Those that it has been through. */
  readonly stages?: readonly string[];
  readonly attempts?: number;
  readonly source?: string;
  readonly body?: string;
  readonly random?: number;
  /** How many wait. */
  readonly count?: number;
  readonly commit?: () => Promise<never>;
  readonly flights?: Flights;
  readonly fetcher?: Fetcher;
}

interface Done {
  readonly observed: readonly Observed[];
  readonly commits: readonly Commit[];
  /** The reason, and after how many milliseconds it is tried again. */
  readonly retries: readonly (readonly [string, number])[];
  readonly claims: number;
}

/** Lets a worker take up what waits, until it has done all of it. */
async function worked({
  plugin = aPlugin(),
  installed = [plugin],
  attempts = 1,
  source = "edr",
  body = '{"title":"T"}',
  isTest = false,
  stages = ["receive"],
  random = 0,
  count = 1,
  commit,
  flights = unrecorded,
  fetcher,
}: Given = {}): Promise<Done> {
  const store = aSourceStore();
  const known = { store, sealer: testSealer, now: () => noon };
  const before = new Sources({ ...known, plugins: pluginsOf([plugin]) });
  await before.register({ source: "edr", secret: testSecret, plugin: "signed" });
  const plugins = pluginsOf(installed);
  const sources = new Sources({ ...known, plugins });
  await sources.load();
  const waiting = times(count, () => aJob({ source, attempts, body, isTest, stages })).slice();
  const commits: Commit[] = [];
  const observed: Observed[] = [];
  const retries: (readonly [string, number])[] = [];
  let claims = 0;
  const worker = startWorker({
    queue: {
      claim: (limit) => {
        claims += 1;
        return Promise.resolve(waiting.splice(0, limit));
      },
      retry(_id, _epoch, at, { reason }) {
        retries.push([reason ?? "", at.getTime() - noon.getTime()]);
        return Promise.resolve(true);
      },
      requeue: () => Promise.resolve(false),
      status: () => Promise.resolve({ depth: 0, due: 0, oldest_received_at: null, settled_last_minute: 0 }),
    },
    commits: {
      commit(work) {
        commits.push(work);
        return commit?.() ?? Promise.resolve({ kind: "committed", incidents: [] });
      },
    },
    sources,
    plugins,
    flights,
    leaseMs: 30_000,
    tracing: untraced,
    log: pino({ level: "silent" }),
    now: () => noon,
    clock: () => 0,
    random: () => random,
    observe: (seen) => observed.push(seen),
    ...(fetcher && { fetcher }),
  });
  worker.wake();
  await worker.close();
  return { commits, retries, claims, observed };
}

type Job = Required<Pick<Given, "source" | "attempts" | "body" | "isTest" | "stages">>;

function aJob({ source, attempts, body, isTest, stages }: Job): ClaimedDelivery {
  const given = {
    source,
    outcome: "queued",
    body: Buffer.from(body),
    reason: "before",
    stages: stages.map((stage) => ({ stage, start_ms: 0, ms: 0.125, ok: true })),
  } as const;
  const { key, body: bytes, ...record } = aDelivery(given);
  const assigned = { diagnosis: null, incidents: [], duplicate_of: null, attempts, next_attempt_at: null };
  const testKey = deliveryKey(source, "signed", record.id);
  return { delivery: { ...record, ...assigned }, key: isTest ? testKey : key, body: bytes, epoch: 7 };
}

const failing = aPlugin({ map: () => assert.fail("a bug") });

test("a queued delivery is settled as the intake would have, under its lease", async () => {
  const { commits, retries } = await worked();
  assert.deepEqual(retries, []);
  assert.equal(commits.length, 1);
  const [work] = commits;
  assert.deepEqual(work?.claim, { epoch: 7, at: noon });
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

test("who watches is told of each try: what it came to, and its stages up to the commit", async () => {
  const { observed } = await worked();
  assert.deepEqual(
    observed.map(({ kind, source, plugin, outcome, code, test }) => ({ kind, source, plugin, outcome, code, test })),
    [{ kind: "work", source: "edr", plugin: "signed", outcome: "accepted", code: null, test: false }],
  );
  assert.deepEqual(
    observed[0]?.times.map(({ stage }) => stage),
    ["parse", "validate", "map", "commit"],
  );
  const tried = await worked({ plugin: failing });
  assert.deepEqual(
    tried.observed.map(({ outcome, times }) => [outcome, times.at(-1)?.stage, times.at(-1)?.ok]),
    [["retry", "map", false]],
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

test("a delivery whose source's plugin is gone waits for it, instead of going to another plugin", async () => {
  const reason = `Webhook source 'edr' takes nothing: its plugin "signed" is not installed`;
  const broken = { installed: [aPlugin({ name: "other", fits: () => 1 })] };
  assert.deepEqual((await worked(broken)).retries, [[reason, 1_000]]);
  const { commits } = await worked({ ...broken, attempts: mostAttempts });
  const { outcome, code, reason: said } = commits[0]?.delivery ?? {};
  assert.deepEqual([outcome, code, said], ["dead", "source_disabled", reason]);
});

test("the test of a source stays a test, and keeps its key", async () => {
  const plugin = aPlugin({ eventId: () => "event-1" });
  const real = await worked({ plugin });
  assert.deepEqual(real.commits[0]?.drafts[0]?.tags, []);
  assert.equal(real.commits[0]?.delivery.key, deliveryKey("edr", "event", "event-1"));
  const tested = await worked({ plugin, isTest: true });
  assert.deepEqual(tested.commits[0]?.drafts[0]?.tags, ["test"]);
  assert.equal(tested.commits[0]?.delivery.key, deliveryKey("edr", "signed", tested.commits[0]?.delivery.id ?? ""));
});

test("what ran before is shown as it ran last, however often a delivery is replayed", async () => {
  const { commits } = await worked({ stages: ["receive", "parse", "validate"] });
  assert.deepEqual(
    commits[0]?.delivery.stages.map(({ stage }) => stage),
    ["receive", "parse", "validate", "map"],
  );
});

test("a delivery is in flight under its lease while its plugin is at it", async () => {
  const flights: Flight[] = [];
  const { commits } = await worked({
    flights: {
      run(inFlight, work) {
        flights.push(inFlight());
        return work();
      },
    },
  });
  const [flight] = flights;
  assert.equal(flight?.epoch, 7);
  assert.equal(flight.delivery.id, commits[0]?.delivery.id);
  assert.equal(flight.delivery.outcome, "queued");
  assert.equal(Buffer.from(flight.delivery.body).toString(), '{"title":"T"}');
});

test("a delivery whose like did not let its plugin come to an end twice is dead, and not tried", async () => {
  const { commits, retries } = await worked({ plugin: failing, flights: { run: () => undefined } });
  assert.deepEqual(retries, []);
  const { outcome, code, reason } = commits[0]?.delivery ?? {};
  assert.deepEqual(
    [outcome, code, reason],
    ["dead", "plugin_stalled", "The plugin 'signed' did not come to an end (second try)"],
  );
});

const url = "https://api.example/a";
const pointing = aPlugin({
  map: ({ title }) => (title === "T" ? pointers([{ url, scope: "s" }], "only points") : { type: "alert", title }),
  fetch: () => ({ tokenUrl: "https://login.example", clientId: "a", clientSecret: "b", origins: [] }),
});

function fetching(answer: Partial<Fetched>): Fetcher {
  return { fetchAll: () => Promise.resolve([{ url, ...answer } as Fetched]) };
}

test("what a delivery points at is fetched, and takes its time among the stages", async () => {
  const fetcher = fetching({ kind: "got", bytes: Buffer.from('{"title":"Fetched"}') });
  const { commits } = await worked({ plugin: pointing, fetcher });
  assert.equal(commits[0]?.delivery.outcome, "accepted");
  assert.deepEqual(
    commits[0]?.drafts.map(({ title }) => title),
    ["Fetched"],
  );
  assert.deepEqual(
    commits[0]?.delivery.stages.map(({ stage }) => stage),
    ["receive", "parse", "validate", "map", "follow"],
  );
});

test("what cannot be fetched is asked for again by the queue's schedule, or as late as the other side wants", async () => {
  const fetcher = fetching({ kind: "failed", reason: "answered 503" });
  assert.deepEqual((await worked({ plugin: pointing, fetcher })).retries, [[`${url} answered 503`, 1_000]]);
  const busy = fetching({ kind: "failed", reason: "answered 429", retryAfterMs: 60_000 });
  assert.deepEqual((await worked({ plugin: pointing, fetcher: busy })).retries, [[`${url} answered 429`, 60_000]]);
});

test("after the last try a delivery that could not be fetched is dead with fetch_failed", async () => {
  const fetcher = fetching({ kind: "failed", reason: "answered 503" });
  const { commits } = await worked({ plugin: pointing, fetcher, attempts: mostAttempts });
  const { outcome, code, reason } = commits[0]?.delivery ?? {};
  assert.deepEqual([outcome, code, reason], ["dead", "fetch_failed", `${url} answered 503`]);
});

test("a worker that is closed ends the fetching", async () => {
  let stopping: AbortSignal | undefined;
  const fetcher: Fetcher = {
    fetchAll(_, __, signal) {
      stopping = signal;
      return Promise.resolve([{ kind: "failed", url, reason: "the gateway stops" }]);
    },
  };
  const { retries } = await worked({ plugin: pointing, fetcher });
  assert.deepEqual(retries, [[`${url} the gateway stops`, 1_000]]);
  assert.ok(stopping?.aborted);
});
