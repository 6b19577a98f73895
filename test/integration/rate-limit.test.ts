import assert from "node:assert/strict";
import { request } from "node:http";
import { after, before, describe, test } from "node:test";
import { eventually } from "../support/eventually.ts";
import { type Answered, aGateway, type TestGateway, testSecret } from "../support/gateway.ts";
import { assertRefused } from "../support/refused.ts";
import { signedHeaders } from "../support/signed.ts";

let events = 0;
function anEvent(): string {
  events += 1;
  return JSON.stringify({ event_type: "test", data: { events } });
}

const wrongly = { secret: "another-test-secret" };
const limited = { status: 429, code: "rate_limited" } as const;
const expired = { status: 401, code: "timestamp_expired" } as const;
const badSignature = { status: 401, code: "invalid_signature" } as const;

async function times(count: number, work: () => Promise<void>): Promise<void> {
  for (let time = 0; time < count; time += 1) await work();
}

function stale(): { readonly at: Date } {
  return { at: new Date(Date.now() - 600_000) };
}

function assertLimited(answer: Answered, mostSeconds: number): void {
  assertRefused(answer, { ...limited, message: /^Too many requests; come back in \d+ s$/ });
  const seconds = Number(answer.headers.get("retry-after"));
  assert.ok(Number.isInteger(seconds) && seconds >= 1 && seconds <= mostSeconds, `retry-after: ${seconds}`);
  assert.equal(answer.body.error.message, `Too many requests; come back in ${seconds} s`);
}

describe("the rate limit of a source", () => {
  let gateway: TestGateway;
  before(async () => {
    gateway = await aGateway();
  });
  after(() => gateway[Symbol.asyncDispose]());

  async function limit(source: string, requests: number, per_seconds = 3_600): Promise<void> {
    const rate_limit = { requests, per_seconds };
    await gateway.api("POST", "/api/webhooks", { source, secret: testSecret, rate_limit });
  }

  test("lets so many deliveries through, then answers rate_limited and when to come back", async () => {
    await limit("busy", 3);
    await limit("other", 3);
    await times(3, async () => assert.equal((await gateway.send("busy", anEvent())).status, 202));
    assertLimited(await gateway.send("busy", anEvent()), 3_600);
    assert.equal((await gateway.send("other", anEvent())).status, 202);
  });

  test("is spent by nobody who cannot sign", async () => {
    await limit("guarded", 1);
    await times(3, async () => assertRefused(await gateway.send("guarded", anEvent(), wrongly), badSignature));
    assertRefused(await gateway.send("guarded", anEvent(), stale()), expired);
    assert.equal((await gateway.send("guarded", anEvent())).status, 202);
  });

  test("refills, and what was refused may be sent again as a first time", async () => {
    await limit("refilled", 1, 2);
    const [event, at] = [anEvent(), new Date()];
    assert.equal((await gateway.send("refilled", anEvent())).status, 202);
    const refused = await gateway.send("refilled", event, { at });
    assertLimited(refused, 2);
    const taken = await eventually(async () => {
      const answer = await gateway.send("refilled", event, { at });
      return answer.status === 429 ? undefined : answer;
    });
    assert.deepEqual([taken.status, taken.body.duplicate], [202, undefined]);
  });

  test("can be changed and lifted", async () => {
    await limit("changed", 1);
    const statuses = async (): Promise<readonly number[]> => {
      const all = Array.from({ length: 4 }, () => gateway.send("changed", anEvent()));
      return (await Promise.all(all)).map(({ status }) => status).toSorted((a, b) => a - b);
    };
    assert.deepEqual(await statuses(), [202, 429, 429, 429]);
    const rate_limit = { requests: 2, per_seconds: 3_600 };
    await gateway.api("PATCH", "/api/webhooks/changed", { rate_limit });
    assert.deepEqual(await statuses(), [202, 202, 429, 429]);
    await gateway.api("PATCH", "/api/webhooks/changed", { rate_limit: null });
    assert.deepEqual(await statuses(), [202, 202, 202, 202]);
  });

  test("shows in the list of deliveries, where nothing of a limited one is kept", async () => {
    await limit("listed", 1);
    await gateway.send("listed", anEvent());
    const answer = await gateway.send("listed", anEvent());
    const id = String(answer.headers.get("x-request-id"));
    const { body } = await eventually(async () => {
      const found = await gateway.api("GET", `/api/deliveries/${id}`);
      return found.status === 200 ? found : undefined;
    });
    assert.deepEqual([body.source, body.outcome, body.code, body.body], ["listed", "refused", "rate_limited", null]);
  });
});

describe("a flood that proves nothing", () => {
  async function aGatewayWith(...sources: readonly string[]): Promise<TestGateway> {
    const gateway = await aGateway({ TW_REFUSED_PER_MINUTE: "5" });
    for (const source of sources) await gateway.api("POST", "/api/webhooks", { source, secret: testSecret });
    return gateway;
  }

  test("spends the budget of its own address, and locks no vendor out, not even from there", async () => {
    await using gateway = await aGatewayWith("edr");
    await times(5, async () => assertRefused(await gateway.send("edr", anEvent(), wrongly), badSignature));
    await times(3, async () => assertLimited(await gateway.send("edr", anEvent(), wrongly), 60));
    assert.equal((await gateway.send("edr", anEvent())).status, 202);
  });

  test("spends it by whatever way it is refused, whichever source it names", async () => {
    await using gateway = await aGatewayWith("edr", "siem");
    assertRefused(await gateway.send("edr", anEvent(), wrongly), badSignature);
    assertRefused(await gateway.send("siem", anEvent(), wrongly), badSignature);
    assertRefused(await gateway.send("nobody", anEvent()), { status: 404, code: "unknown_source" });
    assertRefused(await gateway.send("edr", anEvent(), stale()), expired);
    assertRefused(await gateway.send("edr", " ".repeat(1_048_577)), { status: 413, code: "payload_too_large" });
    assertLimited(await gateway.send("nobody", anEvent()), 60);
    assertLimited(await gateway.send("edr", anEvent(), stale()), 60);
  });

  test("is not what a vendor's bad JSON counts towards", async () => {
    await using gateway = await aGatewayWith("edr");
    await times(10, async () => {
      assertRefused(await gateway.send("edr", anEvent().slice(1)), { status: 400, code: "invalid_json" });
    });
    assertRefused(await gateway.send("edr", anEvent(), wrongly), badSignature);
  });

  // Only Linux gives every process the whole of 127.0.0.0/8.
  test("from one address leaves another its own budget", { skip: process.platform !== "linux" }, async () => {
    await using gateway = await aGatewayWith("edr");
    await times(5, async () => void (await gateway.send("edr", anEvent(), wrongly)));
    assertLimited(await gateway.send("edr", anEvent(), wrongly), 60);
    assert.equal(await refusedFrom("127.0.0.2", gateway.url), 401);
  });

  test("does not get the recording to fill the disk, nor the API to stop", async () => {
    await using gateway = await aGatewayWith("edr");
    await Promise.all(Array.from({ length: 100 }, () => gateway.send("edr", anEvent(), wrongly)));
    assert.equal((await gateway.api("GET", "/api/webhooks/edr")).status, 200);
    const recorded = await eventually(async () => {
      const { body } = await gateway.api("GET", "/api/deliveries?limit=200");
      return body.data.length >= 5 ? body.data.length : undefined;
    });
    assert.equal(recorded, 5);
  });
});

function refusedFrom(localAddress: string, url: string): Promise<number | undefined> {
  const body = anEvent();
  return new Promise((resolve, reject) => {
    const headers = Object.fromEntries(signedHeaders(body, undefined, "another-test-secret"));
    const sending = request(`${url}/api/webhooks/edr`, { method: "POST", localAddress, headers }, (response) => {
      response.resume().on("end", () => resolve(response.statusCode));
    });
    sending.on("error", reject).end(body);
  });
}
