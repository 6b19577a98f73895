import assert from "node:assert/strict";
import { test } from "node:test";
import { guardedSend } from "../../../../core/outbound/guarded-request.ts";
import { feedsIn, readOutside } from "../../../../core/triage/outside.ts";
import type { ServiceAnswer, Services } from "../../../../core/triage/ports.ts";
import { servicesOf } from "../../../../core/triage/services.ts";
import { aReceiver, type Reply } from "../../../support/receiver.ts";
import { noon } from "./builders.ts";

const secret = `whsec_${Buffer.alloc(32, 7).toString("base64")}`;

function services(url: string, given: object = {}): Services {
  const read = readOutside({ services: { rep: { url, allow_private: true, ...given } } });
  assert.ok("value" in read, "details" in read ? JSON.stringify(read.details) : "");
  return servicesOf({ outside: () => read.value, send: guardedSend(), now: () => noon });
}

function ask(from: Services, path: string, query: Readonly<Record<string, string>> = {}): Promise<ServiceAnswer> {
  return from.ask("rep", { method: "GET", path, query, signal: AbortSignal.timeout(5_000) });
}

test("a service is asked below its address, with its headers, and what it said is remembered", async () => {
  await using server = await aReceiver(() => ({ status: 200, body: '{"score": 3}' }));
  const from = services(`${server.url}/v1`, { headers: { authorization: "Bearer throw-away" } });
  const first = await ask(from, "domains/a.example", { full: "1" });
  assert.deepEqual(first, { status: 200, body: { score: 3 }, cached: false });
  assert.equal((await ask(from, "domains/a.example", { full: "1" })).cached, true);
  assert.equal(server.received.length, 1);
  assert.equal(server.received[0]?.url, "/v1/domains/a.example?full=1");
  assert.equal(server.received[0]?.headers.authorization, "Bearer throw-away");
});

for (const path of [
  "../admin",
  "a/../../admin",
  "http://evil.example/",
  "%2e%2e/admin",
  "a%2f..%2fadmin",
  "\\\\evil.example",
  "hosts/../users/1",
  "hosts/%2E%2e/users",
  "hosts/./1",
  "%zz",
]) {
  test(`the path ${path} leads out of a service and is refused`, async () => {
    await using server = await aReceiver();
    await assert.rejects(ask(services(`${server.url}/v1`), path), /leads out of/);
    assert.deepEqual(server.received, []);
  });
}

test("two services at one address share no answer, and what went wrong or is large is asked for again", async () => {
  await using server = await aReceiver(({ url, headers }) => {
    if (url.includes("large")) return { status: 200, body: JSON.stringify("x".repeat(70_000)) };
    return { status: url.includes("busy") ? 429 : 200, body: JSON.stringify(headers.authorization) };
  });
  const at = (authorization: string): object => ({ url: server.url, allow_private: true, headers: { authorization } });
  const read = readOutside({ services: { one: at("1"), two: at("2") } });
  assert.ok("value" in read);
  const from = servicesOf({ outside: () => read.value, send: guardedSend(), now: () => noon });
  const get = (name: string, path: string): Promise<ServiceAnswer> =>
    from.ask(name, { method: "GET", path, signal: AbortSignal.timeout(5_000) });
  assert.deepEqual([(await get("one", "x")).body, (await get("two", "x")).body], ["1", "2"]);
  for (const path of ["busy", "large"]) {
    await get("one", path);
    assert.equal((await get("one", path)).cached, false);
  }
});

test("a path that begins with slashes stays below the address", async () => {
  await using server = await aReceiver();
  await ask(services(`${server.url}/v1`), "//evil.example/x");
  assert.equal(server.received[0]?.url, "/v1/evil.example/x");
});

test("what is not configured is not asked", async () => {
  const from = services("https://rep.example");
  const request = { method: "GET", path: "", signal: AbortSignal.timeout(1_000) };
  await assert.rejects(from.ask("other", request), /no service "other".*there are: rep/);
  await assert.rejects(from.ask("__proto__", request), /no service "__proto__"/);
});

test("a service that fails again and again is left alone", async () => {
  await using server = await aReceiver((): Reply => ({ status: 500 }));
  const from = services(server.url);
  for (let time = 0; time < 5; time += 1) await assert.rejects(ask(from, `${time}`), /answered 500/);
  await assert.rejects(ask(from, "more"), /failed 5 times in a row and is left alone/);
  assert.equal(server.received.length, 5);
});

test("a service that does not answer is waited for as long as it says", async () => {
  await using server = await aReceiver(() => undefined);
  await assert.rejects(ask(services(server.url, { timeout_seconds: 0.1 }), "x"), /did not answer within 0.1 s/);
});

test("a private address is asked only where the operator allows it", async () => {
  await using server = await aReceiver();
  await assert.rejects(ask(services(server.url, { allow_private: false }), "x"), /private address/);
});

test("a webhook gets messages of Thruway's own and no feed, unless it says otherwise", () => {
  const read = readOutside({ channels: { soc: { url: "https://c.example", secret } } });
  assert.ok("value" in read);
  const { kind, format, feed } = read.value.channels.soc ?? {};
  assert.deepEqual([kind, format, feed, feedsIn(read.value)], ["webhook", "thruway", false, []]);
});

test("what is wrong in the section is said with its place", () => {
  const read = readOutside({
    services: { rep: { url: "ftp://x" } },
    channels: {
      soc: { url: "https://a:b@c.example" },
      chat: { kind: "slack", url: "https://c.example", secret: "x", feed: true, format: "ocsf" },
      siem: { url: "https://c.example", secret, format: "csv", feed: "sometimes" },
    },
  });
  assert.ok("details" in read);
  assert.deepEqual(read.details.map(({ path }) => path).toSorted(), [
    "triage.channels.chat.feed",
    "triage.channels.chat.format",
    "triage.channels.chat.secret",
    "triage.channels.siem.feed",
    "triage.channels.siem.format",
    "triage.channels.soc.secret",
    "triage.channels.soc.url",
    "triage.services.rep.url",
  ]);
});
