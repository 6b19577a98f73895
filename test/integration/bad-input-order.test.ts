import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { eventually } from "../support/eventually.ts";
import { type Answered, aGateway, type TestGateway, testSecret } from "../support/gateway.ts";
import { assertRefused, type Expected } from "../support/refused.ts";
import { seconds, signedHeaders } from "../support/signed.ts";
import { contentLength, exchange, type HeaderList, requestBytes } from "../support/wire.ts";

const body = '{"event_type":"test","data":{}}';

let gateway: TestGateway;
before(async () => {
  gateway = await aGateway();
  await gateway.api("POST", "/api/webhooks", { source: "edr", secret: testSecret });
  await gateway.api("POST", "/api/webhooks", { source: "off", secret: testSecret, enabled: false });
});
after(() => gateway[Symbol.asyncDispose]());

/** Everything that can be wrong with a delivery, in the order in which it is looked for. */
const faults = [
  "size",
  "source",
  "signature",
  "enabled",
  "timestamp",
  "content type",
  "content encoding",
  "json",
  "payload",
] as const;
type Fault = (typeof faults)[number];

const expected: Readonly<Record<Fault, Expected>> = {
  size: { status: 413, code: "payload_too_large" },
  source: { status: 404, code: "unknown_source" },
  signature: { status: 401, code: "invalid_signature" },
  enabled: { status: 403, code: "source_disabled" },
  timestamp: { status: 401, code: "timestamp_expired" },
  "content type": { status: 415, code: "unsupported_media_type", path: "headers.content-type" },
  "content encoding": { status: 415, code: "unsupported_media_type", path: "headers.content-encoding" },
  json: { status: 400, code: "invalid_json" },
  payload: { status: 422, code: "invalid_payload", path: "event_type" },
};

function faulty(wrong: ReadonlySet<Fault>): Promise<Answered> {
  const source = wrong.has("source") ? "nobody" : wrong.has("enabled") ? "off" : "edr";
  const sent = wrong.has("json") ? "{" : wrong.has("payload") ? "{}" : body;
  const at = seconds(wrong.has("timestamp") ? -301 : 0);
  const headers = signedHeaders(sent, at, wrong.has("signature") ? "another-test-secret" : testSecret).map(
    ([name, value]) => [name, name === "Content-Type" && wrong.has("content type") ? "text/plain" : value] as const,
  );
  const more: HeaderList = [
    ...(wrong.has("content encoding") ? ([["Content-Encoding", "gzip"]] as const) : []),
    ...(wrong.has("size") ? [contentLength(2_000_000)] : []),
  ];
  const path = `/api/webhooks/${source}`;
  return exchange(gateway.url, requestBytes({ path, headers: [...headers, ...more], body: sent }));
}

describe("of several things wrong with a delivery, the first of the order is told:", () => {
  for (const [index, fault] of faults.entries()) {
    const rest = faults.slice(index + 1);
    test(`${fault}${rest.length > 0 ? ` before ${rest.join(", ")}` : ""}`, async () => {
      assertRefused(await faulty(new Set([fault, ...rest])), expected[fault]);
    });
  }
});

describe("an unknown source is refused with unknown_source,", () => {
  const names: readonly (readonly [name: string, shown: string])[] = [
    ["unknown", "unknown"],
    ["EDR", "EDR"],
    ["%65dR", "edR"],
    ["constructor", "constructor"],
    ["__proto__", "__proto__"],
    ["..", ".."],
    ["%2e%2e%2fadmin", "../admin"],
    ["a%20b", "a b"],
    ["%00", "\0"],
    ["a%0d%0ab", "a\r\nb"],
    ["%f0%9f%98%80", "😀"],
    ["%zz", "%zz"],
    ["%ff%fe", "%ff%fe"],
    ["'%20OR%201=1", "' OR 1=1"],
    ["%3Cscript%3E", "<script>"],
    [`long-${"x".repeat(10_000)}`, `long-${"x".repeat(58)}`],
  ];
  for (const [name, shown] of names) {
    test(`named ${name.slice(0, 20)}`, async () => {
      const path = `/api/webhooks/${name}`;
      const answers = await Promise.all([
        exchange(gateway.url, requestBytes({ path, headers: signedHeaders(body), body })),
        exchange(gateway.url, requestBytes({ path, headers: signedHeaders(body, seconds(), "x"), body })),
        exchange(gateway.url, requestBytes({ path, headers: signedHeaders(body, seconds(-9_999)), body })),
        exchange(gateway.url, requestBytes({ path, headers: signedHeaders(body, "odd"), body: "{" })),
        exchange(gateway.url, requestBytes({ path, body })),
      ]);
      for (const answer of answers) {
        const message = `Webhook source '${shown}' is not registered`;
        assertRefused(answer, { status: 404, code: "unknown_source", message });
      }
    });
  }
});

test("a name that is written in percents is the name that it spells", async () => {
  const request = requestBytes({ path: "/api/webhooks/%65%64r", headers: signedHeaders(body), body });
  assert.equal((await exchange(gateway.url, request)).status, 202);
});

test("a disabled source tells so only to who has its secret", async () => {
  assertRefused(await gateway.send("off", body), expected.enabled);
  assertRefused(await gateway.send("off", body, { secret: "another-test-secret" }), expected.signature);
});

interface Shown {
  readonly id: string;
  readonly code: string | null;
  readonly body: string | null;
  readonly body_bytes: number;
  readonly stages: readonly { readonly stage: string }[];
}

async function deliveryOf(answer: Answered): Promise<Shown> {
  const id = String(answer.headers.get("x-request-id"));
  return eventually(async () => {
    const { status, body } = await gateway.api("GET", `/api/deliveries/${id}`);
    return status === 200 ? body : undefined;
  });
}

function stagesOf({ stages }: Shown): readonly string[] {
  return stages.map(({ stage }) => stage);
}

describe("nothing is parsed before it is authenticated:", () => {
  const unproved: Readonly<Record<string, readonly Fault[]>> = {
    "an unknown source": ["source", "json"],
    "a wrong signature": ["signature", "json"],
    "a disabled source": ["enabled", "json"],
  };
  for (const [what, wrong] of Object.entries(unproved)) {
    test(`${what} ends the way of a delivery at authenticate, and none of its bytes are kept`, async () => {
      const delivery = await deliveryOf(await faulty(new Set(wrong)));
      assert.deepEqual(stagesOf(delivery), ["receive", "identify", "handshake", "authenticate"]);
      assert.deepEqual([delivery.body, delivery.body_bytes], [null, 1]);
    });
  }

  test("a stale delivery ends its way at check_freshness", async () => {
    const delivery = await deliveryOf(await faulty(new Set(["timestamp", "json"] as const)));
    assert.equal(stagesOf(delivery).at(-1), "check_freshness");
    assert.equal(delivery.body, null);
  });

  test("one that is too large ends its way at receive", async () => {
    assert.deepEqual(stagesOf(await deliveryOf(await faulty(new Set(["size"] as const)))), ["receive"]);
  });
});

test("what was authenticated and cannot be read is kept with its bytes, its code and its reason", async () => {
  for (const fault of ["json", "payload"] as const) {
    const delivery = await deliveryOf(await faulty(new Set([fault])));
    assert.equal(delivery.code, expected[fault].code);
    assert.equal(delivery.body, fault === "json" ? "{" : "{}");
  }
});
