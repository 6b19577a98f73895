import assert from "node:assert/strict";
import { createHmac, createPrivateKey, sign } from "node:crypto";
import { describe, test } from "node:test";
import { standardWebhooks, svix } from "@thruway/sdk";
import * as fc from "fast-check";
import { Webhook } from "standardwebhooks";
import { aDelivery, refusal, verify } from "../a-delivery.ts";

const scheme = standardWebhooks();
const secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const publicKey = "whpk_11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=";
const seconds = fc.integer({ min: 1_600_000_000, max: 1_900_000_000 });

test("what the standard's own library signs verifies here", () => {
  const property = fc.property(fc.string(), fc.stringMatching(/^[!-~]{1,30}$/), seconds, (body, id, at) => {
    const headers = {
      "webhook-id": id,
      "webhook-timestamp": String(at),
      "webhook-signature": new Webhook(secret).sign(id, new Date(at * 1000), body),
    };
    assert.equal(refusal(verify(scheme, aDelivery({ body, headers }), secret)), "verified");
  });
  fc.assert(property, { numRuns: 50 });
});

test("what is signed here verifies in the standard's own library", () => {
  const bodies = fc.json();
  fc.assert(
    fc.property(bodies, (body) => {
      const { headers } = scheme.sign({ url: "/", body: Buffer.from(body) }, secret, new Date());
      assert.deepEqual(new Webhook(secret).verify(body, { ...headers }), JSON.parse(body));
    }),
    { numRuns: 50 },
  );
});

describe("a public key", () => {
  const body = "{}";
  const content = `msg_1.1705320000.${body}`;
  const of = (signature: string): ReturnType<typeof aDelivery> =>
    aDelivery({
      body,
      headers: { "webhook-id": "msg_1", "webhook-timestamp": "1705320000", "webhook-signature": signature },
    });

  test("is never the key of an HMAC, which everybody could then make", () => {
    for (const key of [publicKey, publicKey.slice(5), Buffer.from(publicKey.slice(5), "base64")]) {
      const forged = createHmac("sha256", key).update(content).digest("base64");
      for (const version of ["v1", "v1a"]) {
        assert.notEqual(refusal(verify(scheme, of(`${version},${forged}`), publicKey)), "verified");
      }
    }
  });

  test("verifies beside a secret, each its own version", () => {
    const jwk = { kty: "OKP", crv: "Ed25519", x: "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo" };
    const key = createPrivateKey({ key: { ...jwk, d: "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A" }, format: "jwk" });
    const signed = sign(null, Buffer.from(content), key).toString("base64");
    assert.equal(refusal(verify(scheme, of(`v1a,${signed}`), secret, publicKey)), "verified");
    assert.equal(refusal(verify(scheme, of(`v1,${signed}`), secret, publicKey)).split(" ")[0], "invalid_signature");
    assert.equal(refusal(verify(scheme, of(`v1a,${signed}`), secret)), "invalid_signature");
  });

  test("cannot sign a test event, and a secret can", () => {
    assert.deepEqual([scheme.canSign?.(publicKey), scheme.canSign?.(secret)], [false, true]);
  });
});

test("a header with more signatures than anybody sends is refused", () => {
  const { headers } = scheme.sign({ url: "/", body: Buffer.from("{}") }, secret, new Date());
  const good = headers["webhook-signature"] ?? "";
  const many = (count: number): string =>
    refusal(
      verify(
        scheme,
        aDelivery({ headers: { ...headers, "webhook-signature": Array(count).fill(good).join(" ") } }),
        secret,
      ),
    );
  assert.equal(many(5), "verified");
  assert.match(many(6), /must not have more than 5 signatures of a version$/);
});

test("a secret is told what is wrong with how it is written", () => {
  for (const each of [scheme, svix()]) {
    for (const [wrong, problem] of [
      ["your-secret", "must be whsec_ or whpk_ followed by base64"],
      ["whsec_", "must be whsec_ or whpk_ followed by base64"],
      ["whsec_c2hvcnQ=", "must be a key of at least 24 bytes"],
      ["whpk_c2hvcnQ=", "must be whpk_ followed by base64 of 32 bytes"],
      [
        "whsk_nWGxne/9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A=",
        "is the sender's private key; enter its public key, whpk_…",
      ],
      [secret, undefined],
      [secret.slice(6), undefined],
      [publicKey, undefined],
    ] as const) {
      assert.equal(each.secretProblem?.(wrong), problem, wrong);
    }
  }
});
