import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { eventually } from "../support/eventually.ts";
import { type Answered, aGateway, type TestGateway, testSecret } from "../support/gateway.ts";
import { assertRefused } from "../support/refused.ts";
import { signedHeaders } from "../support/signed.ts";
import { exchange, requestBytes } from "../support/wire.ts";

type Json = ReturnType<typeof JSON.parse>;

let gateway: TestGateway;
before(async () => {
  gateway = await aGateway();
  for (const source of ["mail", "edr"]) {
    await gateway.api("POST", "/api/webhooks", { source, plugin: "generic", secret: testSecret });
  }
});
after(() => gateway[Symbol.asyncDispose]());

/** The delivery that an answer is about: its id is the request's. */
async function deliveryOf(answer: Answered): Promise<Json> {
  const id = String(answer.headers.get("x-request-id"));
  return eventually(async () => {
    const { status, body } = await gateway.api("GET", `/api/deliveries/${id}`);
    return status === 200 ? body : undefined;
  });
}

describe("a delivery", () => {
  const event = '{"event_type":"héllo 😀","data":{}}';

  test("that was accepted shows its bytes, how it was proved, its way and its incident", async () => {
    const before = new Date().toISOString();
    const answer = await gateway.send("mail", event, { headers: { "user-agent": "vendor/1.0" } });
    const { id, received_at, stages, incidents, ...rest } = await deliveryOf(answer);
    const { incident_id, incident_number } = answer.body;
    assert.deepEqual(incidents, [{ incident_id, incident_number }]);
    assert.deepEqual(rest, {
      source: "mail",
      plugin: "generic",
      outcome: "accepted",
      code: null,
      reason: null,
      details: null,
      diagnosis: null,
      scheme: "webhook",
      address: "127.0.0.1",
      content_type: "application/json",
      user_agent: "vendor/1.0",
      body_bytes: Buffer.byteLength(event),
      duplicate_of: null,
      attempts: 0,
      next_attempt_at: null,
      trace_id: null,
      body: event,
      body_encoding: "utf8",
      advice: [],
    });
    assert.ok(received_at >= before && received_at <= new Date().toISOString());
    const names = stages.map(({ stage }: { readonly stage: string }) => stage);
    assert.deepEqual(names, [
      "receive",
      "identify",
      "handshake",
      "authenticate",
      "check_freshness",
      "parse",
      "validate",
      "map",
    ]);
    assert.equal(id, answer.headers.get("x-request-id"));
  });

  test("that is no UTF-8 shows its bytes in Base64, to the byte", async () => {
    const bytes = Buffer.from([0x7b, 0xff, 0xfe, 0x00, 0x7d]);
    const { outcome, code, body, body_encoding } = await deliveryOf(await gateway.send("mail", bytes));
    assert.deepEqual([outcome, code, body_encoding], ["rejected", "invalid_json", "base64"]);
    assert.deepEqual(Buffer.from(body, "base64"), bytes);
  });

  test("that was empty shows an empty text", async () => {
    const { body, body_encoding, body_bytes } = await deliveryOf(await gateway.send("mail", ""));
    assert.deepEqual([body, body_encoding, body_bytes], ["", "utf8", 0]);
  });

  test("that was rejected shows its code, its reason, its details and its bytes", async () => {
    const answer = await gateway.send("mail", '{"kind":"x"}');
    const { outcome, code, reason, details, body } = await deliveryOf(answer);
    const { error } = answer.body;
    assert.deepEqual([outcome, code, body], ["rejected", "invalid_payload", '{"kind":"x"}']);
    assert.deepEqual([reason, details], [error.message, error.details]);
  });

  test("that was refused shows its code and its reason, and none of its bytes", async () => {
    const answer = await gateway.send("mail", event, { secret: "another-test-secret" });
    const delivery = await deliveryOf(answer);
    assert.deepEqual(
      [delivery.source, delivery.outcome, delivery.code, delivery.reason],
      ["mail", "refused", "invalid_signature", "Webhook signature verification failed"],
    );
    assert.deepEqual(
      [delivery.body, delivery.body_encoding, delivery.scheme, delivery.plugin],
      [null, null, null, null],
    );
    assert.equal(delivery.body_bytes, Buffer.byteLength(event));
  });

  test("that was refused for the form of a header shows which", async () => {
    const { details } = await deliveryOf(
      await gateway.send("mail", event, { headers: { "x-webhook-timestamp": "soon" } }),
    );
    assert.deepEqual(details, [{ path: "headers.x-webhook-timestamp", message: "must be Unix seconds, digits only" }]);
  });

  test("for a source that nobody registered is filed under unknown, whatever it was called", async () => {
    const delivery = await deliveryOf(await gateway.send("a-name-that-somebody-made-up", event));
    assert.deepEqual([delivery.source, delivery.code], ["unknown", "unknown_source"]);
    assert.match(delivery.reason, /a-name-that-somebody-made-up/);
  });

  test("that is a duplicate names the first, and leaves the bytes to it", async () => {
    const at = new Date();
    const body = '{"event_type":"twice"}';
    const first = await gateway.send("mail", body, { at });
    const delivery = await deliveryOf(await gateway.send("mail", body, { at }));
    assert.deepEqual(
      [delivery.outcome, delivery.duplicate_of, delivery.body],
      ["duplicate", first.headers.get("x-request-id"), null],
    );
  });

  test("keeps of long headers the beginning only, refused or not", async () => {
    const path = "/api/webhooks/mail";
    const body = '{"event_type":"long"}';
    const long = [["User-Agent", "u".repeat(6_000)]] as const;
    const type = [["Content-Type", `application/json; x=${"y".repeat(6_000)}`]] as const;
    const signed = signedHeaders(body).slice(1);
    const answers = [
      await exchange(gateway.url, requestBytes({ path, headers: [...signed, ...long, ...type], body })),
      await exchange(gateway.url, requestBytes({ path, headers: [...long, ...type], body })),
    ];
    assert.deepEqual(
      answers.map(({ status }) => status),
      [202, 401],
    );
    for (const answer of answers) {
      const { user_agent, content_type } = await deliveryOf(answer);
      assert.deepEqual([user_agent, content_type.length], ["u".repeat(200), 200]);
    }
  });

  for (const id of ["nobody", "00000000-0000-7000-8000-000000000000", "%00", "x".repeat(5_000)]) {
    test(`that does not exist is not found: ${id.slice(0, 36)}`, async () => {
      const answer = await gateway.api("GET", `/api/deliveries/${id}`);
      assertRefused(answer, { status: 404, code: "not_found", message: /^There is no delivery '.{1,90}/s });
      assert.ok(answer.body.error.message.length <= 120);
    });
  }
});

describe("the list of deliveries", () => {
  async function list(query: string): Promise<Json> {
    const { status, body } = await gateway.api("GET", `/api/deliveries?${query}`);
    assert.equal(status, 200, JSON.stringify(body));
    return body;
  }
  const idOf = (answer: Answered): string | null => answer.headers.get("x-request-id");
  const idsOf = ({ data }: Json): readonly string[] => data.map(({ id }: { readonly id: string }) => id);

  /** Ids of what was sent to the source edr, oldest first. */
  const sent: Record<string, string | null> = {};
  before(async () => {
    const at = new Date();
    const event = '{"event_type":"listed"}';
    sent.accepted = idOf(await gateway.send("edr", event, { at }));
    sent.duplicate = idOf(await gateway.send("edr", event, { at }));
    sent.rejected = idOf(await gateway.send("edr", "{}"));
    sent.unreadable = idOf(await gateway.send("edr", "{"));
    sent.refused = idOf(await gateway.send("edr", event, { secret: "another-test-secret" }));
    sent.stale = idOf(await gateway.send("edr", event, { at: new Date(at.getTime() - 600_000) }));
    await eventually(async () => ((await list("source=edr&outcome=refused")).data.length === 2 ? true : undefined));
  });

  test("is newest first, and shows everything but the bytes", async () => {
    const body = await list("source=edr");
    assert.deepEqual(idsOf(body), Object.values(sent).toReversed());
    assert.deepEqual(body.meta, { next_cursor: null });
    const one = await gateway.api("GET", `/api/deliveries/${sent.accepted}`);
    const { body: _, body_encoding: __, advice: ___, ...rest } = one.body;
    assert.deepEqual(body.data.at(-1), rest);
  });

  for (const [query, expected] of [
    ["outcome=accepted", ["accepted"]],
    ["outcome=duplicate", ["duplicate"]],
    ["outcome=refused", ["stale", "refused"]],
    ["outcome=rejected", ["unreadable", "rejected"]],
    ["outcome=rejected,duplicate", ["unreadable", "rejected", "duplicate"]],
    ["outcome=accepted&outcome=rejected", ["unreadable", "rejected", "accepted"]],
    ["outcome=dead,queued,ignored", []],
    ["code=timestamp_expired", ["stale"]],
    ["code=invalid_payload&outcome=rejected", ["rejected"]],
    ["code=invalid_payload&outcome=refused", []],
    ["until=2020-01-01", []],
    ["since=2020-01-01&outcome=accepted", ["accepted"]],
  ] as const) {
    test(`is filtered by ${query}`, async () => {
      const ids = expected.map((name) => sent[name]);
      assert.deepEqual(idsOf(await list(`source=edr&${query}`)), ids);
    });
  }

  test("comes in pages", async () => {
    const first = await list("source=edr&limit=4");
    const second = await list(`source=edr&limit=4&cursor=${first.meta.next_cursor}`);
    assert.deepEqual([...idsOf(first), ...idsOf(second)], Object.values(sent).toReversed());
    assert.equal(second.meta.next_cursor, null);
  });

  for (const [query, path] of [
    ["foo=1", "query.foo"],
    ["severity=high", "query.severity"],
    ["outcome=lost", "query.outcome.0"],
    ["code=oops", "query.code"],
    ["limit=201", "query.limit"],
    ["cursor=x", "query.cursor"],
    ["since=now", "query.since"],
  ] as const) {
    test(`is refused for ${query}`, async () => {
      const answer = await gateway.api("GET", `/api/deliveries?${query}`);
      assertRefused(answer, { status: 400, code: "invalid_request", path });
    });
  }
});
