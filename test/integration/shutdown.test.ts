import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdir } from "node:fs/promises";
import { connect } from "node:net";
import { join } from "node:path";
import { describe, test } from "node:test";
import { eventually } from "../support/eventually.ts";
import {
  aFolder,
  allIncidents,
  appears,
  register,
  running,
  type ServingGateway,
  serve,
} from "../support/gateway-process.ts";
import { anEvent, eventSources, events, type SignedEvent, sendAll } from "../support/signed-events.ts";
import { dial, requestBytes, type Wire } from "../support/wire.ts";

const clean = { code: 0, signal: null };
const longestStopMs = 10_000;

describe("a gateway that is told to stop", { concurrency: 2, timeout: 60_000 }, () => {
  test("answers what it has received, takes nothing new and ends with exit code 0", async (t) => {
    await using folder = await aFolder();
    await using gateway = await running(folder.path);
    for (const [source, plugin] of Object.entries(eventSources)) await register(gateway, source, { plugin });
    const slow = anEvent("mail", "slow");
    using halfway = await sendHalf(gateway, slow);
    const inFullSwing = Promise.withResolvers<void>();
    let left = 300;
    const sending = sendAll(gateway.url, events(), () => {
      left -= 1;
      if (left === 0) inFullSwing.resolve();
    });
    await inFullSwing.promise;

    gateway.signal("SIGTERM");
    const at = Date.now();
    await refuses(gateway.url);
    const sent = await sending;
    halfway.sendRest();
    const last = await halfway.answer;
    assert.equal(last.status, 202, JSON.stringify(last.body));
    assert.equal(last.headers.get("connection"), "close");
    assert.deepEqual(await gateway.exit, clean);
    assert.ok(Date.now() - at < longestStopMs);
    assert.equal(gateway.stderr(), "");

    const taken = sent.filter(({ answer }) => answer !== undefined);
    t.diagnostic(`${taken.length} of ${sent.length} events answered`);
    for (const { answer } of taken) assert.equal(answer?.status, 202, JSON.stringify(answer?.body));
    // Whatever was stored was answered, and the other way round: nothing was cut off between the two.
    await using again = await running(folder.path);
    const stored = (await allIncidents(again)).map(({ id, external_id }) => `${id} ${external_id}`);
    const acknowledged = taken.map(({ event, answer }) => `${answer?.body.incident_id} ${event.externalId}`);
    acknowledged.push(`${last.body.incident_id} ${slow.externalId}`);
    assert.deepEqual(stored.toSorted(), acknowledged.toSorted());
  });

  test("does not wait for connections on which nothing is under way", async () => {
    await using folder = await aFolder();
    await using gateway = await running(folder.path);
    using silent = await dial(gateway.url);
    using idle = await dial(gateway.url);
    idle.send(requestBytes({ method: "GET", path: "/healthz" }));
    assert.equal((await idle.answer()).status, 200);
    const closed = Promise.all([silent, idle].map(({ socket }) => once(socket.resume(), "close")));

    gateway.signal("SIGTERM");
    const at = Date.now();
    await closed;
    assert.deepEqual(await gateway.exit, clean);
    assert.ok(Date.now() - at < longestStopMs / 2);
  });

  test("does not wait longer than ten seconds for a sender that has stopped midway", async () => {
    await using folder = await aFolder();
    await using gateway = await running(folder.path);
    await register(gateway, "mail");
    using halfway = await sendHalf(gateway, anEvent("mail", "never whole"));
    const cut = assert.rejects(halfway.answer, /ended|ECONNRESET/);

    gateway.signal("SIGTERM");
    const at = Date.now();
    assert.deepEqual(await gateway.exit, clean);
    assert.ok(Date.now() - at < longestStopMs);
    await cut;
  });

  for (const second of ["SIGTERM", "SIGINT"] as const) {
    test(`ends at once when a ${second} follows`, async () => {
      await using folder = await aFolder();
      await using gateway = await running(folder.path);
      await register(gateway, "mail");
      using halfway = await sendHalf(gateway, anEvent("mail", "never whole"));
      const cut = assert.rejects(halfway.answer, /ended|ECONNRESET/);

      gateway.signal("SIGTERM");
      await refuses(gateway.url);
      gateway.signal(second);
      const at = Date.now();
      assert.deepEqual(await gateway.exit, { code: null, signal: second });
      assert.ok(Date.now() - at < longestStopMs / 2);
      await cut;
    });
  }

  test("leaves what is still queued for its next start", async (t) => {
    await using folder = await aFolder();
    await using gateway = await running(folder.path);
    await register(gateway, "mail", { processing: "queued" });
    const all = Array.from({ length: 500 }, (_, n) => anEvent("mail", `alert-${n}`));
    let left = 300;
    const sent = await sendAll(gateway.url, all, () => {
      left -= 1;
      if (left === 0) gateway.signal("SIGTERM");
    });
    const taken = sent.filter(({ answer }) => answer?.status === 202).map(({ event }) => event.externalId);
    assert.deepEqual(await gateway.exit, clean);

    await using again = await running(folder.path);
    t.diagnostic(`${(await allIncidents(again)).length} of ${taken.length} events were worked off before the stop`);
    await eventually(async () => {
      const { body } = await again.api("GET", "/api/deliveries?outcome=queued");
      return body.data.length === 0 || undefined;
    });
    const stored = (await allIncidents(again)).map(({ external_id }) => external_id);
    assert.deepEqual(stored.toSorted(), taken.toSorted());
  });
});

describe("a gateway that is told to stop before it has started", { concurrency: 2, timeout: 60_000 }, () => {
  for (const [moment, file] of [
    ["once there is a master key", /^master\.key$/],
    ["as it makes the database", /^thruway\.db$/],
  ] as const) {
    test(`ends with exit code 0 and can start again: ${moment}`, async () => {
      await using folder = await aFolder();
      const dataDir = join(folder.path, "data");
      await mkdir(dataDir, { mode: 0o700 });
      const made = appears(dataDir, file);
      await using stopped = serve(dataDir);
      await made;
      stopped.signal("SIGTERM");
      assert.deepEqual(await stopped.exit, clean);
      assert.equal(stopped.stderr(), "");

      await using gateway = await running(dataDir);
      await register(gateway, "mail");
    });
  }
});

interface Halfway extends Disposable {
  readonly answer: ReturnType<Wire["answer"]>;
  sendRest(): void;
}

/** Resolves once the gateway reads the body, of which it gets one half. */
async function sendHalf(gateway: ServingGateway, { source, headers, body }: SignedEvent): Promise<Halfway> {
  const wire = await dial(gateway.url);
  const length = Buffer.byteLength(body);
  const all = Object.entries({ ...headers, "Content-Length": String(length), Expect: "100-continue" });
  wire.send(requestBytes({ path: `/api/webhooks/${source}`, headers: all }));
  assert.equal((await wire.next()).status, 100);
  wire.send(body.slice(0, length / 2));
  const answer = wire.answer();
  return {
    answer,
    sendRest: () => wire.send(body.slice(length / 2)),
    [Symbol.dispose]: () => wire[Symbol.dispose](),
  };
}

/** Resolves once nobody listens there any more. */
async function refuses(url: string): Promise<void> {
  const { hostname, port } = new URL(url);
  await eventually(async () => {
    const socket = connect(Number(port), hostname);
    const refused = await once(socket, "connect").then(
      () => false,
      (error: NodeJS.ErrnoException) => error.code === "ECONNREFUSED",
    );
    socket.destroy();
    return refused || undefined;
  });
}
