import assert from "node:assert/strict";
import { createServer } from "node:net";
import { describe, test } from "node:test";
import { listen } from "../../core/listen.ts";
import { eventually } from "../support/eventually.ts";
import {
  aFolder,
  type LogLine,
  register,
  running,
  type Serving,
  type ServingGateway,
  started,
} from "../support/gateway-process.ts";
import { metricsText, readMetrics, type Scraped, scrape, seriesOf } from "../support/scrape.ts";
import { anEvent, sendAll } from "../support/signed-events.ts";

const slow = { concurrency: 2, timeout: 60_000 };

async function withWorkers(dataDir: string, count = 2): Promise<ServingGateway> {
  const gateway = await running(dataDir, {}, ["--workers", String(count)]);
  await eventually(async () => linesOf(gateway, "All workers have started").length > 0 || undefined);
  return gateway;
}

function linesOf({ lines }: Serving, msg: string): readonly LogLine[] {
  return lines().filter((line) => line.msg === msg);
}

/** On a connection of its own, as the next worker gets it. */
async function scrapeNext(url: string): Promise<Scraped> {
  const response = await fetch(`${url}/metrics`, { headers: { connection: "close" } });
  assert.equal(response.status, 200);
  return readMetrics(await response.text());
}

function received(scraped: Scraped): number {
  return scraped.get('webhook_received_total{source="mail"}') ?? 0;
}

async function send(gateway: ServingGateway, name: string, count: number): Promise<void> {
  const events = Array.from({ length: count }, (_, n) => anEvent("mail", `${name} ${n}`));
  const sent = await sendAll(gateway.url, events);
  assert.deepEqual(new Set(sent.map(({ answer }) => answer?.status)), new Set([202]));
}

describe("the metrics of several processes", slow, () => {
  test("are their sum, whichever of them is asked", async () => {
    await using folder = await aFolder();
    await using gateway = await withWorkers(folder.path);
    await register(gateway, "mail");
    await send(gateway, "one", 100);
    const stored = new Set(linesOf(gateway, "Delivery stored").map(({ worker }) => worker));
    for (let n = 0; n < 6; n += 1) {
      const scraped = await scrapeNext(gateway.url);
      assert.equal(received(scraped), 100);
      assert.equal(scraped.get('webhook_processing_seconds_count{source="mail",stage="total"}'), 100);
      assert.equal(scraped.get("thruway_workers"), 2);
      assert.equal(scraped.get("thruway_queue_deliveries"), 0);
      assert.equal(scraped.get("thruway_store_up"), 1);
      assert.equal([...scraped.keys()].filter((key) => key.startsWith("thruway_build_info")).length, 1);
    }
    assert.equal(stored.size, 2, "one of the workers got nothing");
  });

  test("do not fall when a worker is killed, nor when it is stopped", async () => {
    await using folder = await aFolder();
    await using gateway = await withWorkers(folder.path);
    await register(gateway, "mail");
    await send(gateway, "one", 60);
    assert.equal(received(await scrape(gateway.url)), 60);
    for (const [signal, worker] of [
      ["SIGKILL", 0],
      ["SIGTERM", 1],
    ] as const) {
      const pid = linesOf(gateway, "Worker started").findLast((line) => line.worker === worker)?.pid;
      if (signal === "SIGTERM") await send(gateway, "two", 40);
      const before = linesOf(gateway, "Worker started").length;
      process.kill(pid, signal);
      await eventually(async () => linesOf(gateway, "Worker started").length > before || undefined);
    }
    const scraped = await scrapeNext(gateway.url);
    assert.equal(received(scraped), 100);
    assert.equal(scraped.get('thruway_worker_ends_total{reason="ended"}'), 2);
    await send(gateway, "three", 10);
    assert.equal(received(await scrapeNext(gateway.url)), 110);
  });
});

describe("processes that only work off the queue", slow, () => {
  for (const options of [[], ["--workers", "2"]]) {
    test(`are scraped on a port of their own: work ${options.join(" ")}`, async () => {
      await using folder = await aFolder();
      await using gateway = await running(folder.path, {}, ["--no-work"]);
      await register(gateway, "mail", { processing: "queued" });
      await send(gateway, "one", 20);
      await using workers = started(["work", ...options], folder.path, { TW_WORK_PORT: "0" });
      const url = await eventually(async () => linesOf(workers, "Thruway works off the queue")[0]?.url);
      const scraped = await eventually(async () => {
        const scraped = await scrapeNext(url);
        const done = scraped.get('thruway_deliveries_total{kind="work",outcome="accepted",source="mail"}');
        return done === 20 ? scraped : undefined;
      });
      assert.equal(scraped.get('webhook_received_total{source="mail"}'), 0);
      assert.deepEqual(seriesOf(scraped, "thruway_incidents_total"), {
        '{outcome="created",severity="high",source="mail"}': 20,
      });
      assert.equal((await fetch(`${url}/healthz`)).status, 200);
      assert.equal((await fetch(`${url}/readyz`)).status, 200);
      assert.equal((await fetch(`${url}/api/incidents`)).status, 404);
      workers.signal("SIGTERM");
      assert.deepEqual(await workers.exit, { code: 0, signal: null });
    });
  }

  test("listen nowhere unless they are told to", async () => {
    await using folder = await aFolder();
    await using gateway = await running(folder.path, {}, ["--no-work"]);
    await using work = started(["work"], folder.path);
    const line = await eventually(async () => linesOf(work, "Thruway works off the queue")[0]);
    assert.equal(line.url, null, gateway.url);
  });

  test("say in one line that their port is taken", async () => {
    await using folder = await aFolder();
    await using gateway = await running(folder.path, {}, ["--no-work"]);
    const other = createServer();
    const { port } = new URL(await listen(other, { host: "127.0.0.1", port: 0 }));
    await using work = started(["work"], folder.path, { TW_WORK_PORT: port });
    assert.deepEqual(await work.exit, { code: 1, signal: null });
    assert.match(work.stderr(), /^error: Cannot listen on 127\.0\.0\.1:\d+: another process[^\n]*\n$/);
    other.close();
    assert.ok(gateway.url);
  });
});

test("a token is wanted on the port of the queue's processes as it is on the gateway's", {
  timeout: 60_000,
}, async () => {
  await using folder = await aFolder();
  await using gateway = await running(folder.path, { TW_METRICS: "token" }, ["--no-work"]);
  await using work = started(["work"], folder.path, { TW_WORK_PORT: "0", TW_METRICS: "token" });
  const url = await eventually(async () => linesOf(work, "Thruway works off the queue")[0]?.url);
  assert.equal((await fetch(`${url}/metrics`)).status, 401);
  assert.match(await metricsText(url, undefined, gateway.token), /thruway_build_info/);
});
