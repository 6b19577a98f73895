import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { type AddressInfo, createServer } from "node:net";
import { delimiter, join } from "node:path";
import { describe, test } from "node:test";
import { eventually } from "../support/eventually.ts";
import {
  aFolder,
  allIncidents,
  appears,
  type LogLine,
  register,
  running,
  type Serving,
  type ServingGateway,
  serve,
  started,
} from "../support/gateway-process.ts";
import { anEvent, eventSources, events, sendAll } from "../support/signed-events.ts";
import { dial, exchange, requestBytes } from "../support/wire.ts";

const clean = { code: 0, signal: null };
const slow = { concurrency: 2, timeout: 60_000 };

/** Resolves once all of them take webhooks. */
async function withWorkers(
  count: number,
  dataDir: string,
  env: Readonly<Record<string, string>> = {},
): Promise<ServingGateway> {
  const gateway = await running(dataDir, env, ["--workers", String(count)]);
  await eventually(async () => gateway.lines().some(({ msg }) => msg === "All workers have started") || undefined);
  return gateway;
}

function linesOf({ lines }: Serving, msg: string): readonly LogLine[] {
  return lines().filter((line) => line.msg === msg);
}

/** The process that is in the place of a worker now. */
function pidOf(gateway: Serving, worker: number): number {
  return linesOf(gateway, "Worker started").findLast((line) => line.worker === worker)?.pid;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

async function areGone(pids: readonly number[]): Promise<void> {
  await eventually(async () => !pids.some(isAlive) || undefined);
}

/** On a connection of its own, as a balancer asks. */
async function isReady({ url }: ServingGateway): Promise<boolean> {
  const answer = await exchange(
    url,
    requestBytes({ method: "GET", path: "/readyz", headers: [["Connection", "close"]] }),
  );
  return answer.status === 200;
}

describe("a gateway of several processes", slow, () => {
  test("shares what comes in among them, and takes no event twice", async () => {
    await using folder = await aFolder();
    await using gateway = await withWorkers(2, folder.path);
    for (const [source, plugin] of Object.entries(eventSources)) await register(gateway, source, { plugin });
    const sent = await sendAll(gateway.url, events().take(300));
    for (const { answer } of sent) assert.equal(answer?.status, 202, JSON.stringify(answer?.body));
    const incidents = await allIncidents(gateway);
    assert.equal(incidents.length, 300);
    assert.equal(new Set(incidents.map(({ number }) => number)).size, 300);
    gateway.signal("SIGTERM");
    assert.deepEqual(await gateway.exit, clean);
    const stored = linesOf(gateway, "Delivery stored").map(({ worker }) => worker);
    assert.equal(stored.length, 300);
    for (const worker of [0, 1]) assert.ok(stored.includes(worker), String(stored));
    assert.equal(gateway.stderr(), "");
  });

  test("takes an event at once whose source was registered through another of them", async () => {
    await using folder = await aFolder();
    await using gateway = await withWorkers(2, folder.path);
    for (let n = 0; n < 10; n += 1) {
      await register(gateway, `source-${n}`);
      const sent = await sendAll(
        gateway.url,
        [0, 1, 2, 3].map((each) => anEvent(`source-${n}`, `${n} ${each}`)),
      );
      assert.deepEqual(
        sent.map(({ answer }) => answer?.status),
        [202, 202, 202, 202],
      );
    }
  });

  test("starts on an empty folder, all of its processes with the same key, and says so once", async () => {
    await using folder = await aFolder();
    const dataDir = join(folder.path, "data");
    await using gateway = await withWorkers(4, dataDir);
    await register(gateway, "mail");
    assert.equal(linesOf(gateway, "Made on the first start; keep it, and keep it secret").length, 2);
    for (let n = 0; n < 8; n += 1) assert.equal(await isReady(gateway), true);
    assert.equal(gateway.stderr(), "");
  });

  test("gives each of them the flags that Node was started with", { skip: !existsSync("/proc/self") }, async () => {
    await using folder = await aFolder();
    const flag = "--max-semi-space-size=8";
    await using gateway = await running(folder.path, {}, ["--workers", "1"], [process.execPath, flag]);
    await eventually(async () => pidOf(gateway, 0));
    const words = readFileSync(`/proc/${pidOf(gateway, 0)}/cmdline`, "utf8").split("\0");
    assert.ok(words.includes(flag), words.join(" "));
  });

  test("refuses a sender whose headers never end", async () => {
    await using folder = await aFolder();
    await using gateway = await withWorkers(1, folder.path, { TW_RECEIVE_TIMEOUT_MS: "500" });
    const answer = await exchange(gateway.url, "POST /api/webhooks/mail HTTP/1.1\r\nHost: gateway\r\nX-Y: z\r\n");
    assert.deepEqual([answer.status, answer.body.error.code], [408, "request_timeout"]);
  });
});

describe("a worker that dies", slow, () => {
  test("is replaced, and the others answer meanwhile", async () => {
    await using folder = await aFolder();
    await using gateway = await withWorkers(2, folder.path);
    await register(gateway, "mail");
    const before = pidOf(gateway, 0);
    process.kill(before, "SIGKILL");
    let answered = 0;
    const after = await eventually(async () => {
      assert.equal(await isReady(gateway), true);
      answered += 1;
      const now = pidOf(gateway, 0);
      return now === before ? undefined : now;
    });
    assert.ok(answered > 1 && isAlive(after));
    const [ended] = linesOf(gateway, "Worker ended");
    assert.partialDeepStrictEqual(ended, { level: 40, worker: 0, pid: before, code: null, signal: "SIGKILL" });
    const [sent] = await sendAll(gateway.url, [anEvent("mail", "after the death")]);
    assert.equal(sent?.answer?.body.status, "accepted");
  });

  test("loses no event that was answered, and no connection that it had not taken yet", async (t) => {
    await using folder = await aFolder();
    await using gateway = await withWorkers(2, folder.path);
    for (const [source, plugin] of Object.entries(eventSources)) await register(gateway, source, { plugin });
    const inFullSwing = Promise.withResolvers<void>();
    const sending = sendAll(gateway.url, events().take(1_000), () => inFullSwing.resolve());
    await inFullSwing.promise;
    process.kill(pidOf(gateway, 0), "SIGKILL");
    const sent = await sending;
    const taken = sent.filter(({ answer }) => answer !== undefined);
    t.diagnostic(`${taken.length} of ${sent.length} events answered`);
    for (const { answer } of taken) assert.equal(answer?.status, 202, JSON.stringify(answer?.body));
    const stored = new Set((await allIncidents(gateway)).map(({ id }) => id));
    for (const { answer } of taken) assert.ok(stored.has(answer?.body.incident_id));
    // On each connection that broke one event was lost; the rest went over the others.
    assert.equal(sent.length, 1_000);
    assert.ok(taken.length > 900);
  });

  test("is replaced, also where it was asked to", async () => {
    await using folder = await aFolder();
    await using gateway = await withWorkers(2, folder.path);
    const stopped = pidOf(gateway, 1);
    process.kill(stopped, "SIGTERM");
    await eventually(async () => (pidOf(gateway, 1) === stopped ? undefined : true));
    const [ended] = linesOf(gateway, "Worker ended");
    assert.partialDeepStrictEqual(ended, { worker: 1, pid: stopped, code: 0, signal: null });
  });

  test("at its start is started again, later each time, until what is wrong is mended", async () => {
    await using folder = await aFolder();
    const config = join(folder.path, "sources.yaml");
    await writeFile(config, "sources: {}\n");
    await using gateway = await withWorkers(2, join(folder.path, "data"), { TW_CONFIG: "sources.yaml" });
    await writeFile(config, "sources: []\n");
    const killed = pidOf(gateway, 1);
    process.kill(killed, "SIGKILL");
    for (const times of [1, 2, 3, 4]) {
      await eventually(async () => linesOf(gateway, "Worker ended").length >= times || undefined);
    }
    assert.equal(await isReady(gateway), true);
    await writeFile(config, "sources: {}\n");
    await eventually(async () => (pidOf(gateway, 1) === killed ? undefined : true));
    const ends = linesOf(gateway, "Worker ended");
    for (const { worker, code } of ends.slice(1)) assert.deepEqual([worker, code], [1, 1]);
    const delays = ends.map(({ restart_in_ms }) => restart_in_ms);
    assert.deepEqual(
      delays,
      delays.toSorted((a, b) => a - b),
    );
    assert.ok((delays.at(-1) ?? 0) >= 400);
    assert.match(gateway.stderr(), /^(error: sources\.yaml:1: `sources` must be a mapping[^\n]*\n)+$/);
  });
});

describe("a supervisor that is told to stop", slow, () => {
  for (const signal of ["SIGTERM", "SIGINT"] as const) {
    test(`by ${signal} answers what it has received, ends with exit code 0 and leaves no process`, async () => {
      await using folder = await aFolder();
      await using gateway = await withWorkers(2, folder.path);
      await register(gateway, "mail");
      const { source, headers, body } = anEvent("mail", "slow");
      using wire = await dial(gateway.url);
      const all = Object.entries({ ...headers, "Content-Length": String(body.length), Expect: "100-continue" });
      wire.send(requestBytes({ path: `/api/webhooks/${source}`, headers: all }));
      assert.equal((await wire.next()).status, 100);
      const pids = [0, 1].map((worker) => pidOf(gateway, worker));

      gateway.signal(signal);
      await eventually(async () => !(await isReady(gateway).catch(() => false)) || undefined);
      wire.send(body);
      assert.equal((await wire.answer()).status, 202);
      assert.deepEqual(await gateway.exit, clean);
      assert.equal(gateway.stderr(), "");
      assert.deepEqual(pids.filter(isAlive), []);
    });
  }

  test("ends at once when a second signal follows, and leaves no process", async () => {
    await using folder = await aFolder();
    await using gateway = await withWorkers(2, folder.path);
    using wire = await dial(gateway.url);
    wire.send("POST /api/webhooks/mail HTTP/1.1\r\n");
    const pids = [0, 1].map((worker) => pidOf(gateway, worker));
    gateway.signal("SIGTERM");
    await eventually(async () => !(await isReady(gateway).catch(() => false)) || undefined);
    gateway.signal("SIGTERM");
    const at = Date.now();
    assert.deepEqual(await gateway.exit, { code: null, signal: "SIGTERM" });
    assert.ok(Date.now() - at < 5_000);
    await areGone(pids);
  });

  test("before it has started ends with exit code 0, and can start again", async () => {
    await using folder = await aFolder();
    const dataDir = join(folder.path, "data");
    await mkdir(dataDir, { mode: 0o700 });
    const made = appears(dataDir, /^thruway\.db$/);
    await using stopped = serve(dataDir, {}, ["--workers", "2"]);
    await made;
    stopped.signal("SIGTERM");
    assert.deepEqual(await stopped.exit, clean);
    assert.equal(stopped.stderr(), "");
    await using gateway = await withWorkers(2, dataDir);
    await register(gateway, "mail");
  });

  test("through the launcher of an older Node stops as well", { skip: olderNode() === undefined }, async () => {
    await using folder = await aFolder();
    await using gateway = await running(folder.path, {}, ["--workers", "2"], [olderNode() ?? ""]);
    await eventually(async () => linesOf(gateway, "All workers have started").length === 1 || undefined);
    const pids = [0, 1].map((worker) => pidOf(gateway, worker));
    gateway.signal("SIGTERM");
    assert.deepEqual(await gateway.exit, clean);
    assert.deepEqual(pids.filter(isAlive), []);
  });
});

test("the queue can be worked off by several processes that take no webhooks", { timeout: 60_000 }, async () => {
  await using folder = await aFolder();
  await using gateway = await running(folder.path, {}, ["--no-work"]);
  await register(gateway, "mail", { processing: "queued" });
  const all = Array.from({ length: 50 }, (_, n) => anEvent("mail", `queued ${n}`));
  const sent = await sendAll(gateway.url, all);
  assert.deepEqual(new Set(sent.map(({ answer }) => answer?.body.status)), new Set(["queued"]));
  await using workers = started(["work", "--workers", "2"], folder.path);
  await eventually(async () => linesOf(workers, "All workers have started").length === 1 || undefined);
  await eventually(async () => (await allIncidents(gateway)).length === 50 || undefined);
  workers.signal("SIGTERM");
  assert.deepEqual(await workers.exit, clean);
  assert.equal(workers.stderr(), "");
});

test("workers whose supervisor has died end by themselves", { timeout: 60_000 }, async () => {
  await using folder = await aFolder();
  await using gateway = await withWorkers(2, folder.path);
  const pids = [0, 1].map((worker) => pidOf(gateway, worker));
  gateway.signal("SIGKILL");
  assert.deepEqual(await gateway.exit, { code: null, signal: "SIGKILL" });
  await areGone(pids);
});

describe("a mistake at the start of a supervisor is said once, and ends it with exit code 1:", slow, () => {
  async function failsWith(says: RegExp, dataDir: string, env: Readonly<Record<string, string>> = {}): Promise<void> {
    await using gateway = serve(dataDir, env, ["--workers", "3"]);
    assert.deepEqual(await gateway.exit, { code: 1, signal: null });
    assert.match(gateway.stderr(), says);
    assert.doesNotMatch(gateway.stdout(), /Worker|"url"/);
  }

  test("a setting", async () => {
    await using folder = await aFolder();
    await failsWith(/^error: Settings: TW_LOG_LEVEL must be one of .*\n$/, folder.path, { TW_LOG_LEVEL: "loud" });
    await failsWith(/^error: Settings: TW_STALL_TIMEOUT_MS must be .*\n$/, folder.path, { TW_STALL_TIMEOUT_MS: "1" });
  });

  test("a configuration file", async () => {
    await using folder = await aFolder();
    await failsWith(/^error: .*cannot be read: ENOENT[^\n]*\n$/, folder.path, { TW_CONFIG: "sources.yaml" });
  });

  test("a port that is taken", async () => {
    await using folder = await aFolder();
    await using other = createServer().listen(0, "127.0.0.1");
    await once(other, "listening");
    const { port } = other.address() as AddressInfo;
    await failsWith(/^error: Cannot listen on 127\.0\.0\.1:\d+: another process[^\n]*\n$/, folder.path, {
      TW_PORT: String(port),
    });
  });
});

/** A Node in the path that is too old for Thruway, which the launcher is for. */
function olderNode(): string | undefined {
  const folders = (process.env.PATH ?? "").split(delimiter);
  return folders
    .map((folder) => join(folder, "node"))
    .filter((node) => existsSync(node))
    .find((node) => Number(/^v(\d+)/.exec(execFileSync(node, ["--version"], { encoding: "utf8" }))?.[1]) < 24);
}
