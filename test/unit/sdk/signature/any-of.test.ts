import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { anyOf, type Delivery, hmac, PluginError, type SignatureScheme, staticToken, unsigned } from "@thruway/sdk";
import { aDelivery, refusal, verify } from "../a-delivery.ts";

const secret = "test-secret-a";
const draft = { url: "/api/webhooks/siem", body: Buffer.from("{}") };
const signature = hmac({ header: "X-Sig" });
const token = staticToken({ header: "Authorization", prefix: "Bearer " });
const nothing = unsigned("the built-in action cannot sign");

function sent(...schemes: readonly SignatureScheme[]): Delivery {
  return aDelivery({
    headers: Object.assign({}, ...schemes.map((scheme) => scheme.sign(draft, secret, new Date()).headers)),
  });
}

describe("one of two", () => {
  const either = anyOf(signature, token);

  test("verifies by the scheme whose header it carries, and says by which", () => {
    for (const [scheme, name] of [
      [signature, "hmac"],
      [token, "static-token"],
    ] as const) {
      const result = verify(either, sent(scheme), "test-secret-b", secret);
      assert.equal(result.verified && result.scheme, name);
    }
  });

  test("verifies where one of two that it carries does", () => {
    const wrong = aDelivery({ headers: { "X-Sig": "00", Authorization: `Bearer ${secret}` } });
    assert.equal(refusal(verify(either, wrong, secret)), "verified");
  });

  test("is refused in the words of the first that it carries", () => {
    assert.equal(
      refusal(verify(either, aDelivery({ headers: { Authorization: "Basic x" } }), secret)),
      'invalid_signature headers.authorization must start with "Bearer "',
    );
    assert.match(
      refusal(verify(either, aDelivery({ headers: { Authorization: "Basic x", "X-Sig": "00" } }), secret)),
      /^invalid_signature headers.x-sig must be/,
    );
  });

  test("is refused in the words of the first in the list where it carries nothing", () => {
    assert.equal(refusal(verify(either, aDelivery(), secret)), "invalid_signature headers.x-sig is missing");
  });

  test("is not taken unsigned, though a source opts in", () => {
    const result = either.verify(aDelivery(), { secrets: [secret], allowUnsigned: true });
    assert.equal(refusal(result), "invalid_signature headers.x-sig is missing");
  });
});

describe("with an unsigned one among them", () => {
  const all = anyOf(signature, token, nothing);
  const optedIn = { secrets: [secret], allowUnsigned: true };

  test("a delivery without anything is taken where the source opts in, and only there", () => {
    const result = all.verify(aDelivery(), optedIn);
    assert.equal(result.verified && result.scheme, "unsigned");
    assert.equal(refusal(verify(all, aDelivery(), secret)), "invalid_signature headers.x-sig is missing");
  });

  test("a wrong signature is never let in as an unsigned delivery", () => {
    const headers = { "X-Sig": "0".repeat(64) };
    assert.equal(refusal(all.verify(aDelivery({ headers }), optedIn)), "invalid_signature");
    assert.equal(
      refusal(all.verify(aDelivery({ headers: { "X-Sig": "" } }), optedIn)).split(" ")[0],
      "invalid_signature",
    );
  });

  test("the same holds where the unsigned one stands first", () => {
    const unsignedFirst = anyOf(nothing, signature);
    const wrong = aDelivery({ headers: { "X-Sig": "0".repeat(64) } });
    assert.equal(refusal(unsignedFirst.verify(wrong, optedIn)), "invalid_signature");
    const good = unsignedFirst.verify(sent(signature), optedIn);
    assert.equal(good.verified && good.scheme, "hmac");
  });

  test("a good signature is judged as one, also where the source opts in", () => {
    const result = all.verify(sent(token), optedIn);
    assert.equal(result.verified && result.scheme, "static-token");
  });

  test("a repeated header counts as carried", () => {
    const headers = { Authorization: [`Bearer ${secret}`, `Bearer ${secret}`] };
    assert.match(refusal(all.verify(aDelivery({ headers }), optedIn)), /is sent more than once$/);
  });
});

describe("what it says of itself", () => {
  test("a secret is needed where every scheme needs one", () => {
    assert.equal(anyOf(signature, token).needsSecret, true);
    assert.equal(anyOf(signature, nothing).needsSecret, false);
    assert.equal(anyOf(signature, nothing).acceptsUnsigned, true);
    assert.equal(anyOf(signature, token).acceptsUnsigned, false);
  });

  test("the shortest secret is what the most lenient signing scheme takes", () => {
    const strict = hmac({ header: "X-Strict", minimumSecretLength: 32 });
    assert.equal(anyOf(strict, hmac({ header: "X-Sig", minimumSecretLength: 8 })).minimumSecretLength, 8);
    assert.equal(anyOf(strict, nothing).minimumSecretLength, 32);
    assert.equal(anyOf(nothing).minimumSecretLength, 0);
  });

  test("the summary names every way", () => {
    assert.equal(anyOf(signature, token).summary, `${signature.summary}; or ${token.summary}`);
  });

  test("it signs by its first signing scheme, and without a secret by the one that needs none", () => {
    const all = anyOf(nothing, token, signature);
    assert.deepEqual(Object.keys(all.sign(draft, secret, new Date()).headers), ["authorization"]);
    assert.deepEqual(all.sign(draft, undefined, new Date()).headers, {});
  });

  test("an empty list is a mistake of the plugin's", () => {
    assert.throws(() => anyOf(), PluginError);
  });
});
