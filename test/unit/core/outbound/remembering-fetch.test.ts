import assert from "node:assert/strict";
import { test } from "node:test";
import type { Fetch, FetchRequest } from "@thruway/sdk";
import pino from "pino";
import { rememberingFetch } from "../../../../core/outbound/remembering-fetch.ts";

const request: FetchRequest = { url: "https://issuer.example/keys", host: "issuer.example", freshForSeconds: 600 };

function aFetch() {
  const asked: string[] = [];
  const lines: string[] = [];
  const world = {
    up: true,
    text: "keys",
    now: new Date("2026-01-15T12:00:00Z"),
    pending: undefined as Promise<void> | undefined,
  };
  const fetch: Fetch = rememberingFetch({
    get: async (url) => {
      asked.push(url);
      await world.pending;
      if (!world.up) throw new Error("it is away");
      return world.text;
    },
    now: () => world.now,
    log: pino({ level: "warn" }, { write: (line: string) => void lines.push(line) }),
  });
  const later = (seconds: number): void => {
    world.now = new Date(world.now.getTime() + seconds * 1000);
  };
  return { fetch, asked, lines, world, later };
}

test("an answer is remembered as long as it is fresh", async () => {
  const { fetch, asked, world, later } = aFetch();
  const first = await fetch(request);
  assert.deepEqual(first, { ok: true, text: "keys", at: world.now });
  later(599);
  assert.deepEqual(await fetch(request), first);
  assert.equal(asked.length, 1);
  later(1);
  world.text = "newer keys";
  assert.deepEqual(await fetch(request), { ok: true, text: "newer keys", at: world.now });
  assert.equal(asked.length, 2);
});

test("an answer that is not fresh is not used, also where there is no other", async () => {
  const { fetch, world, later } = aFetch();
  await fetch(request);
  later(600);
  world.up = false;
  assert.deepEqual(await fetch(request), { ok: false });
});

test("an answer that lacks something is asked for again, but not without end", async () => {
  const { fetch, asked, world, later } = aFetch();
  const first = await fetch(request);
  assert.ok(first.ok);
  const newer = { ...request, newerThan: first.at };
  later(29);
  assert.deepEqual(await fetch(newer), first);
  later(1);
  world.text = "newer keys";
  const second = await fetch(newer);
  assert.ok(second.ok && second.text === "newer keys");
  assert.deepEqual(await fetch(newer), second);
  assert.equal(asked.length, 2);
});

test("who has failed is left alone for ten seconds", async () => {
  const { fetch, asked, world, later, lines } = aFetch();
  world.up = false;
  assert.deepEqual(await fetch(request), { ok: false });
  world.up = true;
  later(9);
  assert.deepEqual(await fetch(request), { ok: false });
  assert.equal(asked.length, 1);
  later(1);
  assert.equal((await fetch(request)).ok, true);
  const [line, ...others] = lines.map((each) => JSON.parse(each));
  assert.deepEqual(
    [line.msg, line.url, line.reason, others],
    ["Vendor could not be asked", request.url, "it is away", []],
  );
});

test("many who ask for the same at once are one", async () => {
  const { fetch, asked, world } = aFetch();
  const { promise, resolve } = Promise.withResolvers<void>();
  world.pending = promise;
  const answers = Promise.all(Array.from({ length: 50 }, () => fetch(request)));
  resolve();
  assert.ok((await answers).every(({ ok }) => ok));
  assert.equal(asked.length, 1);
});

test("what is to be asked each time is asked each time, and not remembered", async () => {
  const { fetch, asked } = aFetch();
  const once = { ...request, freshForSeconds: 0 };
  await fetch(once);
  await fetch(once);
  await fetch(request);
  assert.equal(asked.length, 3);
});

test("of one host only so much is asked in a minute, and the others do not suffer", async () => {
  const { fetch, asked } = aFetch();
  const urls = Array.from({ length: 40 }, (_, index) => `https://issuer.example/${index}`);
  const answers = await Promise.all(urls.map((url) => fetch({ ...request, url })));
  assert.equal(answers.filter(({ ok }) => ok).length, 30);
  assert.equal(asked.length, 30);
  assert.equal((await fetch({ ...request, url: "https://other.example/", host: "other.example" })).ok, true);
});

test("a stranger who may choose the host within a pattern has one budget for all of it", async () => {
  const { fetch, asked } = aFetch();
  const host = /^sns\.[a-z]+\.example$/;
  const urls = Array.from({ length: 40 }, (_, index) => `https://sns.${"a".repeat(index + 1)}.example/`);
  await Promise.all(urls.map((url) => fetch({ url, host, freshForSeconds: 60 })));
  assert.equal(asked.length, 30);
});

test("no other address is asked than one that is safe and was meant", async () => {
  const { fetch, asked, lines } = aFetch();
  for (const url of [
    "http://issuer.example/keys",
    "https://other.example/keys",
    "https://issuer.example:8443/keys",
    "https://user@issuer.example/keys",
    "https://issuer.example/keys#a",
    "file:///etc/passwd",
    "issuer.example",
    "",
  ]) {
    assert.deepEqual(await fetch({ ...request, url }), { ok: false }, url);
  }
  assert.deepEqual(asked, []);
  assert.equal(lines.length, 8);
  assert.equal((await fetch({ ...request, url: "http://127.0.0.1:8081/keys", host: "127.0.0.1:8081" })).ok, true);
});

test("the log has no query, which may hold a token", async () => {
  const { fetch, world, lines } = aFetch();
  world.up = false;
  await fetch({ ...request, url: "https://issuer.example/keys?token=hidden" });
  assert.ok(!lines.join("").includes("hidden"));
});
