import { mutualTls } from "@thruway/sdk";
import { body, computed, type Vector } from "./vector.ts";

const xfcc =
  'By=http://frontend.lyft.com;Hash=468ed33be74eee6556d90c0149c1309e9ba61d6425303443c0748a02dd8de688;Subject="/C=US/ST=CA/L=San Francisco/OU=Lyft/CN=Test Client";URI=http://testclient.lyft.com';
const hash = "468ed33be74eee6556d90c0149c1309e9ba61d6425303443c0748a02dd8de688";
const subject = "/C=US/ST=CA/L=San Francisco/OU=Lyft/CN=Test Client";
const rfc9440 =
  ":MIIBqDCCAU6gAwIBAgIBBzAKBggqhkjOPQQDAjA6MRswGQYDVQQKDBJMZXQncyBBdXRoZW50aWNhdGUxGzAZBgNVBAMMEkxBIEludGVybWVkaWF0ZSBDQTAeFw0yMDAxMTQyMjU1MzNaFw0yMTAxMjMyMjU1MzNaMA0xCzAJBgNVBAMMAkJDMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE8YnXXfaUgmnMtOXU/IncWalRhebrXmckC8vdgJ1p5Be5F/3YC8OthxM4+k1M6aEAEFcGzkJiNy6J84y7uzo9M6NyMHAwCQYDVR0TBAIwADAfBgNVHSMEGDAWgBRm3WjLa38lbEYCuiCPct0ZaSED2DAOBgNVHQ8BAf8EBAMCBsAwEwYDVR0lBAwwCgYIKwYBBQUHAwIwHQYDVR0RAQH/BBMwEYEPYmRjQGV4YW1wbGUuY29tMAoGCCqGSM49BAMCA0gAMEUCIBHda/r1vaL6G3VliL4/Di6YK0Q6bMjeSkC3dFCOOB8TAiEAx/kHSB4urmiZ0NX5r5XarmPk0wmuydBVoU4hBVZ1yhk=:";
const pem = `-----BEGIN CERTIFICATE-----
MIICqzCCAZOgAwIBAgIBATANBgkqhkiG9w0BAQsFADAZMRcwFQYDVQQDDA5jbGll
bnQuZXhhbXBsZTAeFw0yNDAxMDEwMDAwMDBaFw00OTAxMDEwMDAwMDBaMBkxFzAV
BgNVBAMMDmNsaWVudC5leGFtcGxlMIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIB
CgKCAQEAofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd/wWJcyQoTbji9k0l8W26mPd
dxHmfHQp+Vaw+4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL+yRT+SFd2lZS+pCgNMsD1W/
YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb/7OMg0LOL+bSf63kpaSHSXndS5z5re
xMdbBYUsLA9e+KXBdQOS+UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qC
o5ZwKh9kG4LT6/I5IhlJH7aGhyxXFvUK+DWNmoudF8NAco9/h9iaGNj8q2ethFkM
Ls91kzk2PAcDTW9gb54h4FRWyuXpoQIDAQABMA0GCSqGSIb3DQEBCwUAA4IBAQB/
P3uIxj/Uky3HZh+TeOx8iIcT7jp7HUzJuRk1wkshJP/fMGZGa3fVejUW3SvBG8t7
HFvNQy55B5HR8CtXeyAvCNLnbcILK0ZJPZ6IP7uKJoLQA0IVsgjBc3/TBLFqxfbf
4ULGBmFj/v3jwoF6wB5bPEoIhvunynwH8rVJqgTOVeSGGcGfM5gm0j9hqiNGL0oi
GicKb1QAFDUFNP9LMY4rM6YPTzAqd9D6hqD95FkZTkITGw3HhbJ1GFG38J+pQJ10
NsnSThc0QCjHFvkEuElTTM1pHyR1zSMQD+bhNP1QhE+xLVzVPo6zA+ZtQoGkCvEO
DqEfmqqq+z0ML0S1KjvR
-----END CERTIFICATE-----
`;
const fingerprint = "3723b0a75a3e00952f10c33e55625000df645cd52d4277d4c459ca129afeb000";
const colons = fingerprint.toUpperCase().replaceAll(/(..)(?!$)/g, "$1:");

function sent(header: string, value: string, more: Readonly<Record<string, string>> = {}): Vector["delivery"] {
  return { body, proxied: true, headers: { [header]: value, ...more } };
}

export default [
  {
    title: "as Envoy writes it",
    source:
      "https://www.envoyproxy.io/docs/envoy/latest/configuration/http/http_conn_man/headers#x-forwarded-client-cert",
    published: true,
    scheme: mutualTls({ header: "X-Forwarded-Client-Cert", form: "xfcc", fingerprints: [hash], subjects: [subject] }),
    secrets: [],
    needs: ["x-forwarded-client-cert"],
    delivery: sent("X-Forwarded-Client-Cert", xfcc),
    refused: {
      "from a stranger": { proxied: false },
      "of another": sent("X-Forwarded-Client-Cert", xfcc.replace("468e", "468f")),
      "with another subject": sent("X-Forwarded-Client-Cert", xfcc.replace("CN=Test", "CN=Rest")),
      "with two hashes": sent("X-Forwarded-Client-Cert", `${xfcc};Hash=${hash}`),
      "of two hops": sent("X-Forwarded-Client-Cert", `${xfcc},By=http://backend.lyft.com;Hash=${hash}`),
      "with its hash inside another value": sent("X-Forwarded-Client-Cert", `By="x;Hash=${hash}";Subject="${subject}"`),
    },
  },
  {
    title: "as RFC 9440 has it",
    source: "RFC 9440, A; the fingerprint by openssl x509 -fingerprint -sha256",
    published: true,
    scheme: mutualTls({
      header: "Client-Cert",
      form: "client-cert",
      fingerprints: ["bfaf1f7e070f9fa8dd62905f158da73f84a1136624fbafcc9393c8f7287a69eb"],
    }),
    secrets: [],
    needs: ["client-cert"],
    delivery: sent("Client-Cert", rfc9440),
    refused: {
      "from a stranger": { proxied: false },
      "another certificate": sent("Client-Cert", `:${pem.split("\n").slice(1, -2).join("")}:`),
      "without its colons": sent("Client-Cert", rfc9440.replaceAll(":", "")),
    },
  },
  {
    title: "as nginx and AWS write the certificate",
    source: computed,
    scheme: mutualTls({ header: "X-Client-Cert", form: "pem", fingerprints: [colons] }),
    secrets: [],
    needs: ["x-client-cert"],
    delivery: sent("X-Client-Cert", encodeURIComponent(pem)),
    refused: {
      "from a stranger": { proxied: false },
      "no certificate": sent("X-Client-Cert", encodeURIComponent(pem.replace("MIIC", "MIID"))),
      "two of them": sent("X-Client-Cert", encodeURIComponent(pem + pem)),
      "percent signs that are none": sent("X-Client-Cert", "%%%"),
    },
  },
  {
    title: "as Traefik writes the certificate",
    source: computed,
    scheme: mutualTls({ header: "X-Forwarded-Tls-Client-Cert", form: "pem", fingerprints: [fingerprint] }),
    secrets: [],
    needs: ["x-forwarded-tls-client-cert"],
    delivery: sent("X-Forwarded-Tls-Client-Cert", pem.split("\n").slice(1, -2).join("")),
    refused: { "from a stranger": { proxied: false } },
  },
  {
    title: "a fingerprint that the proxy has checked",
    source: computed,
    scheme: mutualTls({
      header: "X-Fingerprint",
      form: "fingerprint",
      fingerprints: [fingerprint],
      verified: { header: "X-Verify", value: "SUCCESS" },
    }),
    secrets: [],
    needs: ["x-fingerprint", "x-verify"],
    delivery: sent("X-Fingerprint", fingerprint, { "X-Verify": "SUCCESS" }),
    refused: {
      "from a stranger": { proxied: false },
      "that the proxy found wrong": sent("X-Fingerprint", fingerprint, { "X-Verify": "FAILED:self signed" }),
      "no fingerprint": sent("X-Fingerprint", "SUCCESS", { "X-Verify": "SUCCESS" }),
      "with a colon where none belongs": sent("X-Fingerprint", fingerprint.replace(/^./, "$&:"), {
        "X-Verify": "SUCCESS",
      }),
    },
  },
  {
    title: "a subject that the proxy has checked",
    source: computed,
    scheme: mutualTls({
      header: "X-Subject",
      form: "subject",
      subjects: ["CN=client.example"],
      verified: { header: "X-Verify", value: "SUCCESS" },
    }),
    secrets: [],
    needs: ["x-subject", "x-verify"],
    delivery: sent("X-Subject", "CN=client.example", { "X-Verify": "SUCCESS" }),
    refused: {
      "from a stranger": { proxied: false },
      "with more behind it": sent("X-Subject", "CN=client.example,O=Other", { "X-Verify": "SUCCESS" }),
      "in other letters": sent("X-Subject", "CN=Client.example", { "X-Verify": "SUCCESS" }),
      nothing: sent("X-Subject", "", { "X-Verify": "SUCCESS" }),
    },
  },
] satisfies readonly Vector[];
