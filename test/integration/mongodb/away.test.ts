/** What a gateway does while MongoDB is away. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { eventually } from "../../support/eventually.ts";
import { aGateway, type TestGateway, testSecret } from "../../support/gateway.ts";
import { aFolder, serve } from "../../support/gateway-process.ts";
import { aMongoDatabase } from "../../support/mongo/database.ts";
import { aMongoProxy, type MongoProxy } from "../../support/mongo/proxy.ts";
import { withoutMongo } from "../../support/mongo/server.ts";

const skip = await withoutMongo();
const oneMiB = 1_048_576;

interface Place extends AsyncDisposable {
  readonly proxy: MongoProxy;
  start(env?: Readonly<Record<string, string>>): Promise<TestGateway>;
}

async function aPlace(): Promise<Place> {
  const folder = await aFolder();
  const database = await aMongoDatabase();
  const proxy = await aMongoProxy(database.uri);
  const common = { TW_DATA_DIR: folder.path, TW_STORE_URL: proxy.uri, TW_STORE_TIMEOUT_MS: "1500" };
  return {
    proxy,
    start: (env = {}) => aGateway({ ...common, ...env }),
    async [Symbol.asyncDispose]() {
      await proxy[Symbol.asyncDispose]();
      await database[Symbol.asyncDispose]();
      await folder[Symbol.asyncDispose]();
    },
  };
}

async function register(gateway: TestGateway): Promise<void> {
  const { status } = await gateway.api("POST", "/api/webhooks", { source: "edr", secret: testSecret });
  assert.equal(status, 201);
}

function anAlert(id: string, padding = 0): string {
  const data = { alert_id: id, severity: "high", padding: "x".repeat(padding) };
  return JSON.stringify({ event_type: "security_alert", data });
}

/** The database is back and nothing waits: what it got half of before it went away, a worker finishes. */
async function ready(gateway: TestGateway): Promise<void> {
  await eventually(async () => {
    if ((await gateway.api("GET", "/readyz")).body.status !== "ready") return undefined;
    const { status, body } = await gateway.api("GET", "/api/deliveries?outcome=queued");
    return status === 200 && body.data.length === 0 ? true : undefined;
  });
}

describe("a gateway whose MongoDB is away", { skip, concurrency: 2, timeout: 180_000 }, () => {
  test("answers queued, says where the event waits, and what became of it once the database is back", async () => {
    await using place = await aPlace();
    await using gateway = await place.start();
    await register(gateway);
    await place.proxy.refuse();

    const answer = await gateway.send("edr", anAlert("a-1"));
    assert.equal(answer.status, 202);
    const { queue_id, ...rest } = answer.body;
    assert.deepEqual(rest, { status: "queued", message: "Event queued for processing" });
    assert.equal((await gateway.api("GET", `/api/queue/${queue_id}`)).body.state, "queued");
    assert.equal((await gateway.api("GET", "/api/incidents")).status, 503);

    const degraded = await gateway.api("GET", "/readyz");
    assert.equal(degraded.status, 200);
    assert.equal(degraded.body.status, "degraded");
    assert.match(degraded.body.checks.store, /^away since .*ECONNREFUSED/);
    assert.equal(degraded.body.checks.spool.deliveries, 1);

    await place.proxy.heal();
    await ready(gateway);
    const { body: settled } = await gateway.api("GET", `/api/queue/${queue_id}`);
    assert.equal(settled.state, "accepted");
    const { body: incident } = await gateway.api("GET", `/api/incidents/${settled.incident_id}`);
    assert.equal(incident.external_id, "a-1");
  });

  test("tells a sender that repeats itself the same, and refuses who signs wrong", async () => {
    await using place = await aPlace();
    await using gateway = await place.start();
    await register(gateway);
    await place.proxy.refuse();
    const at = new Date();
    const first = await gateway.send("edr", anAlert("a-1"), { at });
    const again = await gateway.send("edr", anAlert("a-1"), { at });
    assert.deepEqual(again.body, { ...first.body, duplicate: true });
    assert.equal((await gateway.send("edr", anAlert("a-2"), { secret: "another" })).status, 401);
    assert.equal((await gateway.send("nobody", anAlert("a-2"))).status, 404);
    assert.equal((await gateway.send("edr", '{"event_type":1}')).status, 422);
    await place.proxy.heal();
    await ready(gateway);
    assert.equal((await gateway.api("GET", "/api/incidents")).body.data.length, 1);
    const rejected = await gateway.api("GET", "/api/deliveries?outcome=rejected");
    assert.equal(rejected.body.data.length, 1);
    await eventually(async () => {
      const { body } = await gateway.api("GET", "/api/deliveries?outcome=refused");
      return body.data.length === 2 ? true : undefined;
    });
  });

  test("forwards in the order in which the events came", async () => {
    await using place = await aPlace();
    await using gateway = await place.start();
    await register(gateway);
    await place.proxy.refuse();
    const ids = Array.from({ length: 150 }, (_, index) => `a-${index}`);
    for (const id of ids) assert.equal((await gateway.send("edr", anAlert(id))).body.status, "queued");
    await place.proxy.heal();
    await ready(gateway);
    const { body } = await gateway.api("GET", "/api/incidents?limit=200");
    const inOrder = body.data.toSorted((a: { number: string }, b: { number: string }) =>
      a.number.localeCompare(b.number),
    );
    assert.deepEqual(
      inOrder.map((each: { external_id: string }) => each.external_id),
      ids,
    );
  });

  test("disk full during intake: refuses with 503 and Retry-After, and loses nothing that it took", async () => {
    await using place = await aPlace();
    await using gateway = await place.start({ TW_SPOOL_MAX_BYTES: String(oneMiB) });
    await register(gateway);
    await place.proxy.refuse();
    const taken: string[] = [];
    let refused = 0;
    for (let n = 0; refused < 3; n++) {
      assert.ok(n < 100, "the spool is bounded");
      const { status, headers, body } = await gateway.send("edr", anAlert(`a-${n}`, 50_000));
      if (status === 202) {
        taken.push(`a-${n}`);
        continue;
      }
      refused += 1;
      assert.equal(status, 503);
      assert.equal(body.error.code, "store_unavailable");
      assert.equal(headers.get("retry-after"), "30");
    }
    assert.ok(taken.length > 5);
    const full = await gateway.api("GET", "/readyz");
    assert.equal(full.status, 503);
    await place.proxy.heal();
    await ready(gateway);
    const { body } = await gateway.api("GET", "/api/incidents?limit=200");
    const found = body.data.map((each: { external_id: string }) => each.external_id);
    assert.deepEqual(found.toSorted(), taken.toSorted());
    assert.equal((await gateway.send("edr", anAlert("after", 50_000))).body.status, "accepted");
  });

  test("starts with the sources that it knew last", async () => {
    await using place = await aPlace();
    {
      await using before = await place.start();
      await register(before);
    }
    await place.proxy.refuse();
    await using gateway = await place.start();
    const answer = await gateway.send("edr", anAlert("a-1"));
    assert.equal(answer.body.status, "queued", JSON.stringify(answer.body));
    assert.equal((await gateway.api("GET", "/api/webhooks")).body.data.length, 1);
    await place.proxy.heal();
    await ready(gateway);
    assert.equal((await gateway.api("GET", "/api/incidents")).body.data.length, 1);
    assert.equal((await gateway.send("edr", anAlert("a-2"))).body.status, "accepted");
  });

  test("does not start for the first time, and says so in one line", async () => {
    await using place = await aPlace();
    await using folder = await aFolder();
    await place.proxy.refuse();
    await using serving = serve(folder.path, { TW_STORE_URL: place.proxy.uri, TW_STORE_TIMEOUT_MS: "1500" });
    assert.equal((await serving.exit).code, 1);
    assert.match(serving.stderr(), /^error: The store does not answer, .*ECONNREFUSED.*TW_STORE_URL\n$/);
  });
});
