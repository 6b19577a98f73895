import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import type { SignatureScheme } from "@thruway/sdk";
import { loadPlugins } from "../../core/registry/plugins.ts";
import { aDelivery, refusal, verify } from "../unit/sdk/a-delivery.ts";

const plugins = await loadPlugins(join(import.meta.dirname, "../../plugins.json"));

function schemeOf(name: string, options: unknown = {}): SignatureScheme {
  const plugin = plugins.get(name);
  assert.ok(plugin, name);
  return plugin.signature(options);
}

describe("Thruway's own signature is taken from every sender", () => {
  const headers = {
    "X-Webhook-Signature": "sha256=8ad00c4e6f4b6c5b3d4dcece915fd33fd924a31c208133e2a75b6bb9af1617e3",
    "X-Webhook-Timestamp": "1705320000",
  };
  for (const { name } of plugins.all) {
    test(name, () => {
      const delivery = aDelivery({ body: '{"event_type":"test","data":{}}', headers });
      const result = verify(schemeOf(name), delivery, "your-secret");
      assert.equal(result.verified && result.scheme, "webhook");
      assert.equal(refusal(verify(schemeOf(name), delivery, "test-secret-b")), "invalid_signature");
    });
  }

  for (const { name } of plugins.all) {
    test(`${name}: a delivery without any proof is refused`, () => {
      assert.match(refusal(verify(schemeOf(name), aDelivery(), "your-secret")), /^invalid_signature headers\./);
    });
  }
});

describe("Falcon's signature", () => {
  const secret = "test-secret-of-at-least-32-characters";
  const body =
    '{"metadata":{"eventType":"DetectionSummaryEvent","eventCreationTime":1705320000000},"event":{"DetectId":"ldt:abc123","Severity":4,"HostnameField":"WORKSTATION-01","DetectName":"Malicious File Detected"}}';
  const at = "2024-01-15T12:00:00Z";
  // By `openssl dgst -sha256 -hmac <secret> -binary | base64`.
  const overBodyAndTime = "pDT8kF9UpEFQTBXs4pTHixDntA+ZsQ9Tps4NBcWw/tQ=";
  const overTimeAndBody = "bKrKtaq0vxskgxsBhbPCL44Kaf/zu5ic7LnPLIHb8BQ=";
  const overBodyAlone = "C/cFAABRxe3FV4uXOwIRxdj1iZN0KK+ohzM885P8WoA=";

  const say = (signature: string, timestamp = at, header = "X-Cs-Primary-Signature", options = {}): string => {
    const headers = { [header]: signature, "X-Cs-Delivery-Timestamp": timestamp };
    return refusal(verify(schemeOf("crowdstrike", options), aDelivery({ body, headers }), "test-secret-b", secret));
  };

  test("is base64 over the body followed by the time", () => {
    assert.equal(say(overBodyAndTime), "verified");
    assert.equal(say(overTimeAndBody), "invalid_signature");
    assert.equal(say(overBodyAlone), "invalid_signature");
    assert.match(say(Buffer.from(overBodyAndTime, "base64").toString("hex")), /must be <base64 HMAC-SHA-256>$/);
  });

  test("says when it was sent, and may be ten minutes old", () => {
    const headers = { "X-Cs-Primary-Signature": overBodyAndTime, "X-Cs-Delivery-Timestamp": at };
    const result = verify(schemeOf("crowdstrike"), aDelivery({ body, headers }), secret);
    assert.deepEqual(result.verified && [result.scheme, result.timestamp, result.toleranceSeconds], [
      "crowdstrike",
      new Date(at),
      600,
    ]);
  });

  test("has an ISO time, signed as it was written", () => {
    assert.equal(say(overBodyAndTime, "2024-01-15T12:00:00+00:00"), "invalid_signature");
    assert.match(
      say(overBodyAndTime, "1705320000"),
      /^invalid_timestamp headers.x-cs-delivery-timestamp must be ISO 8601/,
    );
  });

  test("stands in the header that the workflow names", () => {
    assert.equal(say(overBodyAndTime, at, "X-Falcon", { signature_header: "X-Falcon" }), "verified");
    assert.match(say(overBodyAndTime, at, "X-Falcon"), /is missing$/);
  });

  test("is Box's scheme: the example that Box publishes verifies", () => {
    const published =
      '{"type":"webhook_event","webhook":{"id":"1234567890"},"trigger":"FILE.UPLOADED","source":{"id":"1234567890","type":"file","name":"Test.txt"}}';
    const headers = {
      "X-Cs-Primary-Signature": "6TfeAW3A1PASkgboxxA5yqHNKOwFyMWuEXny/FPD5hI=",
      "X-Cs-Delivery-Timestamp": "2020-01-01T00:00:00-07:00",
    };
    const delivery = aDelivery({ body: published, headers });
    assert.equal(refusal(verify(schemeOf("crowdstrike"), delivery, "SamplePrimaryKey")), "verified");
  });
});

describe("what Splunk can do", () => {
  const secret = "test-secret-of-splunk";

  test("a token in the URL or a header stands for a signature", () => {
    const scheme = schemeOf("splunk");
    const byUrl = aDelivery({ url: `/api/webhooks/siem?token=${secret}` });
    const byHeader = aDelivery({ headers: { Authorization: `Bearer ${secret}` } });
    for (const delivery of [byUrl, byHeader]) {
      assert.equal(refusal(verify(scheme, delivery, secret)), "verified");
      assert.equal(refusal(verify(scheme, delivery, "test-secret-b")), "invalid_signature");
    }
  });

  test("the built-in action, which sends nothing, is taken where the source opts in", () => {
    const optedIn = { secrets: [secret], allowUnsigned: true };
    assert.equal(refusal(schemeOf("splunk").verify(aDelivery(), optedIn)), "verified");
    const wrong = aDelivery({ url: "/api/webhooks/siem?token=wrong" });
    assert.equal(refusal(schemeOf("splunk").verify(wrong, optedIn)), "invalid_signature");
  });

  test("Better Webhooks signs as its credential says", () => {
    const hmac = { header: "X-HMAC", encoding: "hex", algorithm: "sha512" };
    const scheme = schemeOf("splunk", { hmac });
    // By openssl.
    const digest =
      "18952c3cde26d62c8b7b4b28434dc5e15881136d6907503fffc59293dabfb05f54ea4419805c8620d7b2bd07b8f1cde729f85acf3d20553c6a326937c171fbed";
    const delivery = aDelivery({ body: '{"alert":"ünïcode"}', headers: { "X-HMAC": digest } });
    assert.equal(refusal(verify(scheme, delivery, "test-secret-of-the-hmac-tests")), "verified");
    assert.equal(refusal(verify(scheme, delivery, "test-secret-b")), "invalid_signature");
  });
});

test("what Microsoft sends carries a token in a header or the URL", () => {
  const scheme = schemeOf("defender");
  assert.equal(refusal(verify(scheme, aDelivery({ url: "/?token=test-secret-a" }), "test-secret-a")), "verified");
  const byHeader = aDelivery({ headers: { Authorization: "Bearer test-secret-a" } });
  assert.equal(refusal(verify(scheme, byHeader, "test-secret-a")), "verified");
  assert.match(refusal(scheme.verify(aDelivery(), { secrets: [], allowUnsigned: true })), /is missing$/);
});

describe("the generic plugin signs as the source says", () => {
  const secret = "test-secret-of-the-hmac-tests";
  const body = '{"alert":"ünïcode"}';

  test("by an HMAC", () => {
    const signature = {
      scheme: "hmac",
      header: "X-Sig",
      signs: "{timestamp},{body}",
      timestamp: { header: "X-Time", unit: "ms", tolerance_seconds: 60 },
    };
    const headers = {
      "X-Sig": "66b185e403d8a9971693cb91dca880fcfc7e08b33c1c788e06cd4fd296eb64c9",
      "X-Time": "1705320000123",
    };
    const result = verify(schemeOf("generic", { signature }), aDelivery({ body, headers }), secret);
    assert.deepEqual(result.verified && [result.timestamp, result.toleranceSeconds], [new Date(1705320000123), 60]);
  });

  test("by a token", () => {
    const byHeader = schemeOf("generic", { signature: { scheme: "token", header: "X-Token", prefix: "key=" } });
    assert.equal(refusal(verify(byHeader, aDelivery({ headers: { "X-Token": `key=${secret}` } }), secret)), "verified");
    const byUrl = schemeOf("generic", { signature: { scheme: "token", query: "key" } });
    assert.equal(refusal(verify(byUrl, aDelivery({ url: `/?key=${secret}` }), secret)), "verified");
  });

  test("not at all, where the source opts in", () => {
    const scheme = schemeOf("generic", { signature: { scheme: "unsigned" } });
    assert.equal(refusal(scheme.verify(aDelivery(), { secrets: [], allowUnsigned: true })), "verified");
    assert.equal(refusal(verify(scheme, aDelivery())), "invalid_signature");
  });

  test("in no way that contradicts itself", () => {
    const { options } = plugins.get("generic") ?? assert.fail();
    for (const [signature, message] of [
      [{ scheme: "hmac" }, /"signature.header" is required/],
      [{ scheme: "hmac", header: "X-Sig", signs: "{nonce}{body}" }, /"\{nonce\}" is not one of/],
      [{ scheme: "hmac", header: "X-Sig", timestamp: { header: "X-Time" } }, /timestamp: its header and/],
      [{ scheme: "hmac", header: "X Sig" }, /"signature.header" .*header name/],
      [{ scheme: "token" }, /name one of them/],
      [{ scheme: "token", header: "X-Token", query: "token" }, /a token stands in one of them/],
      [{ scheme: "token", query: "token", prefix: "key=" }, /which only a header has/],
      [{ scheme: "unsigned", header: "X-Sig" }, /"signature.header" is not allowed/],
      [{ scheme: "md5" }, /"signature.scheme" must be one of/],
    ] as const) {
      assert.match(options.validate({ signature }).error?.message ?? "", message, JSON.stringify(signature));
    }
  });
});

describe("every scheme of the SDK can be chosen for a source of the generic plugin", () => {
  const generic = plugins.get("generic") ?? assert.fail();
  const topic = "arn:aws:sns:us-west-2:123456789012:MyTopic";
  const fingerprint = "a".repeat(64);
  const hmac = { scheme: "hmac", header: "X-Sig" };
  const chosen: Readonly<Record<string, readonly object[]>> = {
    webhook: [{ scheme: "webhook" }],
    hmac: [
      hmac,
      { ...hmac, header: ["X-Sig", "X-Sig-2"], algorithm: "sha512", encoding: "base64", separator: ",", prefix: "v1=" },
      {
        ...hmac,
        separator: ",",
        prefix: "v1=",
        signs: "{timestamp}.{body}",
        timestamp: { prefix: "t=", unit: "float" },
      },
      { ...hmac, signs: "{url}{id}{body}", id: { header: "X-Id" }, public_url: "https://hooks.example/in" },
      { ...hmac, secret_encoding: "whsec" },
    ],
    "standard-webhooks": [{ scheme: "standard-webhooks" }],
    svix: [{ scheme: "svix" }],
    github: [{ scheme: "github" }],
    slack: [{ scheme: "slack" }],
    stripe: [{ scheme: "stripe" }, { scheme: "stripe", header: "X-Acme-Signature" }],
    shopify: [{ scheme: "shopify" }],
    pagerduty: [{ scheme: "pagerduty" }],
    sentry: [{ scheme: "sentry" }],
    box: [{ scheme: "box" }],
    crowdstrike: [{ scheme: "crowdstrike", header: "X-Falcon" }],
    twilio: [{ scheme: "twilio", public_url: "https://hooks.example/in" }],
    "aws-sns": [{ scheme: "aws-sns", topics: [topic], confirm_subscriptions: true }],
    "static-token": [
      { scheme: "token", header: "X-Token" },
      { scheme: "token", query: "token" },
      { scheme: "token", path: true },
    ],
    basic: [{ scheme: "basic", username: "thruway" }],
    "bearer-jwt": [
      { scheme: "bearer-jwt", issuer: "https://i.example/", audience: "a", jwks_url: "https://i.example/keys" },
      {
        scheme: "bearer-jwt",
        issuer: "https://i.example/",
        audience: "a",
        jwks_url: "https://i.example/keys",
        claims: { azp: "b" },
        algorithms: ["ES256"],
        header: "X-Token",
      },
    ],
    "mutual-tls": [
      { scheme: "mutual-tls", header: "X-Forwarded-Client-Cert", fingerprints: [fingerprint] },
      {
        scheme: "mutual-tls",
        header: "X-Subject",
        form: "subject",
        subjects: ["CN=a"],
        verified: { header: "X-Verify", value: "SUCCESS" },
      },
    ],
    "allowed-addresses": [{ scheme: "allowed-addresses", allow: ["192.0.2.0/24", "2001:db8::1"] }],
    "body-secret": [{ scheme: "body-secret", path: "value.*.clientState" }],
    unsigned: [{ scheme: "unsigned" }],
    "any-of": [{ scheme: "any-of", schemes: [{ scheme: "github" }, { scheme: "token", query: "token" }] }],
    "all-of": [{ scheme: "all-of", schemes: [hmac, { scheme: "allowed-addresses", allow: ["192.0.2.7"] }] }],
  };

  test("and there is no other", () => {
    const files = readdirSync(join(import.meta.dirname, "../../sdk/signature")).map((file) =>
      file.replace(/\.ts$/, ""),
    );
    assert.deepEqual(Object.keys(chosen).toSorted(), files.filter((name) => name !== "scheme").toSorted());
  });

  for (const [name, all] of Object.entries(chosen)) {
    test(name, () => {
      for (const signature of all) {
        const { error } = generic.options.validate({ signature }, { convert: false });
        assert.equal(error, undefined, JSON.stringify(signature));
        assert.equal(schemeOf("generic", { signature }).name, name);
      }
    });
  }

  test("in no way that contradicts itself, nor with what it does not know", () => {
    for (const [signature, message] of [
      [{ scheme: "github", header: "X-Sig" }, /"signature.header" is not allowed/],
      [{ scheme: "twilio" }, /"signature.public_url" is required/],
      [{ scheme: "twilio", public_url: "hooks" }, /public_url: "hooks" must be the address/],
      [{ scheme: "aws-sns", topics: [] }, /"signature.topics" must contain at least 1/],
      [{ scheme: "aws-sns", topics: ["MyTopic"] }, /must be the ARN of a topic/],
      [{ scheme: "basic", username: "a:b" }, /username: must not/],
      [{ scheme: "bearer-jwt", issuer: "i", audience: "a", jwks_url: "http://i.example/" }, /must be an https address/],
      [{ scheme: "mutual-tls", header: "X", form: "der" }, /"signature.form" must be one of/],
      [{ scheme: "mutual-tls", header: "X" }, /fingerprints or subjects/],
      [{ scheme: "allowed-addresses", allow: ["0.0.0.0/0"] }, /is everybody/],
      [{ scheme: "token", path: true, prefix: "a" }, /which only a header has/],
      [{ scheme: "token", path: true, query: "a" }, /a token stands in one of them/],
      [{ ...hmac, signs: "{timestamp}{body}", timestamp: { header: "X", prefix: "t=" } }, /name one of them/],
      [{ ...hmac, timestamp: { unit: "s" }, signs: "{timestamp}{body}" }, /name one of them/],
      [{ ...hmac, secret_encoding: "rot13" }, /"signature.secret_encoding" must be one of/],
      [{ scheme: "any-of", schemes: [{ scheme: "github" }] }, /"signature.schemes" must contain at least 2/],
      [
        { scheme: "any-of", schemes: [{ scheme: "github" }, { scheme: "md5" }] },
        /"signature.schemes\[1\].scheme" must be one of/,
      ],
      [{ scheme: "all-of", schemes: [{ scheme: "github" }, { scheme: "unsigned" }] }, /adds nothing/],
      [{ scheme: "all-of", schemes: [{ scheme: "github" }, { scheme: "any-of", schemes: [] }] }, /must be one of/],
    ] as const) {
      assert.match(generic.options.validate({ signature }).error?.message ?? "", message, JSON.stringify(signature));
    }
  });
});

test("a source of CrowdStrike's has a secret as long as Falcon takes one, whichever way its sender signs", () => {
  assert.equal(schemeOf("crowdstrike").minimumSecretLength, 32);
});

test("what Microsoft sends carries a word in its body, or a header of its own", () => {
  const scheme = schemeOf("defender");
  const body = '{"value":[{"subscriptionId":"s","clientState":"test-secret-a"}]}';
  assert.equal(refusal(verify(scheme, aDelivery({ body }), "test-secret-a")), "verified");
  assert.equal(refusal(verify(scheme, aDelivery({ body }), "test-secret-b")), "invalid_signature");
  const byHeader = aDelivery({ body: "[]", headers: { "Webhook-AuthID": "test-secret-a" } });
  assert.equal(refusal(verify(scheme, byHeader, "test-secret-a")), "verified");
  assert.equal(refusal(verify(scheme, byHeader, "test-secret-b")), "invalid_signature");
});
