import assert from "node:assert/strict";
import { createHmac, hash } from "node:crypto";
import { after, before, describe, test } from "node:test";
import { eventually } from "../support/eventually.ts";
import { type Answered, aGateway, type TestGateway, testSecret } from "../support/gateway.ts";
import { assertRefused } from "../support/refused.ts";
import { seconds, signatureOf } from "../support/signed.ts";
import { exchange, requestBytes } from "../support/wire.ts";

type Json = ReturnType<typeof JSON.parse>;

/** A secret that is base64, so that it can be decoded by mistake; and one that is hex. */
const base64Secret = Buffer.from("throw-away-test-secret-in-base64").toString("base64");
const hexSecret = Buffer.from("throw-away-test-secret-in-hex-01").toString("hex");
const longSecret = `${testSecret}-as-long-as-falcon-wants-it`;
const body = '{"event_type":"phishing","data":{"alert_id":"a-1","severity":"high"}}';

let gateway: TestGateway;
before(async () => {
  gateway = await aGateway();
  const generic = { plugin: "generic", secret: testSecret };
  const withSignature = (signature: object): object => ({ options: { signature } });
  const sources: Readonly<Record<string, object>> = {
    plain: {},
    dull: {},
    base64: { secret: base64Secret },
    hex: { secret: hexSecret },
    spaced: { secret: ` ${testSecret}` },
    quoted: { secret: `"${testSecret}"` },
    falcon: { secret: longSecret },
    decoded: {
      secret: base64Secret,
      ...withSignature({ scheme: "hmac", header: "X-Signature", secret_encoding: "base64" }),
    },
    github: withSignature({ scheme: "github" }),
    millis: withSignature({
      scheme: "hmac",
      header: "X-Signature",
      signs: "{timestamp}.{body}",
      timestamp: { header: "X-Time", unit: "ms" },
    }),
    standard: { secret: `whsec_${base64Secret}`, ...withSignature({ scheme: "standard-webhooks" }) },
    token: withSignature({ scheme: "token", header: "Authorization", prefix: "Bearer " }),
    queried: withSignature({ scheme: "token", query: "token" }),
  };
  for (const [source, fields] of Object.entries(sources)) {
    const { status, body: answer } = await gateway.api("POST", "/api/webhooks", { source, ...generic, ...fields });
    assert.equal(status, 201, JSON.stringify(answer));
  }
});
after(() => gateway[Symbol.asyncDispose]());

async function post(source: string, sent: string, headers: Readonly<Record<string, string>>): Promise<Answered> {
  const response = await fetch(`${gateway.url}/api/webhooks/${source}`, { method: "POST", body: sent, headers });
  return { status: response.status, headers: response.headers, body: await response.json() };
}

function deliveryOf(answer: Answered): Promise<Json> {
  const id = String(answer.headers.get("x-request-id"));
  return eventually(async () => {
    const { status, body: found } = await gateway.api("GET", `/api/deliveries/${id}`);
    return status === 200 ? found : undefined;
  });
}

/** Signed as Thruway has it, with something otherwise. */
function signed(over: string, secret: string | Buffer = testSecret, timestamp = seconds()): Record<string, string> {
  const signature = createHmac("sha256", secret).update(`${timestamp}.${over}`).digest("hex");
  return { "x-webhook-signature": `sha256=${signature}`, "x-webhook-timestamp": timestamp };
}

const digest = (
  over: string,
  secret: string | Buffer,
  encoding: "hex" | "base64" = "hex",
  algorithm = "sha256",
): string => createHmac(algorithm, secret).update(over).digest(encoding);

interface Mistaken {
  readonly what: string;
  readonly source?: string;
  readonly sent?: string;
  readonly headers: () => Record<string, string>;
  readonly code: string;
  readonly message: RegExp;
}

const now = seconds();
const own = (signature: string): Record<string, string> => ({
  "x-webhook-signature": signature,
  "x-webhook-timestamp": now,
});

const mistakes: readonly Mistaken[] = [
  {
    what: "a line break that is sent and not signed",
    sent: `${body}\n`,
    headers: () => signed(body),
    code: "line_break_added",
    message: /line break at the end of the body is removed/,
  },
  {
    what: "a line break that is signed and not sent",
    headers: () => signed(`${body}\n`),
    code: "line_break_missing",
    message: /curl -d/,
  },
  {
    what: "JSON that is signed compactly and sent with spaces",
    sent: JSON.stringify(JSON.parse(body), null, 1),
    headers: () => signed(body),
    code: "json_rewritten",
    message: /without spaces/,
  },
  {
    what: "JSON that is signed as Python writes it and sent compactly",
    headers: () => signed(body.replaceAll(/([:,])/g, "$1 ")),
    code: "json_rewritten",
    message: /a space behind each/,
  },
  {
    what: "JSON that is signed indented and sent compactly",
    headers: () => signed(JSON.stringify(JSON.parse(body), null, 2)),
    code: "json_rewritten",
    message: /several lines/,
  },
  {
    what: "a timestamp that is not signed",
    headers: () => own(`sha256=${digest(body, testSecret)}`),
    code: "body_alone",
    message: /body alone is signed; .*"\{timestamp\}\.\{body\}"/,
  },
  {
    what: "a dot that is left out",
    headers: () => own(`sha256=${digest(now + body, testSecret)}`),
    code: "separator_left_out",
    message: /lacks what stands between/,
  },
  {
    what: "a secret that the sender decodes from base64",
    source: "base64",
    headers: () => signed(body, Buffer.from(base64Secret, "base64")),
    code: "secret_encoding",
    message: /uses the secret decoded from base64; it must be used as text/,
  },
  {
    what: "a secret that the sender decodes from hex",
    source: "hex",
    headers: () => signed(body, Buffer.from(hexSecret, "hex")),
    code: "secret_encoding",
    message: /uses the secret decoded from hex; it must be used as text/,
  },
  {
    what: "a secret that the sender takes for text",
    source: "decoded",
    headers: () => ({ "x-signature": digest(body, base64Secret) }),
    code: "secret_encoding",
    message: /uses the secret as text, .*; it must be used decoded from base64/,
  },
  {
    what: "a secret of Standard Webhooks that the sender takes for text",
    source: "standard",
    headers: () => ({
      "webhook-id": "msg_1",
      "webhook-timestamp": now,
      "webhook-signature": `v1,${digest(`msg_1.${now}.${body}`, `whsec_${base64Secret}`, "base64")}`,
    }),
    code: "secret_encoding",
    message: /must be used without its whsec_/,
  },
  {
    what: "a secret that was registered with a space before it",
    source: "spaced",
    headers: () => signed(body),
    code: "secret_whitespace",
    message: /white space around the secret/,
  },
  {
    what: "a secret that was registered with its quotes",
    source: "quoted",
    headers: () => signed(body),
    code: "secret_unquoted",
    message: /quotes around the secret that is registered here/,
  },
  {
    what: "a secret that the sender reads with its line break",
    headers: () => signed(body, `${testSecret}\n`),
    code: "secret_line_break",
    message: /line break at the end of the secret/,
  },
  {
    what: "a secret that the sender has in quotes",
    headers: () => signed(body, `"${testSecret}"`),
    code: "secret_quoted",
    message: /quotes around the secret: the sender/,
  },
  {
    what: "a signature in base64",
    headers: () => own(`sha256=${digest(`${now}.${body}`, testSecret, "base64")}`),
    code: "signature_encoding",
    message: /written in base64; it must be written in hex/,
  },
  {
    what: "a signature without its prefix",
    source: "github",
    headers: () => ({ "x-hub-signature-256": digest(body, testSecret) }),
    code: "prefix_left_out",
    message: /lacks "sha256="/,
  },
  {
    what: "another algorithm",
    source: "github",
    headers: () => ({ "x-hub-signature-256": `sha256=${digest(body, testSecret, "hex", "sha1")}` }),
    code: "algorithm",
    message: /HMAC by SHA1; it must be by SHA256/,
  },
  {
    what: "the scheme of a plugin that the source is not set to",
    source: "falcon",
    headers: () => {
      const time = new Date().toISOString();
      return { "x-cs-primary-signature": digest(body + time, longSecret, "base64"), "x-cs-delivery-timestamp": time };
    },
    code: "other_scheme",
    message: /the plugin 'crowdstrike' .* tw-cli webhook update falcon --plugin crowdstrike$/,
  },
  {
    what: "the token of a preset that the source is not set to",
    headers: () => ({ authorization: `Bearer ${testSecret}` }),
    code: "other_scheme",
    message: /^It proves itself as .* tw-cli webhook update plain --(plugin|preset) \w+$/,
  },
  {
    what: "milliseconds for seconds",
    headers: () => signed(body, testSecret, String(Date.now())),
    code: "time_unit",
    message: /in Unix milliseconds; it must be in Unix seconds/,
  },
  {
    what: "ISO 8601 for seconds",
    headers: () => signed(body, testSecret, new Date().toISOString()),
    code: "time_unit",
    message: /as ISO 8601/,
  },
  {
    what: "seconds for milliseconds",
    source: "millis",
    headers: () => ({ "x-signature": digest(`${now}.${body}`, testSecret), "x-time": now }),
    code: "time_unit",
    message: /in Unix seconds; it must be in Unix milliseconds/,
  },
  {
    what: "a slow clock, or an old request",
    headers: () => signed(body, testSecret, seconds(-720)),
    code: "clock_behind",
    message: /lies 12 min.* before the receipt: the sender's clock is behind, or it sends a request again/,
  },
  {
    what: "a fast clock",
    headers: () => signed(body, testSecret, seconds(780)),
    code: "clock_ahead",
    message: /after the receipt: the sender's clock is ahead/,
  },
  {
    what: "local time for UTC",
    headers: () => signed(body, testSecret, seconds(2 * 3_600)),
    code: "time_zone",
    message: /nearly 2 h, so it may take local time for UTC/,
  },
];

/** A name in the budget of diagnoses has ten a minute, so those of one source are sent to its twins. */
async function twin(source: string, index: number): Promise<string> {
  if (source !== "plain" || index < 8) return source;
  const name = `plain-${Math.floor(index / 8)}`;
  await gateway.api("POST", "/api/webhooks", { source: name, plugin: "generic", secret: testSecret });
  return name;
}

describe("a mistake of a sender is told by the diagnosis, and nothing else is", () => {
  for (const [index, { what, source = "plain", sent = body, headers, code, message }] of mistakes.entries()) {
    test(what, async () => {
      const name = await twin(source, index);
      const answer = await post(name, sent, headers());
      assert.equal(answer.status, 401);
      const { diagnosis } = await deliveryOf(answer);
      assert.deepEqual(
        diagnosis.findings.map((finding: Json) => finding.code),
        [code],
        JSON.stringify(diagnosis),
      );
      assert.match(diagnosis.findings[0].message.replaceAll(name, source), message);
      assertTellsNothing(diagnosis, sent);
    });
  }
});

/** No secret in any form, and no signature, neither the one that was sent nor the one that was expected. */
function assertTellsNothing(diagnosis: Json, sent: string): void {
  const text = JSON.stringify(diagnosis);
  const secrets = [testSecret, base64Secret, hexSecret, longSecret];
  for (const secret of secrets) {
    const bytes = Buffer.from(secret);
    for (const form of [secret, bytes.toString("base64"), bytes.toString("hex")]) assert.ok(!text.includes(form), text);
    const time = diagnosis.timestamp ?? "";
    for (const encoding of ["hex", "base64"] as const) {
      for (const over of [sent, `${time}.${sent}`, `${sent}${time}`]) {
        assert.ok(!text.includes(digest(over, secret, encoding)), text);
      }
    }
  }
  assert.doesNotMatch(text, /sha256=[0-9a-f]{8}/);
}

describe("a diagnosis", () => {
  test("says what was expected, what was there, the hash of the body and the difference of the clocks", async () => {
    const timestamp = seconds(-100);
    const answer = await post("dull", body, signed(body, "another-throw-away-secret-0123456789", timestamp));
    const { diagnosis } = await deliveryOf(answer);
    const { clock_difference_seconds: difference, tried, ...rest } = diagnosis;
    assert.deepEqual(rest, {
      expected: {
        scheme: "webhook",
        summary: 'sha256=<hex HMAC-SHA-256> of "{timestamp}.{body}" in X-Webhook-Signature',
      },
      proof: [
        { path: "headers.x-webhook-signature", found: "once" },
        { path: "headers.x-webhook-timestamp", found: "once" },
      ],
      body_sha256: hash("sha256", body),
      timestamp,
      findings: [],
    });
    assert.ok(difference >= 99 && difference <= 105, String(difference));
    assert.ok(tried > 20);
  });

  test("tells a header that is missing from one that is there twice", async () => {
    const headers = [
      ["X-Webhook-Timestamp", seconds()],
      ["X-Webhook-Timestamp", seconds()],
    ] as const;
    const answer = await exchange(gateway.url, requestBytes({ path: "/api/webhooks/dull", headers, body }));
    assertRefused(answer, { status: 401, code: "invalid_signature", path: "headers.x-webhook-signature" });
    const { diagnosis } = await deliveryOf(answer);
    assert.deepEqual(diagnosis.proof, [
      { path: "headers.x-webhook-signature", found: "missing" },
      { path: "headers.x-webhook-timestamp", found: "repeated" },
    ]);
    assert.equal(diagnosis.timestamp, null);
    assert.equal(diagnosis.clock_difference_seconds, null);
  });

  test("of a token in the address says whether it was there", async () => {
    const { diagnosis } = await deliveryOf(await post("queried?token=not-the-token", body, {}));
    assert.deepEqual(diagnosis.proof, [{ path: "query.token", found: "once" }]);
    assert.ok(!JSON.stringify(diagnosis).includes("not-the-token"));
  });

  test("shows no time that is none: it could be a secret in the wrong place", async () => {
    const answer = await post("dull", body, { ...signed(body), "x-webhook-timestamp": testSecret });
    const { diagnosis } = await deliveryOf(answer);
    assert.equal(diagnosis.timestamp, null);
    assert.ok(!JSON.stringify(diagnosis).includes(testSecret));
  });

  for (const [what, garbage, headers] of [
    ["random bytes", "\u0000\u0001 garbage", { "x-webhook-signature": "x" }],
    ["deep JSON", "[".repeat(5_000), own(`sha256=${"ab".repeat(32)}`)],
    ["a string that does not end", `"${'\\"'.repeat(100_000)}`, own(`sha256=${"cd".repeat(32)}`)],
    ["an empty body", "", own(`sha256=${"00".repeat(32)}`)],
  ] as const) {
    test(`of ${what} finds nothing`, async () => {
      const { diagnosis } = await deliveryOf(await post("dull", garbage, headers));
      assert.deepEqual(diagnosis.findings, []);
    });
  }

  test("is there for a sender by token, and finds nothing where the token is another", async () => {
    const { diagnosis } = await deliveryOf(await post("token", body, { authorization: "Bearer guess" }));
    assert.deepEqual(diagnosis.proof, [{ path: "headers.authorization", found: "once" }]);
    assert.deepEqual(diagnosis.findings, []);
  });

  test("of a large body tries nothing, and hashes it", async () => {
    const large = JSON.stringify({ event_type: "x", data: "y".repeat(300_000) });
    const { diagnosis } = await deliveryOf(await post("dull", large, signed(body)));
    assert.deepEqual([diagnosis.tried, diagnosis.findings, diagnosis.body_sha256], [0, [], hash("sha256", large)]);
  });

  test("changes no answer: a mistake is told what a wrong secret is told", async () => {
    const mistaken = await post("base64", body, signed(body, Buffer.from(base64Secret, "base64")));
    const wrong = await post("base64", body, signed(body, "another-throw-away-secret-0123456789"));
    for (const answer of [mistaken, wrong]) assertRefused(answer, { status: 401, code: "invalid_signature" });
    assert.equal(mistaken.body.error.message, wrong.body.error.message);
  });

  test("is not made of what was taken, nor of what is nobody's", async () => {
    const taken = await gateway.send("plain", body, { headers: {} });
    assert.equal((await deliveryOf(taken)).diagnosis, null);
    const nobody = await post("nobody", body, signed(body));
    assertRefused(nobody, { status: 404, code: "unknown_source" });
    assert.equal((await deliveryOf(nobody)).diagnosis, null);
  });
});

test("of a flood only the first few of a name are diagnosed in a minute, and all are recorded", async () => {
  await using flooded = await aGateway();
  await flooded.api("POST", "/api/webhooks", { source: "flooded", plugin: "generic", secret: testSecret });
  const headers = { "x-webhook-signature": signatureOf(body, now, "guess"), "x-webhook-timestamp": now };
  for (let sent = 0; sent < 40; sent += 1) {
    const answer = await flooded.send("flooded", body, { headers });
    assert.equal(answer.status, 401);
  }
  const found = await eventually(async () => {
    const { body: list } = await flooded.api("GET", "/api/deliveries?outcome=refused&limit=200");
    return list.data.length === 40 ? list.data : undefined;
  });
  assert.equal(found.filter(({ diagnosis }: Json) => diagnosis !== null).length, 10);
});
