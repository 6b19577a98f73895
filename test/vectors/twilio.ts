import { twilio } from "@thruway/sdk";
import type { Vector } from "./vector.ts";

const form = { "Content-Type": "application/x-www-form-urlencoded; charset=UTF-8" };
const parameters = "CallSid=CA1234567890ABCDE&Caller=%2B14158675309&Digits=1234&From=%2B14158675309&To=%2B18005551212";
const json = '{"property": "value", "boolean": true}';
const sha256 = "0a1ff7634d9ab3b95db5c9a2dfe9416e41502b283a80c7cf19632632f96e6620";

const common = {
  source: "https://www.twilio.com/docs/usage/security#validating-requests, and the tests of its libraries",
  published: true,
  scheme: twilio({ publicUrl: "https://mycompany.com/myapp.php" }),
  secrets: ["12345"],
  wrongSecret: "54321",
  needs: ["x-twilio-signature"],
} as const;

export default [
  {
    title: "a form",
    ...common,
    delivery: {
      url: "/api/webhooks/edr?foo=1&bar=2",
      body: parameters,
      headers: { ...form, "X-Twilio-Signature": "RSOYDt4T1cUTdK1PDd93/VVr8B8=" },
    },
    refused: {
      "another query": { url: "/api/webhooks/edr?foo=1&bar=3" },
      "no query": { url: "/api/webhooks/edr" },
      "a parameter more": { body: `${parameters}&Z=1` },
      "a body that is no form": { headers: { "X-Twilio-Signature": "RSOYDt4T1cUTdK1PDd93/VVr8B8=" } },
    },
  },
  {
    title: "a form whose parameter comes three times, and once the same",
    ...common,
    delivery: {
      url: "/api/webhooks/edr?foo=1&bar=2",
      body: "Sid=CA123&SidAccount=AC123&Digits=5678&Digits=1234&Digits=1234",
      headers: { ...form, "X-Twilio-Signature": "IK+Dwps556ElfBT0I3Rgjkr1wJU=" },
    },
  },
  {
    title: "JSON, by its SHA-256 in the address",
    ...common,
    delivery: {
      url: `/api/webhooks/edr?foo=1&bar=2&bodySHA256=${sha256}`,
      body: json,
      headers: { "Content-Type": "application/json", "X-Twilio-Signature": "a9nBmqA0ju/hNViExpshrM61xv4=" },
    },
    refused: {
      "with two hashes": { url: `/api/webhooks/edr?foo=1&bar=2&bodySHA256=${sha256}&bodySHA256=${sha256}` },
      "without the hash": { url: "/api/webhooks/edr?foo=1&bar=2" },
    },
  },
  {
    title: "a form, where the address is known with its port",
    ...common,
    scheme: twilio({ publicUrl: "https://mycompany.com:8443/myapp.php" }),
    delivery: {
      url: "/api/webhooks/edr?foo=1&bar=2",
      body: parameters,
      headers: { ...form, "X-Twilio-Signature": "RSOYDt4T1cUTdK1PDd93/VVr8B8=" },
    },
  },
] satisfies readonly Vector[];
