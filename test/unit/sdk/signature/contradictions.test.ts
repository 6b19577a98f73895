/** What a scheme's options can be and never work: found when a source is registered, never at a delivery. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { allowedAddresses, awsSns, basic, bodySecret, hmac, mutualTls, PluginError, twilio } from "@thruway/sdk";
import { certificate, certificateUrl, confirmation, posted, topic } from "../../../vectors/aws-sns.ts";
import { aDelivery, refusal, verify } from "../a-delivery.ts";

const fingerprint = "a".repeat(64);
const sha256 = { header: "X-Cert", form: "fingerprint", fingerprints: [fingerprint] } as const;

const mistakes: Readonly<Record<string, readonly (readonly [what: string, make: () => unknown, message: RegExp])[]>> = {
  hmac: [
    ["no header", () => hmac({ header: [] }), /^header: name at least one/],
    ["an empty separator", () => hmac({ header: "X-Sig", separator: "" }), /^separator: must not be empty/],
    [
      "a time without a place",
      () => hmac({ header: "X-Sig", signs: "{timestamp}{body}", timestamp: {} as { header: string } }),
      /^timestamp: it has a header of its own, or a prefix/,
    ],
    [
      "a time in the signature's header, which has room for one",
      () => hmac({ header: "X-Sig", signs: "{timestamp}{body}", timestamp: { prefix: "t=" } }),
      /^timestamp: in the signature's header, a separator/,
    ],
    [
      "an address that is not signed",
      () => hmac({ header: "X-Sig", publicUrl: "https://hooks.example" }),
      /^public_url: only "\{url\}" in signs/,
    ],
  ],
  twilio: [
    "",
    "hooks.example",
    "ftp://hooks.example",
    "https://a:b@hooks.example",
    "https://hooks.example?a=1",
    "https://x#a",
  ].map((publicUrl) => [publicUrl, () => twilio({ publicUrl }), /^public_url: ".*" must be the address/] as const),
  basic: ["", "a:b"].map((username) => [username, () => basic({ username }), /^username: must not be empty/] as const),
  "body-secret": ["", ".", "a..b", "value.*", "*"].map(
    (path) => [path, () => bodySecret({ path }), /^path: ".*" must be names/] as const,
  ),
  "allowed-addresses": [
    ["nobody", () => allowedAddresses([]), /^allow: name at least one/],
    ["everybody", () => allowedAddresses(["0.0.0.0/0"]), /is everybody/],
    ["a name", () => allowedAddresses(["hooks.example"]), /is not an IP address/],
  ],
  "aws-sns": [
    ["no topic", () => awsSns({ topics: [] }), /^topics: name at least one/],
    ...["*", "MyTopic", "arn:aws:sqs:us-west-2:123456789012:MyTopic", `${topic}:sub`].map(
      (each) => [each, () => awsSns({ topics: [each] }), /^topics: ".*" must be the ARN of a topic/] as const,
    ),
  ],
  "mutual-tls": [
    ["nothing to compare with", () => mutualTls({ header: "X-Cert", form: "xfcc" }), /^fingerprints or subjects: name/],
    ["an empty list", () => mutualTls({ ...sha256, fingerprints: [] }), /must not be an empty list/],
    ["a fingerprint that is none", () => mutualTls({ ...sha256, fingerprints: ["abc"] }), /must be a SHA-256 or SHA-1/],
    ["an empty subject", () => mutualTls({ header: "X-Cert", form: "xfcc", subjects: [""] }), /^subjects: must not/],
    [
      "a fingerprint of a subject",
      () => mutualTls({ ...sha256, form: "subject", verified: { header: "X", value: "y" } }),
      /^fingerprints: the header has a subject only/,
    ],
    ...(["pem", "client-cert", "fingerprint"] as const).map(
      (form) =>
        [
          `a subject of a ${form}`,
          () => mutualTls({ ...sha256, form, subjects: ["CN=a"] }),
          /^subjects: are not compared/,
        ] as const,
    ),
    [
      "a subject that nobody has checked",
      () => mutualTls({ header: "X-Cert", form: "subject", subjects: ["CN=a"] }),
      /^subjects: prove nothing unless the proxy has checked/,
    ],
  ],
};

for (const [scheme, cases] of Object.entries(mistakes)) {
  describe(scheme, () => {
    for (const [what, make, message] of cases) {
      test(what || "nothing", () => {
        assert.throws(make, PluginError);
        assert.throws(make, { message });
      });
    }
  });
}

test("a certificate of SNS that has run out, or is none, proves nothing", async () => {
  const scheme = awsSns({ topics: [topic] });
  const say = async (text: string, receivedAt: string): Promise<string> => {
    const delivery = aDelivery({ ...posted(confirmation), receivedAt: new Date(receivedAt) });
    const fetch = ({ url }: { readonly url: string }) => {
      assert.equal(url, certificateUrl);
      return Promise.resolve({ ok: true, text, at: new Date() } as const);
    };
    return refusal(await scheme.verify(delivery, { secrets: [], allowUnsigned: false }, fetch));
  };
  assert.equal(await say(certificate, "2024-01-15T12:00:00Z"), "verified");
  assert.match(
    await say(certificate, "2049-01-02T00:00:00Z"),
    /SigningCertURL is a certificate that is not valid now$/,
  );
  assert.match(
    await say(certificate, "2023-12-31T00:00:00Z"),
    /SigningCertURL is a certificate that is not valid now$/,
  );
  for (const text of ["", "<html>", certificate.replace("MIIC", "MIID")]) {
    assert.match(await say(text, "2024-01-15T12:00:00Z"), /SigningCertURL is not a certificate$/);
  }
});

test("a header with more parts than anybody sends is refused", () => {
  const scheme = hmac({ header: "X-Sig", separator: "," });
  const { headers } = scheme.sign({ url: "/", body: Buffer.from("{}") }, "test-secret", new Date());
  const many = (count: number): string => {
    const value = Array(count).fill(headers["x-sig"]).join(",");
    return refusal(verify(scheme, aDelivery({ headers: { "X-Sig": value } }), "test-secret"));
  };
  assert.equal(many(20), "verified");
  assert.match(many(21), /must not have more than 20 parts$/);
  assert.match(many(3_000), /must not have more than 20 parts$/);
});

test("a secret that is not written as it must be is told so, and never an empty key", () => {
  const of = (secretEncoding: "base64" | "whsec") => hmac({ header: "X-Sig", secretEncoding });
  assert.equal(of("base64").secretProblem?.("your secret"), "must be base64");
  assert.equal(of("whsec").secretProblem?.("whpk_YQ=="), "must be whsec_ followed by base64");
  assert.equal(of("whsec").secretProblem?.("whsec_YQ=="), undefined);
  for (const scheme of [of("base64"), of("whsec"), hmac({ header: "X-Sig" })]) {
    const withEmptyKey = hmac({ header: "X-Sig" }).sign({ url: "/", body: Buffer.from("{}") }, undefined, new Date());
    for (const secret of ["", "!", "whsec_"]) {
      if (scheme.secretProblem?.(secret) === undefined) continue;
      assert.equal(refusal(verify(scheme, aDelivery(withEmptyKey), secret)), "invalid_signature");
    }
  }
});

test("a form of Twilio's with more parameters than it sends is refused before they are sorted", () => {
  const body = Array.from({ length: 1_001 }, (_, index) => `a${index}=1`).join("&");
  const headers = {
    "X-Twilio-Signature": "RSOYDt4T1cUTdK1PDd93/VVr8B8=",
    "Content-Type": "application/x-www-form-urlencoded",
  };
  const scheme = twilio({ publicUrl: "https://hooks.example/in" });
  assert.match(refusal(verify(scheme, aDelivery({ body, headers }), "test-secret")), /must not have more than 1000/);
});
