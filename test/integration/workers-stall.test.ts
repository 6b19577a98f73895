import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { test } from "node:test";
import { readFlight } from "../../core/supervise/flight-file.ts";
import { eventually } from "../support/eventually.ts";
import type { Answered } from "../support/gateway.ts";
import { aFolder, register, running, type ServingGateway } from "../support/gateway-process.ts";
import { signedHeaders } from "../support/signed.ts";
import { exchange, requestBytes } from "../support/wire.ts";

const stallTimeoutMs = 3_000;
const root = resolve(import.meta.dirname, "../..");

type Json = ReturnType<typeof JSON.parse>;

/** Two workers, and a plugin that stalls where the payload says so. */
async function stallingGateway(folder: string): Promise<ServingGateway> {
  const plugins = ["test/support/plugins/stalling.ts", "plugins/generic/index.ts"];
  await writeFile(join(folder, "plugins.json"), JSON.stringify(plugins.map((path) => join(root, path))));
  const gateway = await running(
    join(folder, "data"),
    { TW_PLUGINS: "plugins.json", TW_STALL_TIMEOUT_MS: String(stallTimeoutMs) },
    ["--workers", "2"],
  );
  await eventually(async () => gateway.stdout().includes("All workers have started") || undefined);
  await register(gateway, "direct", { plugin: "stalling" });
  await register(gateway, "patient", { plugin: "stalling", processing: "queued" });
  return gateway;
}

interface Request {
  readonly path: string;
  readonly bytes: Buffer;
}

/** A signed event; sent twice, it is the same delivery. */
function anEvent(source: string, payload: Json, timestamp?: string): Request {
  const body = JSON.stringify(payload);
  const headers = [...signedHeaders(body, timestamp), ["Connection", "close"] as const];
  const path = `/api/webhooks/${source}`;
  return { path, bytes: requestBytes({ path, headers, body }) };
}

/** On a connection of its own. @returns `undefined` where that ends without an answer */
async function send({ url }: ServingGateway, { bytes }: Request): Promise<Answered | undefined> {
  return exchange(url, bytes).catch(() => undefined);
}

function count({ lines }: ServingGateway, msg: string): number {
  return lines().filter((line) => line.msg === msg).length;
}

/**
 * Sends good events, one after the other, until something is done. One that is under way in a process as it ends is sent again,
 * as its sender would.
 *
 * @returns what was answered to each in the end, and how many had to be sent again
 */
async function sendMeanwhile(
  gateway: ServingGateway,
  done: Promise<unknown>,
): Promise<{ readonly answers: readonly (Answered | undefined)[]; readonly again: number }> {
  const answers: (Answered | undefined)[] = [];
  let again = 0;
  const state = { over: false };
  const end = done.finally(() => {
    state.over = true;
  });
  for (let n = 0; !state.over; n += 1) {
    const event = anEvent("direct", { id: `meanwhile-${n}` });
    const answer = await send(gateway, event);
    if (answer === undefined) again += 1;
    answers.push(answer ?? (await send(gateway, event)));
  }
  await end;
  return { answers, again };
}

/** Asks the API, on a connection of its own, which may be the one of a worker that is about to end. */
async function read({ url, token }: ServingGateway, path: string): Promise<Json> {
  const head = `GET ${path} HTTP/1.1\r\nHost: gateway\r\nAuthorization: Bearer ${token}\r\nConnection: close\r\n\r\n`;
  const answer = await exchange(url, head).catch(() => undefined);
  assert.ok(answer === undefined || answer.status === 200, JSON.stringify(answer?.body));
  return answer?.body;
}

async function becomesDead(gateway: ServingGateway, id: () => Promise<string | undefined>): Promise<Json> {
  return eventually(async () => {
    const found = await id();
    const delivery = found && (await read(gateway, `/api/deliveries/${found}`));
    return delivery?.outcome === "dead" ? delivery : undefined;
  });
}

/** Resolves once so many workers have died, and as many have taken their places. */
async function replaced(gateway: ServingGateway, times: number): Promise<void> {
  for (let n = 1; n <= times; n += 1) {
    await eventually(async () => count(gateway, "Worker ended") >= n || undefined);
    await eventually(async () => count(gateway, "Worker started") >= 2 + n || undefined);
  }
}

async function onlyDelivery(gateway: ServingGateway, source: string, code: string): Promise<string | undefined> {
  const found = await read(gateway, `/api/deliveries?source=${source}&code=${code}`);
  assert.ok(found === undefined || found.data.length <= 1, JSON.stringify(found));
  return found?.data[0]?.id;
}

function assertAllAccepted(answers: readonly (Answered | undefined)[]): void {
  const others = answers.filter((answer) => answer?.status !== 202 || answer.body.status !== "accepted");
  assert.deepEqual(others, []);
}

const options = { timeout: 120_000 };

for (const [how, ends, msg] of [
  ["loops for ever", "loop", "Worker stalled"],
  ["ends the process", "exit", "Worker ended"],
] as const) {
  test(
    `a delivery whose plugin ${how} is dead after its second try, and everything else goes on`,
    options,
    async () => {
      await using folder = await aFolder();
      await using gateway = await stallingGateway(folder.path);
      const poison = anEvent("direct", { id: "poison", ends });

      async function stall(): Promise<Json> {
        assert.equal(await send(gateway, poison), undefined);
        await replaced(gateway, 2);
        return becomesDead(gateway, () => onlyDelivery(gateway, "direct", "plugin_stalled"));
      }
      const stalling = stall();
      const { answers, again } = await sendMeanwhile(gateway, stalling);
      const dead = await stalling;
      assert.equal(dead.reason, "The plugin 'stalling' did not come to an end (second try)");
      assert.deepEqual([dead.attempts, dead.code, dead.incidents], [1, "plugin_stalled", []]);
      assert.equal(JSON.parse(dead.body).id, "poison");
      assert.equal(count(gateway, msg), 2);
      await eventually(async () => count(gateway, "Plugin did not come to an end") === 2 || undefined);
      assert.ok(answers.length > 10);
      assertAllAccepted(answers);
      assert.ok(again <= 2);
    },
  );

  test(`a delivery whose plugin ${how} is so too where its source queues`, options, async () => {
    await using folder = await aFolder();
    await using gateway = await stallingGateway(folder.path);
    async function stall(): Promise<Json> {
      const answer = await send(gateway, anEvent("patient", { id: "poison", ends }));
      assert.equal(answer?.body.status, "queued");
      const id = String(answer.body.queue_id).replace("queue-", "");
      await replaced(gateway, 2);
      return becomesDead(gateway, async () => id);
    }
    const stalling = stall();
    const { answers, again } = await sendMeanwhile(gateway, stalling);
    const dead = await stalling;
    assert.deepEqual([dead.attempts, dead.code], [2, "plugin_stalled"]);
    assert.equal(count(gateway, msg), 2);
    assertAllAccepted(answers);
    assert.ok(again <= 2);
    const queued = await send(gateway, anEvent("patient", { id: "good" }));
    await eventually(async () => {
      const shown = await read(gateway, `/api/queue/${queued?.body.queue_id}`);
      return shown?.state === "accepted" || undefined;
    });
  });
}

test("a delivery that stalls stops no other worker when it is sent again, signed anew or not", options, async () => {
  await using folder = await aFolder();
  await using gateway = await stallingGateway(folder.path);
  const payload = { id: "poison", ends: "loop" };
  const poison = anEvent("direct", payload);
  assert.equal(await send(gateway, poison), undefined);
  // Its sender hears of the end as soon as there is one, and tries again at once.
  const again = await send(gateway, poison);
  assert.deepEqual([again?.status, again?.body.status], [202, "queued"]);
  const id = String(again?.body.queue_id).replace("queue-", "");
  await replaced(gateway, 2);
  await becomesDead(gateway, async () => id);
  assert.equal(count(gateway, "Worker stalled"), 2);

  for (const timestamp of [1, 2].map((seconds) => String(Math.floor(Date.now() / 1000) - seconds))) {
    const anew = await send(gateway, anEvent("direct", payload, timestamp));
    assert.equal(anew?.body.status, "queued");
    const queueId = String(anew.body.queue_id).replace("queue-", "");
    await becomesDead(gateway, async () => queueId);
  }
  assert.equal(count(gateway, "Worker stalled"), 2);
  assert.equal((await send(gateway, anEvent("direct", { id: "good" })))?.body.status, "accepted");
});

test("what a plugin had in hand when the whole gateway was killed is queued by the next start", options, async () => {
  await using folder = await aFolder();
  await using killed = await stallingGateway(folder.path);
  const sending = send(killed, anEvent("direct", { id: "poison", ends: "loop" }));
  await eventually(async () => {
    const files = [0, 1].map((each) => join(folder.path, "data", "run", `worker-0-${each}.flight`));
    return files.some((file) => readFlight(file) !== undefined) || undefined;
  });
  killed.signal("SIGKILL");
  for (const line of killed.lines()) if (line.msg === "Worker started") kill(line.pid);
  assert.equal(await sending, undefined);

  await using gateway = await stallingAgain(folder.path);
  await eventually(async () => count(gateway, "Worker stalled") >= 1 || undefined);
  const dead = await becomesDead(gateway, () => onlyDelivery(gateway, "direct", "plugin_stalled"));
  assert.equal(JSON.parse(dead.body).id, "poison");
});

function kill(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It has ended by itself.
  }
}

async function stallingAgain(folder: string): Promise<ServingGateway> {
  const settings = { TW_PLUGINS: "plugins.json", TW_STALL_TIMEOUT_MS: String(stallTimeoutMs) };
  return running(join(folder, "data"), settings, ["--workers", "2"]);
}
