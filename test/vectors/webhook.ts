import { webhookSignature } from "@thruway/sdk";
import { noon, type Vector } from "./vector.ts";

const source = "docs/sending.md: openssl dgst -sha256 -hmac over <timestamp>.<body>";
const test = '{"event_type":"test","data":{}}';
const digest = "8ad00c4e6f4b6c5b3d4dcece915fd33fd924a31c208133e2a75b6bb9af1617e3";

function sent(signature: string): Vector["delivery"] {
  return {
    body: test,
    receivedAt: noon,
    headers: { "X-Webhook-Signature": signature, "X-Webhook-Timestamp": "1705320000" },
  };
}

const common = {
  source,
  scheme: webhookSignature(),
  secrets: ["your-secret"],
  wrongSecret: "another-secret",
  sentAt: noon.toISOString(),
  needs: ["x-webhook-signature", "x-webhook-timestamp"],
  refused: {
    "over the body alone": sent("sha256=5f7e1140418bcd85189311eddc28fe95363de1157ddcedc96020dfb90c522dd1"),
    "another label": sent(`sha256=SHA256(stdin)= ${digest}`),
    "without its prefix": sent(digest),
  },
} as const;

export default [
  { title: "the text's own", ...common, delivery: sent(`sha256=${digest}`) },
  { title: "as OpenSSL 3 prints it", ...common, delivery: sent(`sha256=SHA2-256(stdin)= ${digest}`) },
  { title: "as OpenSSL 1 prints it", ...common, delivery: sent(`sha256=(stdin)= ${digest}`) },
  {
    title: "with the text's other secret",
    ...common,
    secrets: ["your-secret-key"],
    delivery: sent("sha256=ab4168a000a4be87f5339d3e454afd9d7875b49dd33dae2a5d323d17c71a9e2f"),
  },
] satisfies readonly Vector[];
