import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { type HmacOptions, hmac } from "@thruway/sdk";
import { aDelivery, refusal, verify } from "../a-delivery.ts";

const secret = "test-secret-of-the-hmac-tests";
const body = '{"alert":"ünïcode"}';
const box =
  '{"type":"webhook_event","webhook":{"id":"1234567890"},"trigger":"FILE.UPLOADED","source":{"id":"1234567890","type":"file","name":"Test.txt"}}';

interface Answer {
  readonly title: string;
  readonly options: HmacOptions;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly url?: string;
  readonly secret?: string;
  readonly sentAt?: string;
}

/** What vendors publish, and for the rest what `openssl dgst -hmac` prints. */
const answers: readonly Answer[] = [
  {
    title: "GitHub's published example: hex over the body, after a prefix",
    options: { header: "X-Hub-Signature-256", prefix: "sha256=" },
    headers: { "X-Hub-Signature-256": "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17" },
    body: "Hello, World!",
    secret: "It's a Secret to Everybody",
  },
  {
    title: "Box's published example: base64 over the body and an ISO time",
    options: {
      header: "BOX-SIGNATURE-PRIMARY",
      encoding: "base64",
      signs: "{body}{timestamp}",
      timestamp: { header: "BOX-DELIVERY-TIMESTAMP", unit: "iso" },
    },
    headers: {
      "BOX-SIGNATURE-PRIMARY": "6TfeAW3A1PASkgboxxA5yqHNKOwFyMWuEXny/FPD5hI=",
      "BOX-DELIVERY-TIMESTAMP": "2020-01-01T00:00:00-07:00",
    },
    body: box,
    secret: "SamplePrimaryKey",
    sentAt: "2020-01-01T07:00:00.000Z",
  },
  {
    title: "Slack's form: a literal, the time and the body",
    options: {
      header: "X-Slack-Signature",
      prefix: "v0=",
      signs: "v0:{timestamp}:{body}",
      timestamp: { header: "X-Slack-Request-Timestamp" },
    },
    headers: {
      "X-Slack-Signature": "v0=a73f624764114ca5191cbee6a150c82b4b4817295de14845de42e8e0fc47c61e",
      "X-Slack-Request-Timestamp": "1705320000",
    },
    sentAt: "2024-01-15T12:00:00.000Z",
  },
  {
    title: "Standard Webhooks' form: an id, the time and the body",
    options: {
      header: "webhook-signature",
      prefix: "v1,",
      encoding: "base64",
      signs: "{id}.{timestamp}.{body}",
      id: { header: "webhook-id" },
      timestamp: { header: "webhook-timestamp" },
    },
    headers: {
      "webhook-signature": "v1,aOnPFd4wYVDlaexv3RHKHKOKomC7z680gOQHt89GpLc=",
      "webhook-id": "msg_2KWPBgLlAfxdpx2AI54pPJ85f4W",
      "webhook-timestamp": "1705320000",
    },
    sentAt: "2024-01-15T12:00:00.000Z",
  },
  {
    title: "milliseconds",
    options: { header: "X-Sig", signs: "{timestamp},{body}", timestamp: { header: "X-Time", unit: "ms" } },
    headers: {
      "X-Sig": "66b185e403d8a9971693cb91dca880fcfc7e08b33c1c788e06cd4fd296eb64c9",
      "X-Time": "1705320000123",
    },
    sentAt: "2024-01-15T12:00:00.123Z",
  },
  {
    title: "seconds with a fraction",
    options: { header: "X-Sig", signs: "{timestamp}{body}", timestamp: { header: "X-Time", unit: "float" } },
    headers: {
      "X-Sig": "36475428053d61e9688ac7a3dcd7ac0cc43b4af1a1dcaf70b53d97b6c05ad1c4",
      "X-Time": "1705320000.5",
    },
    sentAt: "2024-01-15T12:00:00.500Z",
  },
  {
    title: "an ISO time with a fraction and an offset",
    options: { header: "X-Sig", signs: "{body}{timestamp}", timestamp: { header: "X-Time", unit: "iso" } },
    headers: {
      "X-Sig": "0df3e63bb50e09500571490cf2940968b5a9691ec13d9c1d46867b8ac64ca6ea",
      "X-Time": "2024-01-15T12:00:00.250+02:00",
    },
    sentAt: "2024-01-15T10:00:00.250Z",
  },
  {
    title: "the path and query before the body",
    options: { header: "X-Sig", signs: "{url}{body}" },
    headers: { "X-Sig": "7dcd8c1825d9ab12c1ec29f9d93f9ee68a221ed31d393219f683c3ef867621fb" },
    url: "/api/webhooks/edr?tenant=7",
  },
  {
    title: "SHA-1 in hex",
    options: { header: "X-Sig", algorithm: "sha1" },
    headers: { "X-Sig": "742d7787a262e558b3f5474f90a57a8b8df630da" },
  },
  {
    title: "SHA-1 in base64",
    options: { header: "X-Sig", algorithm: "sha1", encoding: "base64" },
    headers: { "X-Sig": "dC13h6Ji5Viz9UdPkKV6i432MNo=" },
  },
  {
    title: "SHA-256 in base64",
    options: { header: "X-Sig", encoding: "base64" },
    headers: { "X-Sig": "2626zh9PqoTQzlCCPLgbPtwOLBqXz008k2Nr+5ss5D4=" },
  },
  {
    title: "SHA-512 in base64",
    options: { header: "X-Sig", algorithm: "sha512", encoding: "base64" },
    headers: {
      "X-Sig": "GJUsPN4m1iyLe0soQ03F4ViBE21pB1A//8WSk9q/sF9U6kQZgFyGINeyvQe48c3nKfhazz0gVTxqMmk3wXH77Q==",
    },
  },
];

describe("a known answer", () => {
  for (const { title, options, headers, sentAt, ...answer } of answers) {
    const scheme = hmac(options);
    const given = aDelivery({ body: answer.body ?? body, headers, ...(answer.url && { url: answer.url }) });
    const secrets = ["test-secret-of-another", answer.secret ?? secret];

    test(`${title}: verifies with one of two secrets`, () => {
      const result = verify(scheme, given, ...secrets);
      assert.equal(refusal(result), "verified");
      assert.equal(result.verified && result.timestamp?.toISOString(), sentAt);
    });

    test(`${title}: is refused with another secret, body or header`, () => {
      assert.equal(refusal(verify(scheme, given, "test-secret-of-another")), "invalid_signature");
      assert.equal(
        refusal(verify(scheme, { ...given, body: Buffer.from(`${answer.body ?? body} `) }, ...secrets)),
        "invalid_signature",
      );
      for (const name of Object.keys(given.headers)) {
        const { [name]: _left, ...others } = given.headers;
        assert.match(
          refusal(verify(scheme, { ...given, headers: others }, ...secrets)),
          new RegExp(`headers.${name} `),
        );
      }
    });
  }

  test("what the URL is signed with is refused at another URL", () => {
    const scheme = hmac({ header: "X-Sig", signs: "{url}{body}" });
    const { headers } = scheme.sign({ url: "/a?tenant=7", body: Buffer.from(body) }, secret, new Date());
    assert.equal(refusal(verify(scheme, aDelivery({ body, headers, url: "/a?tenant=7" }), secret)), "verified");
    assert.equal(
      refusal(verify(scheme, aDelivery({ body, headers, url: "/a?tenant=8" }), secret)),
      "invalid_signature",
    );
  });
});

describe("what it signs verifies", () => {
  for (const { title, options, ...answer } of answers) {
    test(title, () => {
      const scheme = hmac(options);
      const url = answer.url ?? "/";
      const { headers } = scheme.sign({ url, body: Buffer.from(body) }, secret, new Date("2026-01-15T10:00:00.250Z"));
      assert.equal(refusal(verify(scheme, aDelivery({ body, url, headers }), secret)), "verified");
    });
  }
});
