import assert from "node:assert/strict";
import { test } from "node:test";
import { type GuardedAnswer, guardedSend, isPrivate, type Resolve } from "../../../../core/outbound/guarded-request.ts";
import { aReceiver, type Reply } from "../../../support/receiver.ts";

function ask(url: string, resolve: Resolve, allowPrivate = false): Promise<GuardedAnswer> {
  const send = guardedSend(resolve);
  return send({ method: "GET", url, headers: {}, signal: AbortSignal.timeout(5_000), allowPrivate });
}

const never: Resolve = () => Promise.reject(new Error("nobody asks for a name here"));

const privateOnes = [
  ...[
    "127.0.0.1",
    "10.1.2.3",
    "172.16.0.1",
    "172.31.255.255",
    "192.168.1.1",
    "169.254.169.254",
    "100.64.0.1",
    "0.0.0.0",
  ],
  ...["::1", "::", "fe80::1", "fc00::1", "fd12::1", "::ffff:127.0.0.1", "::ffff:169.254.169.254", "64:ff9b::7f00:1"],
  ...["224.0.0.1", "255.255.255.255", "ff02::1", "2002:7f00:1::", "::ffff:0:127.0.0.1", "64:ff9b:1::1", "no address"],
];
for (const address of privateOnes) {
  test(`${address} is a private address`, () => assert.equal(isPrivate(address), true));
}

for (const address of ["8.8.8.8", "172.32.0.1", "100.128.0.1", "2606:4700::1111", "::ffff:8.8.8.8"]) {
  test(`${address} is a public address`, () => assert.equal(isPrivate(address), false));
}

for (const host of [
  "127.0.0.1",
  "[::1]",
  "2130706433",
  "0x7f.1",
  "0177.0.0.1",
  "[::ffff:127.0.0.1]",
  "169.254.169.254",
]) {
  test(`http://${host} is refused before anything is sent`, async () => {
    await assert.rejects(ask(`http://${host}/`, never), /private address/);
  });
}

test("a name that leads to a private address is refused, also where it has public ones beside it", async () => {
  await assert.rejects(
    ask("http://evil.example/", async () => ["127.0.0.1"]),
    /evil\.example is at 127\.0\.0\.1/,
  );
  await assert.rejects(
    ask("http://evil.example/", async () => ["8.8.8.8", "::1"]),
    /is at ::1, a private address/,
  );
});

test("a name is resolved once: what it leads to afterwards makes no difference", async () => {
  await using inside = await aReceiver();
  const { port } = new URL(inside.url);
  let asked = 0;
  const rebinding: Resolve = async () => {
    asked += 1;
    return asked === 1 ? ["127.0.0.1"] : ["8.8.8.8"];
  };
  const answer = await ask(`http://rebinds.example:${port}/x`, rebinding, true);
  assert.deepEqual([answer.status, asked], [200, 1]);
  assert.equal(inside.received[0]?.headers.host, `rebinds.example:${port}`);
});

async function redirected(location: (url: string) => string): Promise<GuardedAnswer> {
  await using server = await aReceiver(({ url }): Reply => {
    if (url !== "/") return { status: 200, body: '"there"' };
    return { status: 302, headers: { location: location(server.url) } };
  });
  return await ask(server.url, never, true);
}

test("a redirect to the same host is followed, and to no other", async () => {
  assert.equal((await redirected(() => "/there")).body.toString(), '"there"');
  await assert.rejects(
    redirected(() => "http://169.254.169.254/latest"),
    /redirects to another host/,
  );
  await assert.rejects(
    redirected(() => "//127.0.0.2/"),
    /redirects to another host/,
  );
  await assert.rejects(
    redirected((url) => url.replace("http:", "https:")),
    /redirects to another host/,
  );
});

test("a redirect leads no further up than is allowed", async () => {
  await using server = await aReceiver(({ url }): Reply => {
    if (url === "/v1/near") return { status: 302, headers: { location: "/v1/there" } };
    if (url === "/v1/far") return { status: 302, headers: { location: "/admin" } };
    return { status: 200, body: url };
  });
  const about = { method: "GET", headers: {}, signal: AbortSignal.timeout(5_000), allowPrivate: true };
  const send = guardedSend(never);
  const below = `${server.url}/v1/`;
  assert.equal((await send({ ...about, url: `${below}near`, below })).body.toString(), "/v1/there");
  await assert.rejects(
    send({ ...about, url: `${below}far`, below }),
    /redirects out of .*\/v1\/, which is not followed/,
  );
});

test("redirects in a circle come to an end", async () => {
  await using server = await aReceiver(() => ({ status: 302, headers: { location: "/" } }));
  await assert.rejects(ask(server.url, never, true), /redirects more than 3 times/);
});

test("an answer without end is read no further than its bound", async () => {
  await using server = await aReceiver(() => ({ status: 200, body: "x".repeat(2_000_000) }));
  await assert.rejects(ask(server.url, never, true), /more than 1048576 bytes/);
});

test("a name that is never resolved is waited for no longer than the request is", async () => {
  const send = guardedSend(() => new Promise(() => {}));
  const request = { method: "GET", url: "http://slow.example/", headers: {}, allowPrivate: false } as const;
  await assert.rejects(send({ ...request, signal: AbortSignal.timeout(50) }), { name: "TimeoutError" });
});
