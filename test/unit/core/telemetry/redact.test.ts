import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { newToken } from "../../../../core/access/api-token.ts";
import { redact } from "../../../../core/telemetry/redact.ts";

/** The line as it is logged, parsed: it must still be JSON. */
function logged(line: object): ReturnType<typeof JSON.parse> {
  return JSON.parse(redact(JSON.stringify(line)));
}

const jwt = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJ0ZXN0In0.c2lnbmF0dXJl";
const pem =
  "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n\nMIIBtest+test/test==\n-----END RSA PRIVATE KEY-----";

describe("a secret in the words of a line is hidden by its shape:", () => {
  const token = `tw_throwa_${"test".repeat(8)}`;
  for (const [kind, text, shown] of [
    ["an API token, but for the part that names it", `found ${token} there`, "found tw_throwa_[redacted] there"],
    ["a Standard Webhooks secret", "whsec_dGhyb3ctYXdheQ== is it", "whsec_[redacted] is it"],
    ["a bearer token", "Authorization: Bearer throw-away.test~1/2+3=", "Authorization: Bearer [redacted]"],
    ["basic credentials", "sent basic dXNlcjpwYXNz", "sent basic [redacted]"],
    ["a private key", `read ${pem}, and`, "read -----BEGIN RSA PRIVATE KEY-----[redacted], and"],
    ["a JWT", `with ${jwt} at`, "with [redacted] at"],
    ["the end of an address", "POST /api/webhooks/siem/t/throw-away?x=1", "POST /api/webhooks/siem/t/[redacted]?x=1"],
    ["a password in a URL", "mongodb://me:p@ss@db,db2/x failed", "mongodb://[redacted]@db,db2/x failed"],
    ["a token in a query", "https://h/?a=1&access_token=abc&b=2", "https://h/?a=1&access_token=[redacted]&b=2"],
    ["a password in a connection string", "host=h;password=abc;x=1", "host=h;password=[redacted];x=1"],
    ["a field of JSON that is quoted", 'got {"password": "abc","a":1}', 'got {"password": "[redacted]","a":1}'],
  ] as const) {
    test(kind, () => {
      const { msg, err } = logged({ msg: text, err: { stack: `Error: ${text}\n    at file.ts:1:2` } });
      assert.equal(msg, shown);
      assert.equal(err.stack, `Error: ${shown}\n    at file.ts:1:2`);
    });
  }
});

test("a secret is hidden by the name of its field, however deep it stands and whatever it holds", () => {
  const value = 'a "quoted" \\ one';
  const line = logged({
    secret: value,
    deep: [{ secrets: [value, "]"], headers: { "x-webhook-signature": value, Authorization: value } }],
    api_token: 12345,
    client_secret: value,
    token_id: "AbCdEf",
    fields: ["secret", "add_secret"],
  });
  assert.deepEqual(line, {
    secret: "[redacted]",
    deep: [{ secrets: "[redacted]", headers: { "x-webhook-signature": "[redacted]", Authorization: "[redacted]" } }],
    api_token: "[redacted]",
    client_secret: "[redacted]",
    token_id: "AbCdEf",
    fields: ["secret", "add_secret"],
  });
});

test("of a private key that is cut off, nothing is left, nor of what follows in that field", () => {
  const line = logged({ msg: pem.slice(0, 80), other: "stays" });
  assert.deepEqual(line, { msg: "-----BEGIN RSA PRIVATE KEY-----[redacted]", other: "stays" });
});

test("what is no secret stays as it is", () => {
  const line = {
    msg: "Basic authentication and Bearer tokens: send `Authorization: Bearer tw_…`",
    path: "/api/webhooks/email-gateway",
    url: "https://user.example/a@b",
    request_id: "01a20d38-8482-73da-8ae7-be2037cc4bf0",
    incidents: ["INC-2026-0001"],
    stack: "Error: x\n    at file:///srv/t/thruway/core/main.ts:1:2",
  };
  assert.deepEqual(logged(line), line);
});

test("every token that is made is hidden", () => {
  for (let count = 0; count < 200; count++) {
    const token = newToken();
    assert.ok(!redact(JSON.stringify({ msg: `x${token}y` })).includes(token.slice(10)), token);
  }
});

test("what it takes grows with the line, and no faster, whatever stands there", () => {
  const hostile = [
    ...[
      "eyJ",
      "eyJaaaaaaaa.",
      "bearer ",
      "://a@",
      "://",
      "-----BEGIN PRIVATE KEY-----",
      "-----BEGIN ",
      "a_secret",
      "/webhooks/a/t/",
    ],
    ...["?key", "token=", '\\"', 'secret":["a",', 'secret":"\\\\', "whsec_", "tw_aaaaaa_", "Basic Basic "],
  ];
  const took = (text: string): number => {
    const start = performance.now();
    redact(text);
    return performance.now() - start;
  };
  for (const piece of hostile) {
    const text = piece.repeat(200_000 / piece.length);
    took(text);
    // Quadratic would be minutes.
    assert.ok(Math.min(took(text), took(text)) < 500, piece);
  }
});
