import assert from "node:assert/strict";
import crypto from "node:crypto";
import { syncBuiltinESMExports } from "node:module";
import { describe, mock, test } from "node:test";
import { type Delivery, type Verification, webhookSignature } from "@thruway/sdk";
import * as fc from "fast-check";
import { aDelivery, refusal, verify } from "../a-delivery.ts";

const scheme = webhookSignature();
const body = '{"event_type":"test","data":{}}';
const timestamp = "1705320000";
const secret = "your-secret";
/** Of the Webhooks API's decisions. */
const digest = "8ad00c4e6f4b6c5b3d4dcece915fd33fd924a31c208133e2a75b6bb9af1617e3";

type Sent = Parameters<typeof aDelivery>[0] & { readonly signature?: string; readonly timestamp?: string };

/** The known answer, but for what a test changes. */
function sent({ signature = `sha256=${digest}`, timestamp: at = timestamp, ...parts }: Sent = {}): Delivery {
  return aDelivery({ body, headers: { "X-Webhook-Signature": signature, "X-Webhook-Timestamp": at }, ...parts });
}

function verified(delivery: Delivery, ...secrets: readonly string[]): Verification {
  return verify(scheme, delivery, ...(secrets.length > 0 ? secrets : [secret]));
}

const badForm = "invalid_signature headers.x-webhook-signature must be sha256=<hex HMAC-SHA-256>";

describe("the known answers", () => {
  test("your-secret verifies, and says what was signed and when", () => {
    assert.deepEqual(verified(sent()), {
      verified: true,
      scheme: "webhook",
      signed: Buffer.from(`${timestamp}.${body}`),
      timestamp: new Date("2024-01-15T12:00:00.000Z"),
      toleranceSeconds: 300,
    });
  });

  test("your-secret-key verifies with its own digest and not with the other", () => {
    const signature = "sha256=ab4168a000a4be87f5339d3e454afd9d7875b49dd33dae2a5d323d17c71a9e2f";
    assert.equal(refusal(verified(sent({ signature }), "your-secret-key")), "verified");
    assert.equal(refusal(verified(sent(), "your-secret-key")), "invalid_signature");
  });

  test("a signature over the body alone is refused", () => {
    const signature = "sha256=5f7e1140418bcd85189311eddc28fe95363de1157ddcedc96020dfb90c522dd1";
    assert.equal(refusal(verified(sent({ signature }))), "invalid_signature");
  });

  test("signing gives the known answer, in a plain form", () => {
    const draft = { url: "/api/webhooks/edr", body: Buffer.from(body) };
    assert.deepEqual(scheme.sign(draft, secret, new Date(1_705_320_000_999)), {
      url: draft.url,
      headers: { "x-webhook-signature": `sha256=${digest}`, "x-webhook-timestamp": timestamp },
    });
  });

  test("bytes that are no text verify, untouched", () => {
    const signature = "sha256=d829eee055cc06927b25edafea2140dc85fa6a0bc7d2ff7952fd2e447b1d29c8";
    assert.equal(refusal(verified(sent({ signature, body: Uint8Array.of(0xff, 0x00, 0xfe) }))), "verified");
  });
});

describe("the form of the signature", () => {
  for (const label of ["", "SHA2-256(stdin)= ", "(stdin)= "]) {
    test(`"sha256=${label}<hex>" is taken`, () => {
      assert.equal(refusal(verified(sent({ signature: `sha256=${label}${digest}` }))), "verified");
    });
  }

  test("hex digits may be capitals", () => {
    assert.equal(refusal(verified(sent({ signature: `sha256=${digest.toUpperCase()}` }))), "verified");
  });

  const base64 = Buffer.from(digest, "hex").toString("base64");
  const refused = [
    "",
    "sha256=",
    digest,
    `SHA256=${digest}`,
    `sha1=${digest}`,
    `sha512=${digest}`,
    `sha256:${digest}`,
    `sha256 = ${digest}`,
    `sha256= ${digest}`,
    ` sha256=${digest}`,
    `sha256=${digest} `,
    `sha256=${digest}\n`,
    `sha256=${digest.slice(0, 63)}`,
    `sha256=${digest.slice(0, 62)}`,
    `sha256=${digest}0`,
    `sha256=${digest}00`,
    `sha256=${digest}${digest}`,
    `sha256=${digest.slice(0, 63)}g`,
    `sha256=0x${digest}`,
    `sha256=${base64}`,
    `sha256=${digest},sha256=${digest}`,
    `sha256=${digest}, ${digest}`,
    `sha256=sha256=${digest}`,
    `sha256=SHA2-256(stdin)=${digest}`,
    `sha256=SHA2-256(stdin)=  ${digest}`,
    `sha256=SHA256(stdin)= ${digest}`,
    `sha256=sha2-256(stdin)= ${digest}`,
    `sha256=SHA2-512(stdin)= ${digest}`,
    `sha256=HMAC-SHA2-256(stdin)= ${digest}`,
    `sha256=SHA2-256(body.json)= ${digest}`,
    `sha256=(stdin)=${digest}`,
    `sha256=(stdin)= (stdin)= ${digest}`,
    `sha256=SHA2-256(stdin)= (stdin)= ${digest}`,
    `SHA2-256(stdin)= ${digest}`,
    `(stdin)= ${digest}`,
    `sha256=${digest} *stdin`,
  ];
  for (const signature of refused) {
    test(`${JSON.stringify(signature.replaceAll(digest, "<hex>"))} is refused, with the form that is wanted`, () => {
      assert.equal(refusal(verified(sent({ signature }))), badForm);
    });
  }

  test("a digest that is wrong in one digit, first or last, is refused without a word of why", () => {
    for (const signature of [`sha256=9${digest.slice(1)}`, `sha256=${digest.slice(0, -1)}4`]) {
      assert.deepEqual(verified(sent({ signature })), { verified: false, code: "invalid_signature" });
    }
  });
});

describe("the timestamp", () => {
  const refused = [
    "",
    "-1705320000",
    "+1705320000",
    " 1705320000",
    "1705320000 ",
    "1705320000\n",
    "1705320000.0",
    "1705320000,5",
    "1_705_320_000",
    "1.70532e9",
    "0x65a4f2c0",
    "Infinity",
    "NaN",
    "١٧٠٥٣٢٠٠٠٠",
    "2024-01-15T12:00:00Z",
    "1705320000,1705320000",
    "9".repeat(13),
    "9".repeat(400),
  ];
  for (const at of refused) {
    test(`${JSON.stringify(at.slice(0, 30))} is no timestamp, whatever was signed`, () => {
      const signed = crypto.createHmac("sha256", secret).update(`${at}.${body}`).digest("hex");
      assert.equal(
        refusal(verified(sent({ timestamp: at, signature: `sha256=${signed}` }))),
        "invalid_timestamp headers.x-webhook-timestamp must be Unix seconds, digits only",
      );
    });
  }

  test("is signed as it was written", () => {
    assert.equal(refusal(verified(sent({ timestamp: "1705320001" }))), "invalid_signature");
    assert.equal(refusal(verified(sent({ timestamp: `0${timestamp}` }))), "invalid_signature");
  });
});

describe("the headers", () => {
  const good = `sha256=${digest}`;
  const wrong = "sha256=00";
  const refused = [
    ["invalid_signature headers.x-webhook-signature is missing", [], [timestamp]],
    ["invalid_timestamp headers.x-webhook-timestamp is missing", [good], []],
    ["invalid_signature headers.x-webhook-signature is sent more than once", [good, good], [timestamp]],
    ["invalid_signature headers.x-webhook-signature is sent more than once", [good, wrong], [timestamp]],
    ["invalid_signature headers.x-webhook-signature is sent more than once", [wrong, good], [timestamp]],
    ["invalid_timestamp headers.x-webhook-timestamp is sent more than once", [good], [timestamp, timestamp]],
    ["invalid_timestamp headers.x-webhook-timestamp is sent more than once", [good], ["0", timestamp]],
  ] as const;
  for (const [expected, signatures, timestamps] of refused) {
    test(`${signatures.length} signatures and ${timestamps.length} timestamps: ${expected}`, () => {
      const headers = { "X-Webhook-Signature": signatures, "X-Webhook-Timestamp": timestamps };
      assert.equal(refusal(verified(aDelivery({ body, headers }))), expected);
    });
  }
});

describe("the secrets", () => {
  test("any active one will do, wherever it stands", () => {
    for (const secrets of [
      [secret, "test-secret-b", "test-secret-c"],
      ["test-secret-b", secret, "test-secret-c"],
      ["test-secret-b", "test-secret-c", secret],
    ]) {
      assert.equal(refusal(verified(sent(), ...secrets)), "verified");
    }
  });

  test("none that is active, none that verifies", () => {
    const empty = crypto.createHmac("sha256", "").update(`${timestamp}.${body}`).digest("hex");
    assert.equal(refusal(verify(scheme, sent())), "invalid_signature");
    assert.equal(refusal(verify(scheme, sent({ signature: `sha256=${empty}` }))), "invalid_signature");
    assert.equal(refusal(verified(sent(), "test-secret-b", "test-secret-c")), "invalid_signature");
  });

  test("opting in to unsigned deliveries lets no wrong signature in", () => {
    const result = scheme.verify(sent(), { secrets: ["test-secret-b"], allowUnsigned: true });
    assert.equal(refusal(result), "invalid_signature");
  });

  test("every secret is tried in constant time, whichever matches and whether or not one does", () => {
    const compare = mock.method(crypto, "timingSafeEqual");
    syncBuiltinESMExports();
    try {
      const compared = [
        [secret, "test-secret-b", "test-secret-c"],
        ["test-secret-b", "test-secret-c", secret],
        ["test-secret-b", "test-secret-c", "test-secret-d"],
      ].map((secrets) => {
        compare.mock.resetCalls();
        verified(sent(), ...secrets);
        return compare.mock.callCount();
      });
      assert.deepEqual(compared, [3, 3, 3]);
    } finally {
      compare.mock.restore();
      syncBuiltinESMExports();
    }
  });
});

test("whatever is signed verifies, and does not with another byte, time or secret", () => {
  const seconds = fc.date({ min: new Date("2001-09-10"), max: new Date("2100-01-01"), noInvalidDate: true });
  const bytes = fc.uint8Array({ minLength: 1, maxLength: 200 });
  fc.assert(
    fc.property(bytes, seconds, fc.string({ minLength: 1 }), fc.nat(), (body, at, key, index) => {
      const { headers } = scheme.sign({ url: "/", body }, key, at);
      const delivery = aDelivery({ body, headers });
      assert.equal(refusal(verified(delivery, key)), "verified");
      const flipped = body.with(index % body.length, (body[index % body.length] ?? 0) ^ 1);
      assert.equal(refusal(verified(aDelivery({ body: flipped, headers }), key)), "invalid_signature");
      assert.equal(refusal(verified(delivery, `${key}.`)), "invalid_signature");
      const later = { ...headers, "x-webhook-timestamp": String(Number(headers["x-webhook-timestamp"]) + 1) };
      assert.equal(refusal(verified(aDelivery({ body, headers: later }), key)), "invalid_signature");
    }),
    { numRuns: 200 },
  );
});
