import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { type Delivery, type HmacOptions, hmac, PluginError } from "@thruway/sdk";
import { aDelivery, refusal, verify } from "../a-delivery.ts";

const secret = "test-secret-of-the-hmac-tests";
const body = '{"alert":"ünïcode"}';

describe("times that are none are refused", () => {
  const cases = {
    s: ["", "-1", "1.5", "1e9", "2024-01-15T12:00:00Z", "1234567890123"],
    ms: ["", "-1", "1705320000123.5", "1e12", "1".repeat(16), "9".repeat(300)],
    float: ["", ".5", "5.", "1.2.3", "-1.5", "1e9", "1705320000.1234567890"],
    iso: ["", "2024-01-15", "2024-01-15T12:00:00", "2024-01-15 12:00:00Z", "2024-13-15T12:00:00Z", "1705320000"],
  } as const;
  for (const [unit, times] of Object.entries(cases)) {
    const timestamp = { header: "X-Time", unit: unit as keyof typeof cases };
    const scheme = hmac({ header: "X-Sig", signs: "{timestamp}{body}", timestamp });
    for (const time of times) {
      test(`${unit}: ${JSON.stringify(time.slice(0, 30))}`, () => {
        const headers = { "X-Sig": "0".repeat(64), "X-Time": time };
        assert.match(
          refusal(verify(scheme, aDelivery({ headers }), secret)),
          /^invalid_timestamp headers.x-time must /,
        );
      });
    }
  }
});

describe("the headers", () => {
  const scheme = hmac({
    header: "X-Sig",
    signs: "{id}{timestamp}{body}",
    id: { header: "X-Id" },
    timestamp: { header: "X-Time" },
  });
  const { headers } = scheme.sign({ url: "/", body: Buffer.from(body) }, secret, new Date());

  function repeated(name: string): Delivery {
    const value = headers[name] ?? "";
    return aDelivery({ body, headers: { ...headers, [name]: [value, value] } });
  }

  test("each must come exactly once", () => {
    assert.equal(refusal(verify(scheme, aDelivery({ body, headers }), secret)), "verified");
    assert.match(refusal(verify(scheme, repeated("x-sig"), secret)), /^invalid_signature headers.x-sig is sent more/);
    assert.match(refusal(verify(scheme, repeated("x-time"), secret)), /^invalid_timestamp headers.x-time is sent more/);
    assert.match(refusal(verify(scheme, repeated("x-id"), secret)), /^invalid_signature headers.x-id must be sent/);
  });

  test("only the signature's says that the scheme is used", () => {
    assert.equal(scheme.presents(aDelivery({ headers: { "X-Sig": "anything" } })), true);
    assert.equal(scheme.presents(aDelivery({ headers: { "X-Time": "1705320000", "X-Id": "1" } })), false);
  });
});

test("of several prefixes any one is taken, and the first is written", () => {
  const scheme = hmac({ header: "X-Sig", prefix: ["new=", "old="] });
  const signed = scheme.sign({ url: "/", body: Buffer.from(body) }, secret, new Date()).headers["x-sig"] ?? "";
  assert.match(signed, /^new=[0-9a-f]{64}$/);
  for (const [from, result] of [
    ["new=", "verified"],
    ["old=", "verified"],
    ["", "invalid_signature headers.x-sig must be new=<hex HMAC-SHA-256>"],
  ] as const) {
    const headers = { "X-Sig": signed.replace("new=", from) };
    assert.equal(refusal(verify(scheme, aDelivery({ body, headers }), secret)), result);
  }
});

test("base64 has its padding, its own alphabet and no other length", () => {
  const scheme = hmac({ header: "X-Sig", encoding: "base64" });
  const good = "2626zh9PqoTQzlCCPLgbPtwOLBqXz008k2Nr+5ss5D4=";
  for (const signature of [
    good.slice(0, -1),
    `${good}=`,
    good.replace("+", "-"),
    ` ${good}`,
    `${good}\n`,
    `AA${good}`,
  ]) {
    const result = verify(scheme, aDelivery({ body, headers: { "X-Sig": signature } }), secret);
    assert.equal(refusal(result), "invalid_signature headers.x-sig must be <base64 HMAC-SHA-256>", signature);
  }
});

test("its tolerance is five minutes, or what it is told", () => {
  const of = (toleranceSeconds?: number): number | false => {
    const timestamp = { header: "X-Time", ...(toleranceSeconds !== undefined && { toleranceSeconds }) };
    const scheme = hmac({ header: "X-Sig", signs: "{timestamp}{body}", timestamp });
    const { headers } = scheme.sign({ url: "/", body: Buffer.from(body) }, secret, new Date());
    const result = verify(scheme, aDelivery({ body, headers }), secret);
    return result.verified && result.toleranceSeconds;
  };
  assert.equal(of(), 300);
  assert.equal(of(600), 600);
});

test("its summary says what to send and where", () => {
  const scheme = hmac({ header: "X-Sig", prefix: "v1=", encoding: "base64", algorithm: "sha512" });
  assert.equal(scheme.summary, 'v1=<base64 HMAC-SHA-512> of "{body}" in X-Sig');
  assert.deepEqual(
    [scheme.name, scheme.needsSecret, scheme.acceptsUnsigned, scheme.provesBody],
    ["hmac", true, false, true],
  );
});

describe("options that contradict each other are a mistake of the plugin's", () => {
  const time = { header: "X-Time" };
  const id = { header: "X-Id" };
  const cases: readonly (readonly [title: string, options: Omit<HmacOptions, "header">, message: RegExp])[] = [
    ["a template without the body", { signs: "{timestamp}", timestamp: time }, /^signs: must name "\{body\}"/],
    ["an empty template", { signs: "" }, /^signs: must name "\{body\}"/],
    ["a placeholder that is none", { signs: "{body}{nonce}" }, /^signs: "\{nonce\}" is not one of \{body\}, /],
    ["a placeholder with spaces", { signs: "{ body }" }, /^signs: "\{ body \}" is not one of /],
    ["no prefix to choose from", { prefix: [] }, /^prefix: name at least one/],
    ["a placeholder without an end", { signs: "v0:{timestamp" }, /^signs: "v0:\{timestamp" is not one of /],
    ["an unclosed placeholder", { signs: "{body}{timestamp" }, /^signs: "\{timestamp" is not one of /],
    [
      "a time that is not signed",
      { timestamp: time },
      /^timestamp: its header and "\{timestamp\}" in signs go together/,
    ],
    ["a signed time without a header", { signs: "{timestamp}.{body}" }, /^timestamp: its header and /],
    ["an id that is not signed", { id }, /^id: its header and "\{id\}" in signs go together/],
    ["a signed id without a header", { signs: "{id}.{body}" }, /^id: its header and /],
  ];
  for (const [title, options, message] of cases) {
    test(title, () => assert.throws(() => hmac({ header: "X-Sig", ...options }), { name: "PluginError", message }));
  }

  test("is told apart from other errors", () => {
    assert.throws(() => hmac({ header: "X-Sig", signs: "" }), PluginError);
  });
});
