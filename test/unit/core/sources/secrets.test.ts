import assert from "node:assert/strict";
import { describe, test } from "node:test";
import {
  allOf,
  allowedAddresses,
  anyOf,
  bearerJwt,
  crowdstrike,
  hmac,
  type SignatureScheme,
  standardWebhooks,
  unsigned,
  webhookSignature,
} from "@thruway/sdk";
import type { Registration } from "../../../../core/sources/registration.ts";
import { secretProblems } from "../../../../core/sources/secrets.ts";
import { testSecret } from "../builders.ts";

const site = allowedAddresses(["192.0.2.0/24"]);
const token = bearerJwt({ issuer: "i", audience: "a", jwksUrl: "https://issuer.example/keys" });
const own = webhookSignature();
const silent = unsigned("it is a printer");

function say(scheme: SignatureScheme, secrets: readonly string[], options: object = {}): string {
  const problems = secretProblems(scheme, { secrets, options } as unknown as Registration);
  return problems.map(({ path, message }) => `${path} ${message}`).join("; ");
}

describe("a sender that proves itself without a secret", () => {
  for (const scheme of [site, token, allOf(site, token), anyOf(site, token)]) {
    test(`needs none, and is told that one is of no use: ${scheme.name}`, () => {
      assert.equal(say(scheme, []), "");
      assert.match(say(scheme, [testSecret]), /^secret is of no use: the sender proves itself by /);
    });
  }

  test("is not one that proves nothing: that must be opted in to", () => {
    assert.match(say(silent, []), /^secret is required: .*or set options\.allow_unsigned/);
    assert.match(say(site, [], { allow_unsigned: true }), /^options\.allow_unsigned is not for a sender that signs/);
    assert.equal(say(silent, [], { allow_unsigned: true }), "");
  });

  test("may have one where another of its ways does need one", () => {
    const either = anyOf(own, token);
    assert.equal(say(either, []), "");
    assert.equal(say(either, [testSecret]), "");
  });

  test("needs one where another of what it must do does", () => {
    const both = allOf(own, site);
    assert.match(say(both, []), /^secret is required/);
    assert.equal(say(both, [testSecret]), "");
  });

  test("needs nothing more to be among those that may prove nothing", () => {
    assert.match(say(anyOf(own, silent), []), /^secret is required/);
    assert.equal(say(anyOf(token, silent), []), "");
    assert.equal(say(anyOf(token, silent), [], { allow_unsigned: true }), "");
  });
});

describe("a secret", () => {
  test("that is shorter than its vendor takes is refused", () => {
    assert.equal(say(crowdstrike(), ["a".repeat(31)]), "secret must have at least 32 characters");
    assert.equal(say(crowdstrike(), ["a".repeat(32)]), "");
    assert.equal(say(crowdstrike(), ["a".repeat(32), "short"]), "secret must have at least 32 characters");
  });

  test("of the text's own scheme may be short, and not empty", () => {
    assert.equal(say(own, ["your-secret"]), "");
    assert.equal(say(own, [""]), "secret must have at least 1 characters");
  });

  test("that is not written as its scheme reads it is refused, any of several", () => {
    const problem = "secret must be whsec_ or whpk_ followed by base64";
    assert.equal(say(standardWebhooks(), ["your-secret"]), problem);
    assert.equal(say(standardWebhooks(), ["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "your-secret"]), problem);
    assert.equal(say(hmac({ header: "X-Sig", secretEncoding: "base64" }), ["?"]), "secret must be base64");
  });

  test("is good where one of several schemes can read it", () => {
    assert.equal(say(anyOf(standardWebhooks(), own), ["your-secret"]), "");
    assert.match(say(anyOf(standardWebhooks(), hmac({ header: "X", secretEncoding: "base64" })), ["?"]), /whsec_/);
  });
});
