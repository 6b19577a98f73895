import assert from "node:assert/strict";
import { createHmac, createPublicKey } from "node:crypto";
import { describe, test } from "node:test";
import {
  anyOf,
  type BearerJwtOptions,
  bearerJwt,
  type Fetch,
  type FetchRequest,
  hmac,
  PluginError,
} from "@thruway/sdk";
import { jwksUrl, keys, options, tokens } from "../../../vectors/bearer-jwt.ts";
import { aDelivery, refusal } from "../a-delivery.ts";

const credentials = { secrets: [], allowUnsigned: false };

function issuer(...answers: readonly unknown[]): { readonly fetch: Fetch; readonly asked: FetchRequest[] } {
  const asked: FetchRequest[] = [];
  const fetch: Fetch = (request) => {
    asked.push(request);
    const answer = answers[Math.min(asked.length, answers.length) - 1];
    const text = typeof answer === "string" ? answer : JSON.stringify(answer);
    return Promise.resolve(
      answer === undefined ? { ok: false } : { ok: true, text, at: new Date(asked.length * 60_000) },
    );
  };
  return { fetch, asked };
}

async function say(
  fetch: Fetch,
  token: string,
  changes: Partial<BearerJwtOptions> = {},
  headers: Readonly<Record<string, string>> = { Authorization: `Bearer ${token}` },
): Promise<string> {
  return refusal(await bearerJwt({ ...options, ...changes }).verify(aDelivery({ headers }), credentials, fetch));
}

describe("the keys", () => {
  test("are asked for at the configured address, and good for ten minutes", async () => {
    const { fetch, asked } = issuer({ keys });
    assert.equal(await say(fetch, tokens.RS256), "verified");
    assert.deepEqual(asked, [{ url: jwksUrl, host: "issuer.example", freshForSeconds: 600 }]);
  });

  test("are asked for once more where the token names one that is not among them", async () => {
    const { fetch, asked } = issuer({ keys: keys.slice(0, 1) }, { keys });
    assert.equal(await say(fetch, tokens.ES256), "verified");
    assert.deepEqual(
      asked.map(({ newerThan }) => newerThan),
      [undefined, new Date(60_000)],
    );
  });

  test("are not asked for without end", async () => {
    const { fetch, asked } = issuer({ keys: [] });
    assert.match(await say(fetch, tokens.RS256), /^invalid_signature headers.authorization is signed by a key that/);
    assert.equal(asked.length, 2);
  });

  test("that cannot be had, or are none, let nobody in", async () => {
    for (const answer of [undefined, "<html>", "null", "[]", {}, { keys: "a" }, { keys: [5] }]) {
      assert.equal(await say(issuer(answer).fetch, tokens.RS256), "vendor_unreachable", JSON.stringify(answer));
    }
  });

  test("of another kind under the right name let nobody in", async () => {
    const [rsa, ec] = keys;
    const { fetch } = issuer({ keys: [{ ...ec, kid: "rsa" }] });
    assert.match(await say(fetch, tokens.RS256), /^invalid_signature/);
    assert.match(await say(issuer({ keys: [{ ...rsa, n: "AQAB" }] }).fetch, tokens.RS256), /^invalid_signature/);
    const short = { kty: "oct", kid: "rsa", k: "c2VjcmV0" };
    assert.match(await say(issuer({ keys: [short] }).fetch, tokens.RS256), /^invalid_signature/);
  });
});

describe("a token", () => {
  const { fetch, asked } = issuer({ keys });

  test("must be for us, of the issuer, and claim what the source says", async () => {
    assert.match(await say(fetch, tokens.RS256, { audience: "api://other" }), /has a wrong "aud", or none$/);
    assert.match(await say(fetch, tokens.RS256, { claims: { azp: "other" } }), /has another "azp"$/);
    assert.match(await say(fetch, tokens.RS256, { claims: { scp: "any" } }), /has another "scp"$/);
    const before = asked.length;
    assert.match(
      await say(fetch, tokens.RS256, { issuer: "https://other.example/" }),
      /must be a token of this issuer/,
    );
    assert.equal(asked.length, before);
  });

  test("must be signed by an algorithm that is allowed", async () => {
    assert.equal(await say(fetch, tokens.ES256, { algorithms: ["ES256"] }), "verified");
    assert.match(await say(fetch, tokens.RS256, { algorithms: ["ES256"] }), /must be a token of this issuer/);
  });

  test("signed by the published key as if it were a secret is none", async () => {
    const [rsa] = keys;
    const pem = createPublicKey({ key: rsa, format: "jwk" }).export({ type: "spki", format: "pem" });
    const [, claims = ""] = tokens.RS256.split(".");
    const header = Buffer.from(JSON.stringify({ alg: "HS256", kid: "rsa" })).toString("base64url");
    for (const key of [pem, JSON.stringify(rsa), rsa.n]) {
      const forged = createHmac("sha256", key).update(`${header}.${claims}`).digest("base64url");
      assert.match(await say(fetch, `${header}.${claims}.${forged}`), /must be a token of this issuer/);
    }
  });

  test("may stand in another header, then without a word before it", async () => {
    const header = "X-Token";
    assert.equal(await say(fetch, "", { header }, { "X-Token": tokens.RS256 }), "verified");
    assert.match(
      await say(fetch, "", { header }, { "X-Token": `Bearer ${tokens.RS256}` }),
      /must be a JSON Web Token$/,
    );
  });

  test("is told apart from another bearer, so that both may be taken", async () => {
    const either = anyOf(hmac({ header: "X-Sig" }), bearerJwt(options));
    assert.equal(either.presents(aDelivery({ headers: { Authorization: "Bearer abc" } })), false);
    const delivery = aDelivery({ headers: { Authorization: `Bearer ${tokens.RS256}` } });
    assert.equal(refusal(await either.verify(delivery, credentials, fetch)), "verified");
    assert.equal(refusal(await either.verify(delivery, credentials)), "vendor_unreachable");
    const both = aDelivery({ headers: { Authorization: `Bearer ${tokens.RS256}`, "X-Sig": "00" } });
    assert.equal(refusal(await either.verify(both, credentials, fetch)), "verified");
    assert.equal(refusal(await either.verify(both, credentials)), "vendor_unreachable");
  });
});

test("what can never work is a mistake of the plugin's", () => {
  for (const wrong of [
    { issuer: "" },
    { audience: "" },
    { jwksUrl: "http://issuer.example/keys" },
    { jwksUrl: "https://user:pass@issuer.example/keys" },
    { jwksUrl: "issuer.example" },
    { algorithms: [] },
    { algorithms: ["HS256"] as unknown as [] },
    { algorithms: ["none"] as unknown as [] },
  ]) {
    assert.throws(() => bearerJwt({ ...options, ...wrong }), PluginError, JSON.stringify(wrong));
  }
});
