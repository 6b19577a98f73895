import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { staticToken } from "@thruway/sdk";
import { aDelivery, refusal, verify } from "../a-delivery.ts";

const secret = "test-secret/with+odd characters?";

describe("in a header", () => {
  const scheme = staticToken({ header: "Authorization", prefix: "Bearer " });
  const say = (authorization: string | readonly string[], ...secrets: readonly string[]): string =>
    refusal(verify(scheme, aDelivery({ headers: { Authorization: authorization } }), ...secrets));

  test("the secret after its prefix verifies, whichever active one it is", () => {
    assert.equal(say(`Bearer ${secret}`, secret), "verified");
    assert.equal(say(`Bearer ${secret}`, "test-secret-b", secret), "verified");
    assert.equal(say(`Bearer ${secret}`, secret, "test-secret-b"), "verified");
  });

  test("nothing else does", () => {
    assert.equal(say(`Bearer ${secret}`, "test-secret-b"), "invalid_signature");
    assert.equal(say(`Bearer ${secret}`), "invalid_signature");
    for (const near of [`${secret} `, secret.slice(0, -1), secret.toUpperCase(), "", ` ${secret}`]) {
      assert.equal(say(`Bearer ${near}`, secret), "invalid_signature", near);
    }
  });

  test("the prefix is part of it", () => {
    for (const value of [secret, `bearer ${secret}`, `Basic ${secret}`, ""]) {
      assert.equal(say(value, secret), 'invalid_signature headers.authorization must start with "Bearer "', value);
    }
  });

  test("a header that is missing or repeated is refused", () => {
    assert.equal(refusal(verify(scheme, aDelivery(), secret)), "invalid_signature headers.authorization is missing");
    assert.equal(
      say([`Bearer ${secret}`, `Bearer ${secret}`], secret),
      "invalid_signature headers.authorization is sent more than once",
    );
  });

  test("without a prefix the header is the secret", () => {
    const bare = staticToken({ header: "X-Token" });
    assert.equal(refusal(verify(bare, aDelivery({ headers: { "x-token": secret } }), secret)), "verified");
  });

  test("what it signs verifies", () => {
    const { url, headers } = scheme.sign({ url: "/api/webhooks/edr", body: Buffer.from("{}") }, secret, new Date());
    assert.deepEqual([url, headers], ["/api/webhooks/edr", { authorization: `Bearer ${secret}` }]);
    assert.equal(refusal(verify(scheme, aDelivery({ url, headers }), secret)), "verified");
  });
});

describe("in the URL", () => {
  const scheme = staticToken({ query: "token" });
  const say = (query: string): string =>
    refusal(verify(scheme, aDelivery({ url: `/api/webhooks/edr${query}` }), secret));

  test("the secret verifies, however it is escaped", () => {
    assert.equal(say(`?token=${encodeURIComponent(secret)}`), "verified");
    assert.equal(say("?a=b&token=test-secret%2Fwith%2Bodd+characters%3F"), "verified");
  });

  test("a parameter that is missing, wrong or repeated is refused", () => {
    const good = `token=${encodeURIComponent(secret)}`;
    assert.equal(say(""), "invalid_signature query.token is missing");
    assert.equal(say("?Token=x"), "invalid_signature query.token is missing");
    assert.equal(say("?token="), "invalid_signature");
    assert.equal(say(`?${good}&${good}`), "invalid_signature query.token is sent more than once");
  });

  test("what it signs verifies, beside the parameters that are there", () => {
    for (const url of ["/api/webhooks/edr", "/api/webhooks/edr?tenant=7"]) {
      const signed = scheme.sign({ url, body: Buffer.from("{}") }, secret, new Date());
      assert.ok(signed.url.startsWith(url));
      assert.equal(refusal(verify(scheme, aDelivery({ url: signed.url }), secret)), "verified", signed.url);
    }
  });
});

test("it proves who sends, and neither what nor when", () => {
  const scheme = staticToken({ header: "X-Token" });
  const result = verify(scheme, aDelivery({ body: "any", headers: { "X-Token": secret } }), secret);
  assert.deepEqual(result, {
    verified: true,
    scheme: "static-token",
    signed: Buffer.from("any"),
    toleranceSeconds: 300,
  });
  assert.deepEqual([scheme.provesBody, scheme.needsSecret, scheme.acceptsUnsigned], [false, true, false]);
});
