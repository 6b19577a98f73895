/** The fault matrix of docs/operations.md: what goes wrong, and when. Nothing that was acknowledged is lost, nothing is made twice. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { eventually } from "../../support/eventually.ts";
import { type Answered, aGateway, type TestGateway, testSecret } from "../../support/gateway.ts";
import { aMongoDatabase } from "../../support/mongo/database.ts";
import type { Fault, FaultKind } from "../../support/mongo/faults.ts";
import { aMongoProxy, type MongoProxy } from "../../support/mongo/proxy.ts";
import { withoutMongo } from "../../support/mongo/server.ts";
import { faults, writes } from "./matrix.ts";

const count = 12;

const patienceMs = 30_000;
const env = { TW_STORE_TIMEOUT_MS: "1500", TW_QUEUE_LEASE_MS: "1000" };

interface Scene extends AsyncDisposable {
  readonly proxy: MongoProxy;
  readonly gateway: TestGateway;
}

async function aScene(): Promise<Scene> {
  await using opened = new AsyncDisposableStack();
  const database = opened.use(await aMongoDatabase());
  const proxy = opened.use(await aMongoProxy(database.uri));
  const gateway = opened.use(await aGateway({ ...env, TW_STORE_URL: proxy.uri }));
  // What was held goes on before anything is closed.
  opened.defer(() => proxy.heal());
  for (const [source, processing] of [
    ["direct", "immediate"],
    ["queued", "queued"],
  ] as const) {
    const { status } = await gateway.api("POST", "/api/webhooks", { source, secret: testSecret, processing });
    assert.equal(status, 201);
  }
  const all = opened.move();
  return { proxy, gateway, [Symbol.asyncDispose]: () => all.disposeAsync() };
}

function body(id: number): string {
  return JSON.stringify({ event_type: "security_alert", data: { alert_id: `alert-${id}`, severity: "high" } });
}

/** Sends events, half of them twice at once; at least one answer of each counts. */
async function send(gateway: TestGateway, source: string, from = 0): Promise<readonly Answered[]> {
  const ids = Array.from({ length: count }, (_, index) => from + index);
  const at = new Date();
  const answers = await Promise.all(
    [...ids, ...ids.filter((id) => id % 2 === 0)].map((id) => gateway.send(source, body(id), { at })),
  );
  for (const { status, body } of answers) assert.equal(status, 202, JSON.stringify(body));
  return answers;
}

/** Every event that was acknowledged is one incident, made of one alert; nothing waits, nothing has died. */
async function allThereOnce({ gateway }: Scene, expected: number): Promise<void> {
  const settled = await eventually(async () => {
    const { body: ready } = await gateway.api("GET", "/readyz");
    if (ready.status !== "ready") return undefined;
    const waiting = await gateway.api("GET", "/api/deliveries?outcome=queued&limit=200");
    return waiting.status === 200 && waiting.body.data.length === 0 ? true : undefined;
  }, patienceMs);
  assert.ok(settled);
  const { body: incidents } = await gateway.api("GET", "/api/incidents?limit=200");
  const found = incidents.data.map((each: { external_id: string; occurrences: number }) => [
    each.external_id,
    each.occurrences,
  ]);
  const wanted = Array.from({ length: expected }, (_, id) => [`alert-${id}`, 1]);
  const byId = (all: readonly (readonly unknown[])[]): unknown =>
    all.toSorted((a, b) => String(a[0]).localeCompare(String(b[0])));
  assert.deepEqual(byId(found), byId(wanted));
  const numbers = incidents.data.map((each: { number: string }) => each.number);
  assert.equal(new Set(numbers).size, expected);
  for (const outcome of ["dead", "rejected"]) {
    const { body } = await gateway.api("GET", `/api/deliveries?outcome=${outcome}`);
    assert.deepEqual(body.data, []);
  }
}

/** Lets a fault strike at the next requests of a kind, like `insert deliveries`. */
function arm(proxy: MongoProxy, kind: FaultKind, write: string): Fault {
  const command = (name: string, document: Readonly<Record<string, unknown>>): boolean =>
    `${name} ${String(document[name])}` === write;
  return proxy.fault(kind, { command, times: kind === "stall" ? 1 : 2 });
}

const skip = await withoutMongo();

describe("the fault matrix", { skip, concurrency: 4, timeout: 300_000 }, () => {
  for (const kind of Object.keys(faults) as (keyof typeof faults)[]) {
    for (const write of writes.intake) {
      test(`${kind} during intake, at ${write}: acknowledged and lost 0, duplicated 0`, async () => {
        await using scene = await aScene();
        const fault = arm(scene.proxy, kind, write);
        await send(scene.gateway, "direct");
        await fault.fired;
        await scene.proxy.heal();
        await allThereOnce(scene, count);
      });
    }

    for (const write of writes.forward) {
      test(`${kind} during forward, at ${write}: acknowledged and lost 0, duplicated 0`, async () => {
        await using scene = await aScene();
        await scene.proxy.refuse();
        await allQueued(scene);
        await scene.proxy.heal();
        const fault = arm(scene.proxy, kind, write);
        await fault.fired;
        await scene.proxy.heal();
        await allThereOnce(scene, count);
      });
    }

    for (const write of writes.claim) {
      test(`${kind} during claim, at ${write}: acknowledged and lost 0, duplicated 0`, async () => {
        await using scene = await aScene();
        const fault = arm(scene.proxy, kind, write);
        await send(scene.gateway, "queued");
        await fault.fired;
        await scene.proxy.heal();
        await allThereOnce(scene, count);
      });
    }
  }

  test("refuse during intake: acknowledged and lost 0, duplicated 0", async () => {
    await using scene = await aScene();
    const sending = send(scene.gateway, "direct");
    await scene.proxy.refuse();
    await sending;
    await allQueued(scene, count);
    await scene.proxy.heal();
    await allThereOnce(scene, 2 * count);
  });

  test("refuse during forward: acknowledged and lost 0, duplicated 0", async () => {
    await using scene = await aScene();
    await scene.proxy.refuse();
    await allQueued(scene);
    await scene.proxy.heal();
    // It is back just long enough for the forwarding to begin.
    const fault = arm(scene.proxy, "stall", "insert incidents");
    await fault.fired;
    await scene.proxy.refuse();
    await allQueued(scene, count);
    await scene.proxy.heal();
    await allThereOnce(scene, 2 * count);
  });

  test("refuse during claim: acknowledged and lost 0, duplicated 0", async () => {
    await using scene = await aScene();
    const fault = arm(scene.proxy, "stall", "insert incidents");
    await send(scene.gateway, "queued");
    await fault.fired;
    await scene.proxy.refuse();
    await allQueued(scene, count);
    await scene.proxy.heal();
    await allThereOnce(scene, 2 * count);
  });
});

async function allQueued({ gateway }: Scene, from = 0): Promise<void> {
  for (const { body } of await send(gateway, "direct", from)) assert.equal(body.status, "queued");
}
