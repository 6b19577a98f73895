import { bearerJwt } from "@thruway/sdk";
import { body, computed, noon, type Vector } from "./vector.ts";

const claims =
  "eyJpc3MiOiJodHRwczovL2lzc3Vlci5leGFtcGxlLyIsImF1ZCI6ImFwaTovL3RocnV3YXkiLCJhenAiOiIxMTExMTExMS0yMjIyLTMzMzMtNDQ0NC01NTU1NTU1NTU1NTUiLCJpYXQiOjE3MDUzMTk5MDAsIm5iZiI6MTcwNTMxOTkwMCwiZXhwIjoxNzA1MzIzNTAwfQ";
export const tokens = {
  RS256: `eyJhbGciOiJSUzI1NiIsImtpZCI6InJzYSJ9.${claims}.oasTPBOS239iPko1hEliFq8SBkLOIL68Sp5EdiGgfVr7WK1cDcTRevLc7JHrzHKz9FFFW37hDDSZuMAQFzjePFjlXrXweU5L7WmggR5Ff4r-c4S87RjHdH9yL5r9MlVZ7NU4QMtG5UQM-9jSIBG9WEg-PBlsD01bNt82T6B0x45lrZne3ZTON_p0KbZjWUW7MekBKbtmgO265O_nARliyCnCPPBTq6RHCnnzG1IwZ0Xmn1aWWfOr1BH4w5xSaC-EMeVyPo6zV5J5LrGT6jS5oWEJ109PiDcGVPRbLXmjRRS7mUShhTv1Ruec1Xxl6bf20rN1JzUKqSSWCH-k9tHK2w`,
  ES256: `eyJhbGciOiJFUzI1NiIsImtpZCI6ImVjIn0.${claims}.TFI690Un25CahRs3UohrgiS6p1Pmjikgc2VP-XEc6Sfn9LVsvVl6ayarjlLXXcljvUl9Xf0HSgWvWQAwPLcQpg`,
  EdDSA: `eyJhbGciOiJFZERTQSIsImtpZCI6ImVkIn0.${claims}.VruZIJjR-0xgbzqk5Eu7qxaYRIWSQ0AtAWbGArEh3-r-uT6RyM7f9s6NpIC7EgeUc4y2KFQ7FgTrsUHyYtF7AQ`,
} as const;

/** The public halves of the keys that RFC 7515 (A.2, A.3) and RFC 8037 (A.1) print. */
export const keys = [
  {
    kid: "rsa",
    kty: "RSA",
    e: "AQAB",
    n: "ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ",
  },
  {
    kid: "ec",
    kty: "EC",
    crv: "P-256",
    x: "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
    y: "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",
  },
  { kid: "ed", kty: "OKP", crv: "Ed25519", x: "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo" },
] as const;

export const jwksUrl = "https://issuer.example/keys";
export const options = { issuer: "https://issuer.example/", audience: "api://thruway", jwksUrl } as const;
const azp = "11111111-2222-3333-4444-555555555555";

function sent(token: string, receivedAt = noon): Vector["delivery"] {
  return { body, receivedAt, headers: { Authorization: `Bearer ${token}` } };
}

function flipped(token: string): string {
  return token.slice(0, -20) + (token.at(-20) === "A" ? "B" : "A") + token.slice(-19);
}

export default Object.entries(tokens).map(
  ([algorithm, token]): Vector => ({
    title: algorithm,
    source: computed,
    scheme: bearerJwt({ ...options, claims: { azp } }),
    secrets: [],
    needs: ["authorization"],
    fetched: { [jwksUrl]: JSON.stringify({ keys }) },
    delivery: sent(token),
    refused: {
      "with another signature": sent(flipped(token)),
      "with the signature of another": sent(
        [...token.split(".").slice(0, 2), (algorithm === "ES256" ? tokens.EdDSA : tokens.ES256).split(".")[2]].join(
          ".",
        ),
      ),
      "without a signature": sent(`${token.split(".").slice(0, 2).join(".")}.`),
      "that says that it needs none": sent(
        `${Buffer.from('{"alg":"none"}').toString("base64url")}.${claims}.${token.split(".")[2]}`,
      ),
      "a minute after it expired": sent(token, new Date((1705323500 + 61) * 1000)),
      "a minute before it is good": sent(token, new Date((1705319900 - 61) * 1000)),
      "not as a bearer": { headers: { Authorization: token } },
    },
  }),
);
