import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { Refusal } from "../../../../core/errors.ts";
import { parse } from "../../../../core/ingest/parse.ts";

function refusalOf(body: string | Uint8Array, headers: Parameters<typeof parse>[1] = {}): Refusal {
  try {
    parse(Buffer.from(body), headers);
  } catch (error) {
    assert.ok(error instanceof Refusal, String(error));
    return error;
  }
  return assert.fail(`${Buffer.from(body).toString("latin1").slice(0, 80)} was taken`);
}

test("JSON is read as what it says", () => {
  const fractions = fc.double({ noInteger: true, noNaN: true, noDefaultInfinity: true });
  const values = [fc.string(), fc.integer(), fractions, fc.boolean(), fc.constant(null)];
  fc.assert(
    fc.property(fc.object({ values }), (object) => {
      const json = JSON.stringify(object);
      fc.pre(!json.includes("__proto__"));
      assert.deepEqual(parse(Buffer.from(json), {}), JSON.parse(json));
    }),
  );
});

test("an integer that a double would round comes out as its digits", () => {
  const body =
    '{"ProcessId":1719309930613520072,"small":42,"list":[9007199254740993,-9007199254740993],"text":"1719309930613520072"}';
  assert.deepEqual(parse(Buffer.from(body), {}), {
    ProcessId: "1719309930613520072",
    small: 42,
    list: ["9007199254740993", "-9007199254740993"],
    text: "1719309930613520072",
  });
});

test("every way to say JSON in a content type is taken, and none at all", () => {
  const types = [
    "application/json",
    "Application/JSON; charset=UTF-8",
    'application/json;charset="utf-8"',
    "application/json; charset=us-ascii",
    "application/cloudevents+json",
    "application/vnd.vendor.v1+json; q=1",
    "text/json",
  ];
  for (const type of types) assert.deepEqual(parse(Buffer.from("{}"), { "content-type": [type] }), {}, type);
  assert.deepEqual(parse(Buffer.from("{}"), {}), {});
});

test("another content type, two of them, another charset or a compressed body is not supported", () => {
  const headers = [
    { "content-type": ["text/plain"] },
    { "content-type": [""] },
    { "content-type": ["application/x-www-form-urlencoded"] },
    { "content-type": ["application/jsonp"] },
    { "content-type": ["application/json", "application/json"] },
    { "content-type": ["application/json; charset=utf-16"] },
    { "content-encoding": ["gzip"] },
    { "content-encoding": ["identity", "gzip"] },
  ] as const;
  for (const given of headers) {
    const refusal = refusalOf("{}", given);
    assert.equal(refusal.code, "unsupported_media_type", JSON.stringify(given));
    assert.match(refusal.details?.[0]?.path ?? "", /^headers\.content-(type|encoding)$/);
  }
  assert.deepEqual(parse(Buffer.from("{}"), { "content-encoding": ["identity"] }), {});
});

test("what is no JSON is refused, whatever it is", () => {
  const bodies = [
    "",
    " ",
    "{",
    '{"a":1,}',
    "{'a':1}",
    "undefined",
    "NaN",
    "{}{}",
    "\u0000",
    '{"a":"\u0001"}',
    "[".repeat(10_000),
  ];
  for (const body of bodies) assert.equal(refusalOf(body).code, "invalid_json", body.slice(0, 20));
  assert.equal(refusalOf(Buffer.from([0x22, 0xff, 0x22])).code, "invalid_json");
});

test("a refusal stays short, however long the body is", () => {
  assert.ok(refusalOf(`{"${"x".repeat(100_000)}`).message.length <= 300);
});

test("a key that reaches a prototype is refused, however it is written", () => {
  const bodies = [
    '{"__proto__":{}}',
    '{"a":[{"__proto__":1}]}',
    '{"\\u005f_proto__":1}',
    '{"constructor":{"prototype":{}}}',
  ];
  for (const body of bodies) assert.equal(refusalOf(body).code, "invalid_json", body);
  assert.deepEqual(parse(Buffer.from('{"constructor":"Acme","text":"__proto__"}'), {}), {
    constructor: "Acme",
    text: "__proto__",
  });
});

test("no body at all makes it throw anything but a refusal", () => {
  fc.assert(
    fc.property(fc.uint8Array(), (bytes) => {
      try {
        parse(bytes, {});
      } catch (error) {
        assert.ok(error instanceof Refusal && error.code === "invalid_json");
      }
    }),
  );
});
