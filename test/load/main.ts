/**
 * Two gateways, one database and a bad day: events at full speed, every tenth sent twice; the database is cut off for ten
 * seconds in the middle; one gateway is killed and started again. Senders do what senders do: what was not answered, or
 * answered 503, they send again. In the end every event that was acknowledged is there exactly once.
 *
 * `npm run test:load`, or smaller: `npm run test:load -- --events 2000 --away 2`.
 */
import assert from "node:assert/strict";
import { Agent, request } from "node:http";
import { json } from "node:stream/consumers";
import { setTimeout as pause } from "node:timers/promises";
import { parseArgs } from "node:util";
import Table from "cli-table3";
import { messageOf } from "../../core/errors.ts";
import { eventually } from "../support/eventually.ts";
import { aFolder, register, running, type ServingGateway } from "../support/gateway-process.ts";
import { aMongoDatabase } from "../support/mongo/database.ts";
import { aMongoProxy } from "../support/mongo/proxy.ts";
import { mongoServer } from "../support/mongo/server.ts";
import { signedHeaders } from "../support/signed.ts";

const { values } = parseArgs({
  options: {
    events: { type: "string", default: "20000" },
    away: { type: "string", default: "10" },
    connections: { type: "string", default: "32" },
  },
});
const count = Number(values.events);
const awayMs = Number(values.away) * 1_000;
const connections = Number(values.connections);
const source = "edr";
/** Senders give up at some time; these do not for as long as anything here may take. */
const mostTries = 200;
const retryEveryMs = 250;
const settleWithinMs = 240_000;

interface Answer {
  readonly status: number;
  readonly body: { readonly status?: string; readonly duplicate?: boolean };
}

const tally = { accepted: 0, queued: 0, duplicate: 0, refused: 0, broken: 0 };

const server = await mongoServer();
if (!("uri" in server)) throw new Error(`There is no MongoDB server: ${server.reason}`);
console.log(`${count} events to two gateways on ${server.name}`);

await using database = await aMongoDatabase();
await using proxy = await aMongoProxy(database.uri);
await using folder = await aFolder();
await using other = await aFolder();
const env = {
  TW_STORE_URL: proxy.uri,
  TW_LOG_LEVEL: "info",
  TW_QUEUE_LEASE_MS: "5000",
  TW_MASTER_KEY: "0123456789abcdef".repeat(4),
  TW_ADMIN_TOKEN: "tw_LoadTt_0123456789abcdefghijklmnopqrstuv",
};
await using steady = await running(folder.path, env);
let killed = await running(other.path, env);
const port = new URL(killed.url).port;
await register(steady, source);
await seenBy(killed);

/** What is sent while the database is away ends here, so that there is something left for what comes after. */
const heldFrom = 0.65;
const back = Promise.withResolvers<void>();

const began = performance.now();
try {
  const sending = sendAll();
  await sent(0.3);
  console.log(`${tally.accepted} accepted; the database is cut off for ${awayMs / 1_000} s`);
  await proxy.refuse();
  await pause(awayMs);
  await proxy.heal();
  back.resolve();
  console.log(`${tally.queued} answered queued so far; the database is back`);
  await sent(0.8);
  console.log("one gateway is killed, and started again");
  killed.signal("SIGKILL");
  await killed.exit;
  killed = await running(other.path, { ...env, TW_PORT: port });
  await sending;
  const seconds = (performance.now() - began) / 1_000;
  await settled();
  await report(seconds);
} finally {
  await killed[Symbol.asyncDispose]();
}

function bodyOf(id: number): string {
  const data = { alert_id: `alert-${id}`, severity: "high", host: `ws-${id}`, details: { text: "x".repeat(600) } };
  return JSON.stringify({ event_type: "security_alert", data });
}

/** Every tenth twice, the second one a little later and through the other gateway. */
function* events(): Generator<number> {
  for (let id = 0; id < count; id++) {
    yield id;
    if (id % 10 === 9) yield id - 5;
  }
}

async function sendAll(): Promise<void> {
  const agent = new Agent({ keepAlive: true, maxSockets: connections });
  const headers = new Map<number, readonly [string, Readonly<Record<string, string>>]>();
  const remaining = events();
  let turn = 0;
  async function sendOn(): Promise<void> {
    for (let next = remaining.next(); next.done !== true; next = remaining.next()) {
      const id = next.value;
      if (id >= count * heldFrom) await back.promise;
      // The very bytes again: it is the same delivery.
      const [body, signed] = headers.get(id) ?? [bodyOf(id), Object.fromEntries(signedHeaders(bodyOf(id)))];
      headers.set(id, [body, signed]);
      turn += 1;
      await untilTaken(body, signed, turn, agent);
    }
  }
  await Promise.all(Array.from({ length: connections }, sendOn));
  agent.destroy();
}

async function untilTaken(
  body: string,
  headers: Readonly<Record<string, string>>,
  turn: number,
  agent: Agent,
): Promise<void> {
  for (let tries = 0; tries < mostTries; tries++) {
    const url = (turn + tries) % 2 === 0 ? steady.url : killed.url;
    const answer = await post(`${url}/api/webhooks/${source}`, headers, body, agent).catch(() => undefined);
    if (answer?.status === 202) {
      if (answer.body.duplicate === true) tally.duplicate += 1;
      else if (answer.body.status === "queued") tally.queued += 1;
      else tally.accepted += 1;
      return;
    }
    if (answer === undefined) tally.broken += 1;
    else tally.refused += 1;
    if (answer !== undefined && answer.status !== 503)
      throw new Error(`${answer.status} ${JSON.stringify(answer.body)}`);
    await pause(retryEveryMs);
  }
  throw new Error("An event was never taken");
}

function post(url: string, headers: Readonly<Record<string, string>>, body: string, agent: Agent): Promise<Answer> {
  const { promise, resolve, reject } = Promise.withResolvers<Answer>();
  const sending = request(url, { method: "POST", agent, headers, timeout: 20_000 }, (response) => {
    json(response).then((body) => resolve({ status: response.statusCode ?? 0, body: body as Answer["body"] }), reject);
  });
  sending.on("timeout", () => sending.destroy(new Error("no answer")));
  sending.on("error", reject);
  sending.end(body);
  return promise;
}

async function sent(share: number): Promise<void> {
  while (tally.accepted + tally.queued < count * share) await pause(20);
}

async function seenBy(gateway: ServingGateway): Promise<void> {
  await eventually(async () =>
    (await gateway.api("GET", `/api/webhooks/${source}`)).status === 200 ? true : undefined,
  );
}

/** Both spools are empty and nothing is queued. */
async function settled(): Promise<void> {
  let last: unknown;
  try {
    await eventually(async () => {
      const states = await Promise.all([steady, killed].map((gateway) => gateway.api("GET", "/readyz")));
      const queued = await steady.api("GET", "/api/deliveries?outcome=queued&limit=1");
      last = [...states, queued].map(({ body }) => body);
      const isReady = states.every(({ body }) => body.status === "ready");
      return isReady && queued.status === 200 && queued.body.data.length === 0 ? true : undefined;
    }, settleWithinMs);
  } catch (cause) {
    throw new Error(`It did not come to rest: ${JSON.stringify(last)}`, { cause });
  }
}

async function report(seconds: number): Promise<void> {
  const found = new Map<string, number>();
  const numbers = new Set<string>();
  for await (const incident of all("/api/incidents?limit=200")) {
    const {
      external_id: id,
      number,
      occurrences,
    } = incident as unknown as {
      readonly external_id: string;
      readonly number: string;
      readonly occurrences: number;
    };
    found.set(id, (found.get(id) ?? 0) + occurrences);
    numbers.add(number);
  }
  const lost = Array.from({ length: count }, (_, id) => `alert-${id}`).filter((id) => !found.has(id));
  const twice = [...found].filter(([, occurrences]) => occurrences !== 1);
  const failed: unknown[] = [];
  for await (const delivery of all("/api/deliveries?outcome=dead,rejected&limit=200")) failed.push(delivery);
  const table = new Table({ style: { head: [], border: [] } });
  table.push(
    ["events", count],
    ["seconds", seconds.toFixed(1)],
    ["answered accepted", tally.accepted],
    ["answered queued", tally.queued],
    ["answered as duplicates", tally.duplicate],
    ["answered 503, sent again", tally.refused],
    ["not answered, sent again", tally.broken],
    ["acknowledged and lost", lost.length],
    ["made twice", twice.length],
    ["dead or rejected", failed.length],
    ["numbers given twice", found.size - numbers.size],
  );
  console.log(table.toString());
  try {
    assert.deepEqual([lost, twice, failed], [[], [], []]);
    assert.equal(found.size, count);
    assert.equal(numbers.size, count);
    assert.ok(tally.queued > 0, "while the database was away, events were answered queued");
  } catch (error) {
    console.error(messageOf(error));
    process.exitCode = 1;
  }
}

async function* all(path: string): AsyncGenerator<Readonly<Record<string, unknown>>> {
  for (let cursor: string | null = ""; cursor !== null; ) {
    const { status, body } = await steady.api("GET", `${path}${cursor && `&cursor=${cursor}`}`);
    assert.equal(status, 200, JSON.stringify(body));
    yield* body.data;
    cursor = body.meta.next_cursor;
  }
}
