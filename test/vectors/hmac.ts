import { type HmacOptions, hmac } from "@thruway/sdk";
import { body, computed, noon, type Vector } from "./vector.ts";

const rfc4231 = "RFC 4231, 4.3 (test case 2)";
const jefe = { secrets: ["Jefe"], wrongSecret: "Jeff", needs: ["x-sig"], published: true } as const;

function rfc(
  source: string,
  algorithm: NonNullable<HmacOptions["algorithm"]>,
  digest: string,
  encoding: "hex" | "base64",
): Vector {
  return {
    title: `HMAC-${algorithm}, ${encoding}`,
    source,
    ...jefe,
    scheme: hmac({ header: "X-Sig", algorithm, encoding }),
    delivery: {
      body: "what do ya want for nothing?",
      headers: { "X-Sig": Buffer.from(digest, "hex").toString(encoding) },
    },
    refused: { "cut short": { headers: { "X-Sig": Buffer.from(digest, "hex").subarray(1).toString(encoding) } } },
  };
}

const sha256 = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843";
const sha512 =
  "164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea2505549758bf75c05a994a6d034f65f8f0e6fdcaeab1a34d4a6b4b636e070a38bce737";
const own = { source: computed, wrongSecret: "dGVzdC1zZWNyZXQtdGhhdC1pcy1ub3QtaXQ=" } as const;

export default [
  rfc("RFC 2202, 3 (test case 2)", "sha1", "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79", "hex"),
  rfc(rfc4231, "sha256", sha256, "hex"),
  rfc(rfc4231, "sha256", sha256, "base64"),
  rfc(rfc4231, "sha512", sha512, "hex"),
  {
    title: "a secret in base64",
    ...own,
    scheme: hmac({ header: "X-Sig", secretEncoding: "base64" }),
    secrets: ["dGVzdC1zZWNyZXQtaW4tYmFzZTY0"],
    needs: ["x-sig"],
    delivery: {
      body,
      headers: { "X-Sig": "c7c1ec45c66945058a37fc73dc8169f73fe0d205d8d2a538b62f3db9935a3d7b" },
    },
  },
  {
    title: "a secret that begins with whsec_, and SHA-512",
    ...own,
    scheme: hmac({ header: "X-Sig", algorithm: "sha512", secretEncoding: "whsec" }),
    secrets: ["whsec_dGVzdC1zZWNyZXQtaW4tYmFzZTY0"],
    needs: ["x-sig"],
    delivery: {
      body,
      headers: {
        "X-Sig":
          "6b655646fda982b42a8b2e18e67193ad9acdb80bb97df6aa74db48214a1f2d01470dc4525d9f57a382f3a8da7e8ace97eedaaa50a6a14c17d4340c100a9ca3a8",
      },
    },
  },
  {
    title: "over the address as its sender has it, with SHA-1",
    ...own,
    scheme: hmac({ header: "X-Sig", algorithm: "sha1", signs: "{url}{body}", publicUrl: "https://hooks.example/in" }),
    secrets: ["test-secret-of-hmac"],
    needs: ["x-sig"],
    delivery: {
      body,
      url: "/api/webhooks/edr?a=1",
      headers: { "X-Sig": "0224ec3a7467dc7c0f1b3d58ed1ae9b5c1a398c5" },
    },
    refused: { "another query": { url: "/api/webhooks/edr?a=2" }, "no query": { url: "/api/webhooks/edr" } },
  },
  {
    title: "over an id, a time and the body, one of several signatures in a header",
    ...own,
    scheme: hmac({
      header: "X-Sig",
      encoding: "base64",
      separator: ",",
      prefix: "s:",
      signs: "{id}|{timestamp}|{body}",
      id: { header: "X-Id" },
      timestamp: { header: "X-Time" },
    }),
    secrets: ["test-secret-of-hmac"],
    sentAt: noon.toISOString(),
    needs: ["x-sig", "x-id", "x-time"],
    delivery: {
      body,
      receivedAt: noon,
      headers: {
        "X-Sig": `s:${"A".repeat(43)}=, s:7uP71qPxSUlpK0AkVt415Ne/PD5XICDORZ7qmnhqWgQ=`,
        "X-Id": "msg-1",
        "X-Time": "1705320000",
      },
    },
  },
] satisfies readonly Vector[];
