import assert from "node:assert/strict";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { describe, test } from "node:test";
import { type Answered, aGateway, type TestGateway, testSecret } from "../support/gateway.ts";
import { assertRefused } from "../support/refused.ts";

const unavailable = { status: 503, code: "store_unavailable" } as const;

async function ask(gateway: TestGateway, path: string, method = "GET"): Promise<Answered> {
  const response = await fetch(`${gateway.url}${path}`, { method });
  const text = await response.text();
  return { status: response.status, headers: response.headers, body: text === "" ? undefined : JSON.parse(text) };
}

/** Another process's hand on the gateway's database. */
function aDatabase(gateway: TestGateway): DatabaseSync {
  return new DatabaseSync(join(gateway.dataDir, "thruway.db"), { timeout: 5_000 });
}

function assertComeBack(answer: Answered): void {
  assertRefused(answer, unavailable);
  assert.match(answer.headers.get("retry-after") ?? "", /^[1-9]\d*$/);
}

describe("health", { concurrency: true }, () => {
  test("is asked for without a token, and says that the process lives", async () => {
    await using gateway = await aGateway();
    const { status, body, headers } = await ask(gateway, "/healthz");
    assert.deepEqual([status, body], [200, { status: "ok" }]);
    assert.equal(headers.get("cache-control"), "no-store");
    assert.equal((await ask(gateway, "/healthz", "HEAD")).status, 200);
  });

  test("and readiness are two things: with a store that cannot be written, the process lives and is not ready", async () => {
    await using gateway = await aGateway();
    const ready = { status: "ready", checks: { store: "ok" } };
    assert.deepEqual((await ask(gateway, "/readyz")).body, ready);
    const database = aDatabase(gateway);
    database.exec("BEGIN IMMEDIATE");
    assertComeBack(await ask(gateway, "/readyz"));
    assert.equal((await ask(gateway, "/healthz")).status, 200);
    database.exec("ROLLBACK");
    database.close();
    assert.deepEqual((await ask(gateway, "/readyz")).body, ready);
  });
});

test("a delivery that cannot be stored is answered with store_unavailable, and is taken when it is sent again", async () => {
  await using gateway = await aGateway();
  await gateway.api("POST", "/api/webhooks", { source: "edr", secret: testSecret });
  const at = new Date();
  const send = (): Promise<Answered> => gateway.send("edr", '{"event_type":"unlucky"}', { at });
  const database = aDatabase(gateway);
  database.exec("ALTER TABLE deliveries RENAME TO deliveries_elsewhere");
  assertComeBack(await send());
  database.exec("ALTER TABLE deliveries_elsewhere RENAME TO deliveries");
  database.close();
  const { status, body } = await send();
  assert.deepEqual([status, body.status, body.duplicate], [202, "accepted", undefined]);
});

test("a store that fails while it is read is unavailable, and no bug", async () => {
  await using gateway = await aGateway();
  const database = aDatabase(gateway);
  database.exec("ALTER TABLE incidents RENAME TO elsewhere");
  assertComeBack(await gateway.api("GET", "/api/incidents"));
  database.exec("ALTER TABLE elsewhere RENAME TO incidents");
  database.close();
  assert.equal((await gateway.api("GET", "/api/incidents")).status, 200);
});
