import assert from "node:assert/strict";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { aGateway, type TestGateway } from "../support/gateway.ts";
import { assertRefused } from "../support/refused.ts";

const older = "test-secret-older-0123456789";
const newer = "test-secret-newer-0123456789";
const newest = "test-secret-newest-0123456789";

let gateway: TestGateway;
let events = 0;
before(async () => {
  gateway = await aGateway();
});
after(() => gateway[Symbol.asyncDispose]());

async function register(
  source: string,
  fields: Readonly<Record<string, unknown>>,
): Promise<ReturnType<typeof JSON.parse>> {
  const { status, body } = await gateway.api("POST", "/api/webhooks", { source, ...fields });
  assert.equal(status, 201, JSON.stringify(body));
  return body;
}

/** Which of the secrets a source takes a delivery with. */
async function taken(source: string): Promise<readonly string[]> {
  const found: string[] = [];
  for (const secret of [older, newer, newest]) {
    events += 1;
    const answer = await gateway.send(source, JSON.stringify({ event_type: "test", data: { events } }), { secret });
    if (answer.status === 202) found.push(secret);
    else assertRefused(answer, { status: 401, code: "invalid_signature" });
  }
  return found;
}

describe("the secrets of a source", () => {
  test("are rotated without a gap: both are active, then the old one is dropped", async () => {
    const before = await register("rotated", { secret: older });
    assert.deepEqual(await taken("rotated"), [older]);

    const added = await gateway.api("PATCH", "/api/webhooks/rotated", { add_secret: newer });
    assert.equal(added.body.secrets.length, 2);
    assert.deepEqual(added.body.secrets[1], before.secrets[0]);
    assert.deepEqual(await taken("rotated"), [older, newer]);

    const dropped = await gateway.api("PATCH", "/api/webhooks/rotated", { secret: newer });
    assert.deepEqual(dropped.body.secrets, [added.body.secrets[0]]);
    assert.deepEqual(await taken("rotated"), [newer]);
  });

  test("may be several from the beginning, and the test of the source signs with the newest", async () => {
    await register("several", { secrets: [newest, newer] });
    assert.deepEqual(await taken("several"), [newer, newest]);
    assert.equal((await gateway.api("POST", "/api/webhooks/several/test")).body.ok, true);
  });

  test("that are added beyond five push out the oldest", async () => {
    await register("many", { secrets: [newer, "a", "b", "c", older] });
    await gateway.api("PATCH", "/api/webhooks/many", { add_secret: newest });
    const { body } = await gateway.api("GET", "/api/webhooks/many");
    assert.equal(body.secrets.length, 5);
    assert.deepEqual(await taken("many"), [newer, newest]);
  });

  test("stay when something else is changed", async () => {
    await register("kept", { secrets: [newer, older] });
    await gateway.api("PATCH", "/api/webhooks/kept", { default_severity: "high" });
    assert.deepEqual(await taken("kept"), [older, newer]);
  });

  test("are accepted short, with a warning that says how to make a good one", async () => {
    const { warnings } = await register("short", { secret: "your-secret" });
    assert.match(warnings.join(), /fewer than 16 characters.*openssl rand -hex 32/);
  });

  test("may hold any characters, for the signature covers their UTF-8", async () => {
    const secret = "pässwörd 😀 \" ' \\ \n\t$HOME %s";
    await register("odd", { secret });
    assert.equal((await gateway.send("odd", '{"event_type":"test"}', { secret })).status, 202);
  });

  test("appear in no answer and in no file", async () => {
    const secret = "test-secret-look-for-me-everywhere";
    const registered = await register("hidden", { secret });
    const answers = [
      registered,
      (await gateway.api("PATCH", "/api/webhooks/hidden", { add_secret: `${secret}-2` })).body,
      (await gateway.api("PATCH", "/api/webhooks/hidden", { secret, secrets: [secret] })).body,
      (await gateway.api("GET", "/api/webhooks/hidden")).body,
      (await gateway.api("GET", "/api/webhooks")).body,
      (await gateway.api("POST", "/api/webhooks/hidden/test")).body,
      (await gateway.send("hidden", '{"event_type":"test"}', { secret: "wrong" })).body,
      (await gateway.api("GET", "/api/deliveries?source=hidden")).body,
    ];
    assert.ok(!JSON.stringify(answers).includes(secret));
    const files = await readdir(gateway.dataDir);
    assert.ok(files.some((name) => name.startsWith("thruway.db")));
    for (const file of files) {
      assert.ok(!(await readFile(join(gateway.dataDir, file))).includes(secret), `${file} holds the secret`);
    }
  });
});

describe("a source that takes unsigned deliveries", () => {
  const event = JSON.stringify({ search_name: "Failed Login Alert", result: { host: "server-01" } });
  const unsigned = { headers: { "x-webhook-signature": null, "x-webhook-timestamp": null } };

  test("must say so, is warned, and then takes them", async () => {
    const { warnings } = await register("open", { plugin: "splunk", options: { allow_unsigned: true } });
    assert.match(warnings.join(), /^Anybody who reaches this address can make incidents/);
    const { status, body } = await gateway.send("open", event, unsigned);
    assert.equal(status, 202, JSON.stringify(body));
    const { data } = (await gateway.api("GET", "/api/deliveries?source=open")).body;
    assert.equal(data[0].scheme, "unsigned");
  });

  test("does not take a wrong signature for none", async () => {
    await register("open-too", { plugin: "splunk", options: { allow_unsigned: true } });
    assertRefused(await gateway.send("open-too", event), { status: 401, code: "invalid_signature" });
  });

  test("takes none without saying so, though its plugin would", async () => {
    await register("closed", { plugin: "splunk", secret: older });
    const refused = await gateway.send("closed", event, unsigned);
    assertRefused(refused, { status: 401, code: "invalid_signature", path: "headers.x-webhook-signature" });
  });
});

test("a disabled source refuses with source_disabled, and takes the same delivery when it is enabled again", async () => {
  await register("paused", { secret: older });
  const at = new Date();
  const send = (): ReturnType<TestGateway["send"]> =>
    gateway.send("paused", '{"event_type":"paused","data":{}}', { secret: older, at });
  await gateway.api("PATCH", "/api/webhooks/paused", { enabled: false });
  assertRefused(await send(), { status: 403, code: "source_disabled", message: "Webhook source 'paused' is disabled" });
  await gateway.api("PATCH", "/api/webhooks/paused", { enabled: true });
  const { status, body } = await send();
  assert.deepEqual([status, body.duplicate], [202, undefined]);
});

test("sources, their secrets and their settings outlive a restart", async () => {
  const dataDir = await mkdtemp(join(tmpdir(), "thruway-test-"));
  const options = { signature_header: "X-Falcon" };
  // CrowdStrike takes no secret of fewer than 32 characters.
  const secrets = [newer, older].map((secret) => `${secret}-of-a-decent-length`);
  const event = JSON.stringify({ metadata: { eventType: "DetectionSummaryEvent" }, event: { DetectId: "ldt:1" } });
  const shown: unknown[] = [];
  for (const start of ["first", "second"]) {
    await using gateway = await aGateway({ TW_DATA_DIR: dataDir });
    if (start === "first") {
      const source = { source: "lasting", secrets, plugin: "crowdstrike", options };
      const { status } = await gateway.api("POST", "/api/webhooks", source);
      assert.equal(status, 201);
    }
    shown.push((await gateway.api("GET", "/api/webhooks/lasting")).body);
    for (const secret of secrets) {
      const { status } = await gateway.send("lasting", `${event}${" ".repeat(shown.length)}`, { secret });
      assert.equal(status, 202);
    }
  }
  assert.deepEqual(shown[1], shown[0]);
  await rm(dataDir, { recursive: true });
});
