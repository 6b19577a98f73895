import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { after, before, describe, test } from "node:test";
import { aGateway, type TestGateway, testSecret } from "../support/gateway.ts";
import { assertRefused, type Expected } from "../support/refused.ts";
import { seconds, signatureOf, signedHeaders } from "../support/signed.ts";
import { exchange, type HeaderList, requestBytes } from "../support/wire.ts";

const body = '{"event_type":"test","data":{}}';
const path = "/api/webhooks/edr";
const signature = "headers.x-webhook-signature";
const timestamp = "headers.x-webhook-timestamp";

let gateway: TestGateway;
before(async () => {
  gateway = await aGateway();
  await gateway.api("POST", "/api/webhooks", { source: "edr", secret: testSecret });
  await gateway.api("POST", "/api/webhooks", { source: "patient", secret: testSecret, tolerance_seconds: 60 });
});
after(() => gateway[Symbol.asyncDispose]());

function post(headers: HeaderList, to = path): ReturnType<typeof exchange> {
  return exchange(gateway.url, requestBytes({ path: to, headers, body }));
}

/** A delivery whose signature header is `change`d, everything else being right. */
function signedBut(change: (value: string) => string | readonly string[]): HeaderList {
  const at = seconds();
  const values = [change(signatureOf(body, at))].flat();
  return [["X-Webhook-Timestamp", at], ...values.map((value) => ["X-Webhook-Signature", value] as const)];
}

const refusedSignature = { status: 401, code: "invalid_signature" } as const;

describe("a delivery is refused with invalid_signature when its signature", () => {
  const cases: Readonly<Record<string, readonly [HeaderList | (() => HeaderList), at?: string]>> = {
    "is missing": [() => signedBut(() => []), signature],
    "is empty": [() => signedBut(() => ""), signature],
    "stands there twice": [() => signedBut((right) => [right, right]), signature],
    "stands there twice, the second one wrong": [() => signedBut((right) => [right, "sha256=0"]), signature],
    "stands there twice in one header": [() => signedBut((right) => `${right}, ${right}`), signature],
    "names no algorithm": [() => signedBut((right) => right.replace("sha256=", "")), signature],
    "names another algorithm": [() => signedBut((right) => right.replace("sha256=", "sha1=")), signature],
    "is a digit short": [() => signedBut((right) => right.slice(0, -1)), signature],
    "is a digit long": [() => signedBut((right) => `${right}0`), signature],
    "is no hex": [() => signedBut(() => `sha256=${"g".repeat(64)}`), signature],
    "is Base64": [() => signedBut(() => `sha256=${"A".repeat(43)}=`), signature],
    "has something behind it": [() => signedBut((right) => `${right} trailing`), signature],
    "has a label that openssl does not print": [
      () => signedBut((right) => right.replace("=", "=MD5(stdin)= ")),
      signature,
    ],
    "has openssl's label twice": [() => signedBut((right) => right.replace("=", "=(stdin)= (stdin)= ")), signature],
    "is 8,000 characters long": [() => signedBut(() => `sha256=${"0".repeat(8_000)}`), signature],
    "is another one": [() => signedBut(() => `sha256=${"0".repeat(64)}`)],
    "was made with another secret": [() => signedHeaders(body, seconds(), "another-test-secret")],
    "was made over another body": [() => signedHeaders(`${body} `)],
    "was made over the body alone": [
      () => signedBut(() => `sha256=${createHmac("sha256", testSecret).update(body).digest("hex")}`),
    ],
    "was made over another timestamp": [
      () => [
        ["X-Webhook-Signature", signatureOf(body, seconds())],
        ["X-Webhook-Timestamp", seconds(-1)],
      ],
    ],
  };
  for (const [what, [headers, path]] of Object.entries(cases)) {
    test(what, async () => {
      const answer = await post(typeof headers === "function" ? headers() : headers);
      assertRefused(answer, {
        ...refusedSignature,
        ...(path !== undefined && { path }),
        message: "Webhook signature verification failed",
      });
    });
  }
});

describe("a delivery is accepted when its signature", () => {
  const cases: Readonly<Record<string, HeaderList>> = {
    "is sha256= and 64 hex digits": signedBut((right) => right),
    "is written in upper case": signedBut((right) => `sha256=${right.slice(7).toUpperCase()}`),
    "has the label of OpenSSL 3": signedBut((right) => right.replace("=", "=SHA2-256(stdin)= ")),
    "has the label of OpenSSL 1": signedBut((right) => right.replace("=", "=(stdin)= ")),
    "stands in a header of another case": signedHeaders(body).map(([name, value]) => [name.toUpperCase(), value]),
    "has spaces around it, which are no part of a header's value": signedBut((right) => `  ${right}\t `),
  };
  for (const [what, headers] of Object.entries(cases)) {
    test(what, async () => {
      const { status, body } = await post(headers);
      assert.deepEqual([status, body.status], [202, "accepted"]);
    });
  }
});

describe("a delivery is refused with invalid_timestamp when its timestamp, signed as it stands,", () => {
  const now = seconds();
  const forms: Readonly<Record<string, string>> = {
    "is empty": "",
    "has a plus": `+${now}`,
    "has a minus": `-${now}`,
    "has a fraction": `${now}.5`,
    "has a space inside": `${now.slice(0, 5)} ${now.slice(5)}`,
    "is hexadecimal": `0x${Number(now).toString(16)}`,
    "has an exponent": "17e8",
    "has 20 digits": now.repeat(2),
    "is in milliseconds": `${now}000`,
    "is ISO 8601": new Date().toISOString(),
    "is grouped": Number(now).toLocaleString("en"),
    "is a word": "NaN",
    "is two timestamps": `${now}, ${now}`,
    "has digits of another script": "١٧٠٥٣٢٠٠٠٠",
    "is 8,000 digits long": "1".repeat(8_000),
  };
  for (const [what, value] of Object.entries(forms)) {
    test(what, async () => {
      const headers = signedHeaders(body, value).map(([name, value]) => [name, latin1(value)] as const);
      assertRefused(await post(headers), { status: 401, code: "invalid_timestamp", path: timestamp });
    });
  }

  test("is missing", async () => {
    const headers = signedHeaders(body).filter(([name]) => name !== "X-Webhook-Timestamp");
    assertRefused(await post(headers), { status: 401, code: "invalid_timestamp", path: timestamp });
  });

  test("stands there twice", async () => {
    const headers = signedHeaders(body);
    const again = headers.filter(([name]) => name === "X-Webhook-Timestamp");
    assertRefused(await post([...headers, ...again]), { status: 401, code: "invalid_timestamp", path: timestamp });
  });
});

/** Headers are bytes: the UTF-8 of a text, one character per byte. */
function latin1(text: string): string {
  return Buffer.from(text, "utf8").toString("latin1");
}

describe("the time of sending", () => {
  const expired = (message: string): Expected => ({ status: 401, code: "timestamp_expired", message });
  const future = (message: string): Expected => ({ status: 401, code: "invalid_timestamp", message });
  const cases: readonly (readonly [to: string, after: number, Expected | "accepted"])[] = [
    ["edr", -290, "accepted"],
    ["edr", -301, expired("Webhook timestamp is too old (>5 minutes)")],
    ["edr", -86_400, expired("Webhook timestamp is too old (>5 minutes)")],
    ["edr", 300, "accepted"],
    ["edr", 310, future("Webhook timestamp is more than 5 minutes in the future")],
    ["patient", -50, "accepted"],
    ["patient", -61, expired("Webhook timestamp is too old (>1 minute)")],
    ["patient", 60, "accepted"],
    ["patient", 70, future("Webhook timestamp is more than 1 minute in the future")],
  ];
  for (const [to, after, expected] of cases) {
    const outcome = expected === "accepted" ? expected : `refused with ${expected.code}`;
    test(`${after} s from now is ${outcome} by a source that tolerates ${to === "edr" ? 300 : 60} s`, async () => {
      const answer = await post(signedHeaders(body, seconds(after)), `/api/webhooks/${to}`);
      if (expected !== "accepted") return assertRefused(answer, expected);
      assert.equal(answer.status, 202, JSON.stringify(answer.body));
    });
  }

  test("of 1970 is old, however few its digits", async () => {
    assertRefused(await post(signedHeaders(body, "0")), { status: 401, code: "timestamp_expired" });
  });

  test("of the year 33658 is in the future", async () => {
    assertRefused(await post(signedHeaders(body, "9".repeat(12))), { status: 401, code: "invalid_timestamp" });
  });

  test("that is old says nothing where the signature is wrong", async () => {
    assertRefused(await post(signedHeaders(body, seconds(-9_999), "another-test-secret")), refusedSignature);
  });
});
