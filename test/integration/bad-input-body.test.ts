import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { gzipSync } from "node:zlib";
import * as fc from "fast-check";
import { aGateway, type TestGateway, testSecret } from "../support/gateway.ts";
import { assertRefused, type Expected } from "../support/refused.ts";
import { signedHeaders } from "../support/signed.ts";
import { exchange, type HeaderList, requestBytes } from "../support/wire.ts";

let gateway: TestGateway;
before(async () => {
  gateway = await aGateway();
  await gateway.api("POST", "/api/webhooks", { source: "any", secret: testSecret });
  await gateway.api("POST", "/api/webhooks", { source: "edr", plugin: "crowdstrike", secret: testSecret });
  await gateway.api("POST", "/api/webhooks", { source: "mail", plugin: "defender", secret: testSecret });
  await gateway.api("POST", "/api/webhooks", { source: "siem", plugin: "splunk", secret: testSecret });
  await gateway.api("POST", "/api/webhooks", { source: "plain", plugin: "generic", secret: testSecret });
});
after(() => gateway[Symbol.asyncDispose]());

function nested(depth: number): string {
  return `{"event_type":"deep","data":${"[".repeat(depth)}${"]".repeat(depth)}}`;
}

const invalidJson = { status: 400, code: "invalid_json" } as const;

describe("a signed delivery is refused with invalid_json when its body", () => {
  const bodies: Readonly<Record<string, string | Uint8Array>> = {
    "is empty": "",
    "is blank": " \r\n\t",
    "is text": "hello",
    "is XML": '<?xml version="1.0"?><event/>',
    "is a form": "event_type=test&data=",
    "is cut off": '{"event_type":"test","data":{',
    "has something behind it": '{"event_type":"test"} {}',
    "has a comma too many": '{"event_type":"test",}',
    "has a comment": '{"event_type":"test"/* why */}',
    "has single quotes": "{'event_type':'test'}",
    "has NaN for a number": '{"event_type":"test","data":{"severity":NaN}}',
    "has a raw line break in a string": '{"event_type":"te\nst"}',
    "has a byte that is no UTF-8": Buffer.from('{"event_type":"te\xffst"}', "latin1"),
    "has an overlong form of UTF-8": Buffer.from('{"event_type":"\xc0\xaf"}', "latin1"),
    "has half a surrogate pair in its bytes": Buffer.from('{"event_type":"\xed\xa0\x80"}', "latin1"),
    "ends in the middle of a character": Buffer.from('{"event_type":"test"}\xe2\x82', "latin1"),
    "is UTF-16": Buffer.from('{"event_type":"test"}', "utf16le"),
    "has two byte order marks": '\ufeff\ufeff{"event_type":"test"}',
    "is binary": Buffer.from([0, 1, 2, 3, 255, 254]),
    "is gzip without saying so": gzipSync('{"event_type":"test"}'),
    "has a NUL behind it": '{"event_type":"test"}\0',
    "has the key __proto__": '{"event_type":"test","__proto__":{"admin":true}}',
    "has the key __proto__ far inside": '{"event_type":"test","data":{"a":[{"__proto__":null}]}}',
    "spells the key __proto__ in escapes": '{"event_type":"test","data":{"\\u005f_proto_\\u005F":1}}',
    "has the keys constructor and prototype": '{"event_type":"test","data":{"constructor":{"prototype":{}}}}',
    "is nested 65 levels deep": nested(64),
    "is nested 10,000 levels deep": nested(9_999),
    "is 10,000 opening brackets": "[".repeat(10_000),
    "is 10,000 opening braces with keys": '{"a":'.repeat(10_000),
    "is 10,000 closing brackets": "]".repeat(10_000),
  };
  for (const [what, body] of Object.entries(bodies)) {
    test(what, async () => {
      assertRefused(await gateway.send("any", body), invalidJson);
    });
  }

  test("is not JSON, and tells no more than a line of it", async () => {
    const { body } = await gateway.send("any", `{"event_type": ${"x".repeat(100_000)}`);
    assert.ok(body.error.message.length <= 300);
  });
});

describe("a signed delivery is refused with invalid_payload when its JSON", () => {
  const invalid = { status: 422, code: "invalid_payload" } as const;
  const cases: Readonly<
    Record<string, readonly [source: string, payload: unknown, Omit<Expected, "status" | "code">]>
  > = {
    "is null": ["any", null, { message: /No installed plugin takes this payload; installed are: .*generic/ }],
    "is a list": ["any", [], { message: /No installed plugin takes this payload/ }],
    "is a number": ["any", 42, { message: /No installed plugin takes this payload/ }],
    "is a text": ["any", "alert", { message: /No installed plugin takes this payload/ }],
    "is of no known kind": ["any", { hello: "world" }, { path: "event_type" }],
    "is a list where an object is expected": ["plain", [], { path: "" }],
    "has a number for an event type": ["plain", { event_type: 5 }, { path: "event_type" }],
    "has a blank event type": ["plain", { event_type: " " }, { path: "event_type" }],
    "lacks an event of CrowdStrike's": ["edr", { metadata: { eventType: "DetectionSummaryEvent" } }, { path: "event" }],
    "is another vendor's": ["edr", { event_type: "test", data: {} }, { path: "" }],
    "has nothing of Splunk's": ["siem", { event_type: "test" }, { path: "" }],
  };
  for (const [what, [source, payload, expected]] of Object.entries(cases)) {
    test(what, async () => {
      assertRefused(await gateway.send(source, JSON.stringify(payload)), { ...invalid, ...expected });
    });
  }

  test("is no alert of Microsoft's, which the mapper says of it as a whole", async () => {
    assertRefused(await gateway.send("mail", '{"event_type":"test"}'), { ...invalid, path: "" });
  });

  test("is no alert of Microsoft's, in a sentence without a gap", async () => {
    const { body } = await gateway.send("mail", '{"event_type":"test"}');
    assert.match(body.error.message, /^Payload cannot be mapped: is of no known shape/);
  });

  test("lacks several things, and every one is named", async () => {
    const { body } = await gateway.send("edr", '{"metadata":{},"event":"x"}');
    const paths = body.error.details.map((detail: { readonly path: string }) => detail.path);
    assert.deepEqual(paths, ["metadata.eventType", "event"]);
  });

  test("has the key `constructor` with nothing of a prototype in it, which is a word like any other", async () => {
    const { status } = await gateway.send("plain", '{"event_type":"crash","data":{"constructor":"Widget"}}');
    assert.equal(status, 202);
  });
});

describe("a signed delivery is accepted when its body", () => {
  const bodies: Readonly<Record<string, string>> = {
    "begins with a byte order mark": '\ufeff{"event_type":"marked"}',
    "has white space around it": '\r\n {"event_type":"spaced"}\t\n',
    "is nested 64 levels deep": nested(63),
    "has characters beyond the basic plane, and escapes of half a pair":
      '{"event_type":"😀","data":{"title":"\\ud83d"}}',
    "has brackets in a string": JSON.stringify({ event_type: "brackets", data: { text: "[".repeat(10_000) } }),
    "says __proto__ in a string": '{"event_type":"about","data":{"text":"__proto__"}}',
    "has fields that nobody knows": '{"event_type":"more","data":{},"new_field":{"a":[1,2]}}',
    "has a key twice": '{"event_type":"first","event_type":"second"}',
    "has a NUL in an id": '{"event_type":"nul","data":{"alert_id":"a\\u0000b"}}',
  };
  for (const [what, body] of Object.entries(bodies)) {
    test(what, async () => {
      const answer = await gateway.send("plain", body);
      assert.deepEqual([answer.status, answer.body.status], [202, "accepted"], JSON.stringify(answer.body));
      const { status } = await gateway.api("GET", `/api/incidents/${answer.body.incident_id}`);
      assert.equal(status, 200);
    });
  }
});

test("whatever is signed is taken or refused by a code of its own, and never an error of ours", async () => {
  const bytes = fc.oneof(
    fc.json(),
    fc.json().map((json) => `{"event_type":"any","data":${json}}`),
    fc.uint8Array(),
  );
  await fc.assert(
    fc.asyncProperty(bytes, fc.constantFrom("any", "edr", "mail", "siem", "plain"), async (body, source) => {
      const { status } = await gateway.send(source, body);
      assert.ok([202, 400, 422].includes(status), `${status}`);
    }),
    { numRuns: 200 },
  );
});

describe("the content type of a signed delivery", () => {
  let sends = 0;
  /** A new event each time: one that was taken before gets its answer again, whatever headers came with it. */
  function sent(headers: HeaderList): ReturnType<typeof exchange> {
    sends += 1;
    const body = JSON.stringify({ event_type: "typed", data: { sends } });
    const others = signedHeaders(body).filter(([name]) => name !== "Content-Type");
    return exchange(gateway.url, requestBytes({ path: "/api/webhooks/any", headers: [...others, ...headers], body }));
  }
  const type = (value: string): HeaderList => [["Content-Type", value]];

  const accepted: readonly string[] = [
    "application/json",
    "Application/JSON",
    "application/json; charset=utf-8",
    'application/json;charset="UTF-8"',
    "application/json; charset=utf8",
    "application/json ; profile=x",
    "text/json",
    "application/cloudevents+json; charset=UTF-8",
    "application/vnd.vendor.alert-v2+json",
  ];
  for (const value of accepted) {
    test(`may be ${value}`, async () => assert.equal((await sent(type(value))).status, 202));
  }
  test("may be absent", async () => assert.equal((await sent([])).status, 202));

  const refused = { status: 415, code: "unsupported_media_type", path: "headers.content-type" } as const;
  const others: readonly string[] = [
    "",
    "json",
    "text/plain",
    "text/xml",
    "application/jsonp",
    "application/json-seq",
    "application/ndjson",
    "application/x-www-form-urlencoded",
    "multipart/form-data; boundary=x",
    "application/octet-stream",
    "image/json",
    "application/json, text/plain",
    "application/json; charset=iso-8859-1",
    "application/json; charset=utf-16",
  ];
  for (const value of others) {
    test(`may not be "${value}"`, async () => assertRefused(await sent(type(value)), refused));
  }
  test("may not be said twice", async () => {
    assertRefused(await sent([...type("application/json"), ...type("application/json")]), refused);
  });

  for (const encoding of ["gzip", "br", "deflate", "gzip, identity"]) {
    test(`may not come with the content encoding ${encoding}`, async () => {
      const answer = await sent([...type("application/json"), ["Content-Encoding", encoding]]);
      assertRefused(answer, { ...refused, path: "headers.content-encoding" });
    });
  }
  test("may come with the content encoding identity, which is none", async () => {
    assert.equal((await sent([...type("application/json"), ["Content-Encoding", "identity"]])).status, 202);
  });

  test("is not taken by its word: a gzip body that is signed as it is sent is refused, and never unpacked", async () => {
    const bomb = gzipSync(Buffer.alloc(50_000_000, 0x20));
    const headers = { "content-encoding": "gzip" };
    assertRefused(await gateway.send("any", bomb, { headers }), { ...refused, path: "headers.content-encoding" });
  });
});
