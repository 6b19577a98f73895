import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { topics } from "../../core/telemetry/log.ts";
import { eventually } from "../support/eventually.ts";
import { type Answered, aGateway, type TestGateway } from "../support/gateway.ts";
import { aFolder, running } from "../support/gateway-process.ts";

const kept = { TW_LOG_FILES: "4", TW_LOG_FILE_MAX_BYTES: "65536", TW_LOG_LEVEL: "info" };

function logs(gateway: Pick<TestGateway, "api">, query: Readonly<Record<string, string>> = {}): Promise<Answered> {
  return gateway.api("GET", `/api/logs?${new URLSearchParams(query).toString()}`);
}

async function messages(
  gateway: TestGateway,
  query: Readonly<Record<string, string>> = {},
): Promise<readonly string[]> {
  const { status, body } = await logs(gateway, query);
  assert.equal(status, 200, JSON.stringify(body));
  return body.data.map(({ msg }: { readonly msg: string }) => msg);
}

/** Lines are written a moment later. */
function eventuallyLogged(gateway: TestGateway, filter: string, count = 1): Promise<readonly string[]> {
  return eventually(async () => {
    const found = await messages(gateway, { filter, limit: "200" });
    return found.length >= count ? found : undefined;
  });
}

const event = (id: string): string => JSON.stringify({ event_type: "alert", data: { alert_id: id, severity: "high" } });

describe("GET /api/logs", () => {
  test("lists the newest lines first, page by page, each once", async () => {
    await using gateway = await aGateway(kept);
    await gateway.api("POST", "/api/webhooks", { source: "edr", secret: "throw-away-test-secret" });
    for (let count = 0; count < 7; count++)
      await gateway.send("edr", event(`a${count}`), { secret: "throw-away-test-secret" });
    await eventuallyLogged(gateway, "webhook", 7);
    const ids: string[] = [];
    for (let cursor: string | null = ""; cursor !== null; ) {
      const { body } = await logs(gateway, { filter: "webhook", limit: "3", ...(cursor && { cursor }) });
      ids.push(...body.data.map(({ delivery_id }: { readonly delivery_id: string }) => delivery_id));
      cursor = body.meta.next_cursor;
    }
    assert.equal(new Set(ids).size, 7);
    assert.deepEqual(ids, ids.toSorted().toReversed());
  });

  test("narrows by topic, condition, level, source and time", async () => {
    await using gateway = await aGateway(kept);
    const secret = "throw-away-test-secret";
    for (const source of ["edr", "siem"]) await gateway.api("POST", "/api/webhooks", { source, secret });
    await gateway.send("edr", event("a"), { secret });
    await gateway.send("siem", event("b"), { secret: "another-throw-away-secret" });
    await eventuallyLogged(gateway, "webhook", 2);
    assert.deepEqual(await messages(gateway, { filter: "webhook" }), ["Delivery refused", "Delivery stored"]);
    assert.deepEqual(await messages(gateway, { filter: "audit", source: "siem" }), ["Source registered"]);
    assert.deepEqual(await messages(gateway, { level: "warn" }), ["Delivery refused"]);
    assert.deepEqual(await messages(gateway, { filter: "code=invalid_signature" }), ["Delivery refused"]);
    assert.deepEqual(await messages(gateway, { since: new Date(Date.now() + 60_000).toISOString() }), []);
    assert.ok((await messages(gateway, { until: new Date(Date.now() + 60_000).toISOString() })).length > 3);
  });

  test("refuses a filter that is wrong with where, an unknown parameter, and who has no token", async () => {
    await using gateway = await aGateway(kept);
    const wrong = await logs(gateway, { filter: "source=edr and loud" });
    assert.equal(wrong.status, 400);
    assert.equal(wrong.body.error.code, "invalid_request");
    assert.deepEqual(wrong.body.error.details, [
      {
        path: "query.filter",
        message: `at character 16: "loud" is no topic (they are ${topics.join(", ")}); a comparison is <field>=<value>`,
      },
    ]);
    for (const query of [{ topic: "webhook" }, { limit: "201" }, { cursor: "x" }, { level: "loud" }, { wait: "60" }]) {
      assert.equal((await logs(gateway, query)).status, 400, JSON.stringify(query));
    }
    assert.equal((await fetch(`${gateway.url}/api/logs`)).status, 401);
  });

  test("says so where no files are kept", async () => {
    await using gateway = await aGateway();
    const { status, body } = await logs(gateway);
    assert.deepEqual([status, body.error.code], [404, "not_found"]);
    assert.match(body.error.message, /TW_LOG_FILES/);
  });

  test("waits for what comes next, and answers with it at once", async () => {
    await using gateway = await aGateway(kept);
    await eventuallyLogged(gateway, "gateway");
    const { body } = await logs(gateway, { limit: "1" });
    const waiting = logs(gateway, { after: body.meta.end_cursor, wait: "20", filter: "audit" });
    await pause(50);
    await gateway.api("POST", "/api/webhooks", { source: "edr", secret: "throw-away-test-secret" });
    const came = await waiting;
    assert.deepEqual(
      came.body.data.map(({ msg }: { readonly msg: string }) => msg),
      ["Source registered"],
    );
    const nothing = await logs(gateway, { after: came.body.meta.end_cursor });
    assert.deepEqual(nothing.body.data, []);
  });

  test("lets so many wait and no more, and keeps no stop waiting", async () => {
    const gateway = await aGateway(kept);
    await eventuallyLogged(gateway, "gateway");
    const { body } = await logs(gateway, { limit: "1" });
    const wait = (): Promise<Answered> =>
      logs(gateway, { after: body.meta.end_cursor, wait: "20", filter: "msg=never" });
    const waiting = Array.from({ length: 32 }, wait);
    const refused = await eventually(async () => {
      const answered = await Promise.race([wait(), pause(1_000)]);
      return answered?.status === 429 ? answered : undefined;
    });
    assert.equal(refused.body.error.code, "rate_limited");
    const start = Date.now();
    await gateway[Symbol.asyncDispose]();
    assert.ok(Date.now() - start < 6_000);
    assert.deepEqual([...new Set((await Promise.all(waiting)).map(({ status }) => status))], [200]);
  });
});

test("what people change is in the log with who, what and which source, and without any secret", async () => {
  await using gateway = await aGateway(kept);
  const secret = "throw-away-test-secret-1";
  await gateway.api("POST", "/api/webhooks", { source: "edr", secret });
  await gateway.api("PATCH", "/api/webhooks/edr", { add_secret: "throw-away-test-secret-2" });
  await gateway.api("POST", "/api/webhooks/edr/test");
  const sent = await gateway.send("edr", '{"event_type": 1}', { secret });
  assert.equal(sent.status, 422);
  const [delivery] = (await gateway.api("GET", "/api/deliveries?outcome=rejected")).body.data;
  await gateway.api("POST", `/api/deliveries/${delivery.id}/replay`);
  await gateway.api("DELETE", "/api/webhooks/edr");
  // What is refused changes nothing.
  await gateway.api("DELETE", "/api/webhooks/edr");
  await eventuallyLogged(gateway, 'msg="Source removed"');
  const { body } = await logs(gateway, { filter: "audit and by=admin" });
  const id = gateway.token.split("_")[1];
  const lines: readonly Readonly<Record<string, unknown>>[] = body.data.toReversed();
  assert.deepEqual(
    lines.map(({ msg, source, token_id, fields, delivery_id }) => [msg, source, token_id, fields ?? delivery_id]),
    [
      ["Source registered", "edr", id, undefined],
      ["Source changed", "edr", id, ["add_secret"]],
      ["Secret added", "edr", id, undefined],
      ["Source tested", "edr", id, undefined],
      ["Delivery replayed", "edr", id, delivery.id],
      ["Source removed", "edr", id, undefined],
    ],
  );
  assert.doesNotMatch(gateway.logged(), /throw-away-test-secret/);
});

test("every line of a request has its id, its source and its delivery's", async () => {
  await using gateway = await aGateway(kept);
  await gateway.api("POST", "/api/webhooks", { source: "edr", secret: "throw-away-test-secret" });
  const sent = await gateway.send("edr", event("a"), { secret: "throw-away-test-secret" });
  const refused = await gateway.send("edr", event("a"), { secret: "another-throw-away-secret" });
  for (const answered of [sent, refused]) {
    const id = answered.headers.get("x-request-id") ?? "";
    await eventuallyLogged(gateway, `request_id=${id} and delivery_id=${id} and source=edr`);
  }
});

test("no body, no address with a token and no query of a sender is logged", async () => {
  await using gateway = await aGateway(kept);
  const marked = "marked-value-0123456789";
  await gateway.send("edr", JSON.stringify({ event_type: marked }), { secret: "throw-away-test-secret" });
  await gateway.api("POST", `/api/webhooks/edr/t/${marked}?token=${marked}`, { event_type: marked });
  await gateway.api("GET", `/api/logs?filter=${marked}`);
  assert.match(gateway.logged(), /Delivery refused/);
  assert.doesNotMatch(gateway.logged(), new RegExp(marked));
});

test("workers, their supervisor and a worker of the queue write to the same files, and any of them shows all", async () => {
  await using folder = await aFolder();
  const dataDir = join(folder.path, "data");
  await using gateway = await running(dataDir, {}, ["--workers", "2"]);
  const line = await eventually(async () => {
    const { body } = await gateway.api("GET", "/api/logs?filter=msg=%22All+workers+have+started%22");
    return body.data[0];
  });
  assert.equal(line.topic, "gateway");
  const { body } = await gateway.api("GET", "/api/logs?limit=200");
  const workers = new Set(body.data.map(({ worker }: { readonly worker?: number }) => worker));
  assert.deepEqual(workers, new Set([0, 1, undefined]));
  assert.ok(body.data.every(({ topic }: { readonly topic: string }) => (topics as readonly string[]).includes(topic)));
  const file = await readFile(join(dataDir, "logs/00000001.jsonl"), "utf8");
  for (const each of file.split("\n").slice(0, -1)) assert.doesNotThrow(() => JSON.parse(each));
});
