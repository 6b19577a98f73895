import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { type Answered, aGateway, type TestGateway, testSecret } from "../support/gateway.ts";
import { assertRefused } from "../support/refused.ts";

let gateway: TestGateway;
let registered = 0;
before(async () => {
  gateway = await aGateway();
  await gateway.api("POST", "/api/webhooks", { source: "patched", secret: testSecret });
});
after(() => gateway[Symbol.asyncDispose]());

type Fields = Readonly<Record<string, unknown>>;

function register(fields: Fields): Promise<Answered> {
  registered += 1;
  const secret = "secrets" in fields || "secret" in fields ? {} : { secret: testSecret };
  return gateway.api("POST", "/api/webhooks", { source: `source-${registered}`, ...secret, ...fields });
}

const severities = "must be one of [critical, high, medium, low, info]";
const name = "must be lower-case letters, digits, dots, underscores and hyphens, at most 63";
const signs = /^is required: the sender must send sha256=<hex HMAC-SHA-256> of "\{timestamp\}\.\{body\}"/;

/** What is sent, the path that is named, and what is said would be right. */
const wrong: readonly (readonly [Fields, path: string, remedy: string | RegExp])[] = [
  [{ source: undefined }, "source", "is required"],
  [{ source: 5 }, "source", "must be a string"],
  [{ source: "" }, "source", "is not allowed to be empty"],
  [{ source: "Email" }, "source", name],
  [{ source: "a b" }, "source", name],
  [{ source: "../up" }, "source", name],
  [{ source: "-a" }, "source", name],
  [{ source: "a\n" }, "source", name],
  [{ source: "x".repeat(64) }, "source", name],
  [{ source: "unknown" }, "source", /^must be another name: /],
  [
    { plugin: "nope" },
    "plugin",
    '"nope" is not installed; installed are: auto, crowdstrike, defender, generic, splunk',
  ],
  [{ plugin: 5 }, "plugin", "must be a string"],
  [{ secret: undefined }, "secret", signs],
  [{ secret: "" }, "secret", "is not allowed to be empty"],
  [{ secret: 5 }, "secret", "must be a string"],
  [{ secret: "x".repeat(1_025) }, "secret", "length must be less than or equal to 1024 characters long"],
  [{ secrets: [] }, "secrets", "must contain at least 1 items"],
  [{ secrets: "one" }, "secrets", "must be an array"],
  [{ secrets: ["a", "a"] }, "secrets.1", "contains a duplicate value"],
  [{ secrets: ["a", ""] }, "secrets.1", "is not allowed to be empty"],
  [{ secrets: ["a", "b", "c", "d", "e", "f"] }, "secrets", "must contain less than or equal to 5 items"],
  [{ secret: "a", secrets: ["b"] }, "", "must name only one of secret and secrets"],
  [{ auto_triage: "yes" }, "auto_triage", "must be a boolean"],
  [{ playbook: "a b" }, "playbook", "must be letters, digits, underscores and hyphens"],
  [{ playbook: "" }, "playbook", "is not allowed to be empty"],
  [{ severity_mapping: [] }, "severity_mapping", "must be of type object"],
  [{ severity_mapping: { high: "urgent" } }, "severity_mapping.high", severities],
  [{ severity_mapping: { 5: "five" } }, "severity_mapping.5", severities],
  [{ severity_mapping: { "": "high" } }, "severity_mapping.", "is not allowed"],
  [{ default_severity: "urgent" }, "default_severity", severities],
  [{ options: "all" }, "options", "must be of type object"],
  [{ options: { a: 1 } }, "options", "need a plugin; name one instead of auto"],
  [{ plugin: "generic", options: { a: 1 } }, "options.a", "is not allowed"],
  [
    { plugin: "crowdstrike", options: { signature_header: "a b" } },
    "options.signature_header",
    "must be a header's name",
  ],
  [
    { plugin: "crowdstrike", options: { allow_unsigned: true }, secrets: undefined },
    "options.allow_unsigned",
    /^is not for a sender that signs: /,
  ],
  [{ plugin: "splunk", options: { allow_unsigned: true } }, "options.allow_unsigned", /^makes a secret useless; /],
  [{ plugin: "splunk", secret: undefined }, "secret", /; or set options.allow_unsigned to take what anybody sends$/],
  [{ processing: "later" }, "processing", "must be one of [immediate, queued]"],
  [{ tolerance_seconds: 0 }, "tolerance_seconds", "must be greater than or equal to 1"],
  [{ tolerance_seconds: 86_401 }, "tolerance_seconds", "must be less than or equal to 86400"],
  [{ tolerance_seconds: 1.5 }, "tolerance_seconds", "must be an integer"],
  [{ rate_limit: 5 }, "rate_limit", "must be of type object"],
  [{ rate_limit: {} }, "rate_limit.requests", "is required"],
  [{ rate_limit: { requests: 0 } }, "rate_limit.requests", "must be greater than or equal to 1"],
  [{ rate_limit: { requests: 1, per_seconds: 0 } }, "rate_limit.per_seconds", "must be greater than or equal to 1"],
  [{ rate_limit: { requests: 1, per_minutes: 1 } }, "rate_limit.per_minutes", "is not allowed"],
  [{ enabled: "no" }, "enabled", "must be a boolean"],
  [{ playbok: "typo" }, "playbok", "is not allowed"],
];

describe("a source is refused with the field's path and what would be right:", () => {
  for (const [fields, path, remedy] of wrong) {
    test(`${inShort(fields)}: ${path} ${remedy}`, async () => {
      const answer = await register(fields);
      assertRefused(answer, { status: 400, code: "invalid_request", path });
      const [detail, ...others] = answer.body.error.details;
      if (typeof remedy === "string") assert.equal(detail.message, remedy);
      else assert.match(detail.message, remedy);
      assert.deepEqual(others, []);
      assert.ok(answer.body.error.message.startsWith("The source is not valid: "), answer.body.error.message);
    });
  }

  test("every field that is wrong is named at once", async () => {
    const { body } = await register({ source: "Email", playbok: "x", processing: "later", tolerance_seconds: 0 });
    const paths = body.error.details.map((detail: { readonly path: string }) => detail.path);
    assert.deepEqual(paths.toSorted(), ["playbok", "processing", "source", "tolerance_seconds"]);
  });

  test("nothing of a secret is repeated", async () => {
    const { body } = await register({ secrets: [testSecret, testSecret], processing: testSecret.toUpperCase() });
    assert.ok(!JSON.stringify(body).includes(testSecret));
  });
});

describe("a change of a source is refused in the same words:", () => {
  const cases: readonly (readonly [Fields, path: string, remedy: string | RegExp])[] = [
    ...wrong.filter(([fields]) =>
      ["auto_triage", "severity_mapping", "processing", "enabled"].includes(inShort(fields)),
    ),
    [{}, "", "must name at least one field to change"],
    [{ source: "renamed" }, "source", "is not allowed"],
    [{ secret: "a", add_secret: "b" }, "", /secret/],
    [{ plugin: "nope" }, "plugin", /^"nope" is not installed/],
    [{ plugin: "generic", options: { a: 1 } }, "options.a", "is not allowed"],
    [{ default_severity: "urgent" }, "default_severity", severities],
    [{ tolerance_seconds: 0 }, "tolerance_seconds", "must be greater than or equal to 1"],
  ];
  for (const [fields, path, remedy] of cases) {
    test(`${inShort(fields)}: ${path} ${remedy}`, async () => {
      const before = await gateway.api("GET", "/api/webhooks/patched");
      const answer = await gateway.api("PATCH", "/api/webhooks/patched", fields);
      assertRefused(answer, { status: 400, code: "invalid_request", path });
      const { message } = answer.body.error.details[0];
      if (typeof remedy === "string") assert.equal(message, remedy);
      else assert.match(message, remedy);
      assert.deepEqual((await gateway.api("GET", "/api/webhooks/patched")).body, before.body);
    });
  }
});

describe("the body of a registration", () => {
  async function post(body: string, headers: Readonly<Record<string, string>> = {}): Promise<Answered> {
    const response = await fetch(`${gateway.url}/api/webhooks`, {
      method: "POST",
      headers: { authorization: `Bearer ${gateway.token}`, "content-type": "application/json", ...headers },
      body,
    });
    return { status: response.status, headers: response.headers, body: await response.json() };
  }
  const invalidJson = { status: 400, code: "invalid_json" } as const;
  const unsupported = { status: 415, code: "unsupported_media_type" } as const;

  for (const body of ["{", "null", '"text"', "{'a':1}", "[".repeat(10_000), '{"__proto__":{}}']) {
    test(`is refused with invalid_json when it is ${body.slice(0, 20)}`, async () => {
      assertRefused(await post(body), invalidJson);
    });
  }
  test("is refused with payload_too_large beyond 256 KB", async () => {
    assertRefused(await post(JSON.stringify({ source: "x".repeat(262_144) })), {
      status: 413,
      code: "payload_too_large",
    });
  });
  for (const type of ["text/plain", "multipart/form-data; boundary=x"]) {
    test(`is refused with unsupported_media_type when it is called ${type}`, async () => {
      assertRefused(await post("{}", { "content-type": type }), unsupported);
    });
  }
  for (const encoding of ["gzip", "br", "magic"]) {
    test(`is refused with unsupported_media_type when it is called ${encoding}`, async () => {
      assertRefused(await post("{}", { "content-encoding": encoding }), unsupported);
    });
  }
  test("is taken when it is called a form, as curl -d does", async () => {
    const source = JSON.stringify({ source: "by-curl", secret: testSecret });
    assert.equal((await post(source, { "content-type": "application/x-www-form-urlencoded" })).status, 201);
  });
});

function inShort(fields: Fields): string {
  return Object.keys(fields).join(" and ") || "nothing";
}
