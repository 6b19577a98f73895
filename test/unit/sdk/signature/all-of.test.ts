import assert from "node:assert/strict";
import { describe, test } from "node:test";
import {
  allOf,
  allowedAddresses,
  awsSns,
  basic,
  type Delivery,
  github,
  hmac,
  PluginError,
  type SignatureScheme,
  slack,
  staticToken,
  unsigned,
} from "@thruway/sdk";
import { aDelivery, refusal, verify } from "../a-delivery.ts";

const secret = "test-secret-a";
const body = Buffer.from("{}");
const at = new Date("2024-01-15T12:00:00Z");
const signature = github();
const token = staticToken({ header: "X-Token" });
const site = allowedAddresses(["192.0.2.0/24"]);

function sent(scheme: SignatureScheme, address = "192.0.2.1"): Delivery {
  const { url, headers } = scheme.sign({ url: "/api/webhooks/edr", body }, secret, at);
  return aDelivery({ url, headers, body, address });
}

describe("all of several", () => {
  const both = allOf(signature, token);

  test("verify where each does, and say by which", () => {
    const result = verify(both, sent(both), secret);
    assert.deepEqual(result.verified && [result.scheme, Buffer.from(result.signed).toString()], [
      "github+static-token",
      "{}",
    ]);
  });

  test("are refused in the words of the first that does not", () => {
    assert.match(refusal(verify(both, sent(token), secret)), /headers.x-hub-signature-256 is missing$/);
    assert.match(refusal(verify(both, sent(signature), secret)), /headers.x-token is missing$/);
    assert.equal(refusal(verify(both, sent(both), "test-secret-b")), "invalid_signature");
  });

  test("with an address among them want that too", () => {
    const scheme = allOf(signature, site);
    assert.equal(refusal(verify(scheme, sent(signature), secret)), "verified");
    assert.match(refusal(verify(scheme, sent(signature, "198.51.100.1"), secret)), /^invalid_signature address /);
  });

  test("count as carried where any of them is, so that a half is never taken for nothing", () => {
    assert.equal(both.presents(sent(token)), true);
    assert.equal(both.presents(aDelivery()), false);
  });
});

test("the bytes that identify a delivery are those of the scheme that proves the body, wherever it stands", () => {
  const scheme = allOf(token, slack());
  const result = verify(scheme, sent(scheme), secret);
  assert.match(result.verified ? Buffer.from(result.signed).toString() : "", /^v0:1705320000:\{\}$/);
});

test("of several times the one that lies farthest off counts, by the strictest tolerance", () => {
  const timed = (header: string, toleranceSeconds: number): SignatureScheme & { verify: typeof signature.verify } =>
    hmac({ header, signs: "{timestamp}{body}", timestamp: { header: `${header}-time`, toleranceSeconds } });
  const [first, second] = [timed("X-A", 600), timed("X-B", 60)];
  const draft = { url: "/", body };
  const headers = {
    ...first.sign(draft, secret, at).headers,
    ...second.sign(draft, secret, new Date(at.getTime() - 120_000)).headers,
  };
  const result = verify(allOf(first, second), aDelivery({ body, headers, receivedAt: at }), secret);
  assert.deepEqual(result.verified && [result.timestamp, result.toleranceSeconds], [
    new Date(at.getTime() - 120_000),
    60,
  ]);
});

test("what it says of itself is what its parts need together", () => {
  const strict = hmac({ header: "X-Strict", minimumSecretLength: 32 });
  const scheme = allOf(site, strict, token);
  assert.deepEqual(
    [scheme.needsSecret, scheme.acceptsUnsigned, scheme.provesBody, scheme.minimumSecretLength, scheme.takesSecret],
    [true, false, true, 32, true],
  );
  assert.equal(scheme.provesWithoutSecret, false);
  assert.equal(allOf(site, site).provesWithoutSecret, true);
  assert.deepEqual([scheme.canSign?.(secret), allOf(strict, token).canSign?.(secret)], [false, true]);
  assert.equal(allOf(signature, token).summary, `${signature.summary}; and ${token.summary}`);
});

test("a promise among them is waited for, and the others still count", async () => {
  const topic = "arn:aws:sns:us-west-2:123456789012:MyTopic";
  const scheme = allOf(awsSns({ topics: [topic] }), basic({ username: "a" }));
  assert.deepEqual(scheme.contentTypes, ["text/plain"]);
  const said = scheme.verify(aDelivery(), { secrets: [], allowUnsigned: false });
  assert.match(refusal(await said), /^invalid_signature body must be a message of AWS SNS$/);
});

test("fewer than two, or one that accepts what is unsigned, are a mistake of the plugin's", () => {
  assert.throws(() => allOf(signature), PluginError);
  assert.throws(() => allOf(signature, unsigned("it is a printer")), PluginError);
});
