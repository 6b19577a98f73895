import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { aGateway, type TestGateway, testSecret } from "../support/gateway.ts";
import { assertRefused } from "../support/refused.ts";

let folder: string;
let one: TestGateway;
let other: TestGateway;

before(async () => {
  folder = await mkdtemp(join(tmpdir(), "thruway-test-several-"));
  one = await aGateway({ TW_DATA_DIR: folder });
  other = await aGateway({ TW_DATA_DIR: folder });
});
after(async () => {
  await one[Symbol.asyncDispose]();
  await other[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

let events = 0;
function anEvent(): string {
  events += 1;
  return JSON.stringify({ event_type: "security_alert", data: { alert_id: `several-${events}` } });
}

async function register(source: string, fields: Readonly<Record<string, unknown>> = {}): Promise<void> {
  const { status, body } = await one.api("POST", "/api/webhooks", { source, secret: testSecret, ...fields });
  assert.equal(status, 201, JSON.stringify(body));
}

/** Asks until it is so, for at most the two seconds that are promised. */
async function withinTwoSeconds(is: () => Promise<boolean>): Promise<void> {
  const giveUp = Date.now() + 2_000;
  while (!(await is())) {
    assert.ok(Date.now() < giveUp, "it was not so within two seconds");
    await pause(20);
  }
}

describe("two gateways on one store", () => {
  test("a source that was registered on one is taken by the other at once, and without an API call", async () => {
    for (const source of ["at-once-1", "at-once-2", "at-once-3"]) {
      await register(source);
      await pause(200);
      const { status, body } = await other.send(source, anEvent());
      assert.deepEqual([status, body.status], [202, "accepted"]);
    }
  });

  test("a secret that was changed on one is the other's within two seconds", async () => {
    await register("rotated");
    assert.equal((await other.send("rotated", anEvent())).status, 202);
    const secret = "another-throw-away-test-secret-0123456789";
    await one.api("PATCH", "/api/webhooks/rotated", { secret });
    await withinTwoSeconds(async () => (await other.send("rotated", anEvent(), { secret })).status === 202);
    assertRefused(await other.send("rotated", anEvent()), { status: 401, code: "invalid_signature" });
  });

  test("a source that was deleted on one is unknown to the other within two seconds", async () => {
    await register("deleted");
    assert.equal((await other.send("deleted", anEvent())).status, 202);
    await one.api("DELETE", "/api/webhooks/deleted");
    await withinTwoSeconds(async () => (await other.send("deleted", anEvent())).status === 404);
  });

  test("the API of each shows at once what the other's has changed", async () => {
    await register("shown", { playbook: "one" });
    assert.equal((await other.api("GET", "/api/webhooks/shown")).body.playbook, "one");
    await one.api("PATCH", "/api/webhooks/shown", { playbook: "two" });
    const { body } = await other.api("GET", "/api/webhooks");
    const found = body.data.find(({ source }: { readonly source: string }) => source === "shown");
    assert.equal(found.playbook, "two");
    const { body: tested } = await other.api("POST", "/api/webhooks/shown/test");
    assert.equal(tested.ok, true);
    assert.equal((await other.api("DELETE", "/api/webhooks/shown")).status, 204);
    assertRefused(await one.api("GET", "/api/webhooks/shown"), { status: 404, code: "unknown_source" });
  });

  test("a change by one does not undo what the other has just changed", async () => {
    await register("shared");
    await other.api("GET", "/api/webhooks/shared");
    await one.api("PATCH", "/api/webhooks/shared", { add_secret: "another-throw-away-test-secret-0123456789" });
    const { body } = await other.api("PATCH", "/api/webhooks/shared", { default_severity: "low" });
    assert.deepEqual([body.secrets.length, body.default_severity], [2, "low"]);
  });

  test("a rate limit goes on counting while the other changes other sources", async () => {
    await register("limited", { rate_limit: { requests: 3, per_seconds: 60 } });
    const statuses = [];
    for (let n = 0; n < 5; n += 1) {
      statuses.push((await other.send("limited", anEvent())).status);
      await register(`beside-${n}`);
      await other.api("GET", `/api/webhooks/beside-${n}`);
    }
    assert.deepEqual(statuses, [202, 202, 202, 429, 429]);
  });

  test("a source that neither knows is refused as fast as a wrong signature, however often", async () => {
    await register("known");
    await other.send("known", anEvent());
    async function timeOf(source: string): Promise<number> {
      const since = performance.now();
      for (let n = 0; n < 100; n += 1) await other.send(source, anEvent(), { secret: "x".repeat(40) });
      return performance.now() - since;
    }
    await timeOf("known");
    const [unknown, known] = [await timeOf("nobody"), await timeOf("known")];
    // A look into the store for each would hold every one of them up by as much as the limit on looks says.
    assert.ok(unknown < known * 3 + 200, `${unknown} ms against ${known} ms`);
  });
});
