import assert from "node:assert/strict";
import { test } from "node:test";
import { Refusal } from "../../../../core/errors.ts";
import { activeSecrets } from "../../../../core/sources/registration.ts";
import { aSourceList, testSecret } from "../builders.ts";

/** The details that a registration is refused with, as lines. */
async function problemsOf(input: unknown, patch = false): Promise<readonly string[]> {
  const sources = aSourceList();
  await sources.register({ source: "known", secret: testSecret });
  let lines: readonly string[] = [];
  await assert.rejects(patch ? sources.update("known", input) : sources.register(input), (error) => {
    assert.ok(error instanceof Refusal, String(error));
    assert.equal(error.code, "invalid_request");
    lines = (error.details ?? []).map(({ path, message }) => `${path}: ${message}`);
    for (const { path } of error.details ?? []) assert.ok(error.message.includes(path));
    return true;
  });
  return lines;
}

test("what is no object is refused", async () => {
  for (const input of [undefined, null, [], "edr", 5]) {
    assert.equal((await problemsOf(input)).length, 1);
    assert.equal((await problemsOf(input, true)).length, 1);
  }
});

/** Each with a field of a registration that is otherwise good, and what the refusal must tell. */
const mistakes: readonly (readonly [Readonly<Record<string, unknown>>, RegExp])[] = [
  [{ source: undefined }, /^source: is required/],
  [{ source: "" }, /^source: is not allowed to be empty/],
  [{ source: 5 }, /^source: must be a string/],
  [
    { source: "Email Gateway" },
    /^source: must be lower-case letters, digits, dots, underscores and hyphens, at most 63/,
  ],
  [{ source: "../etc" }, /^source: must be lower-case letters/],
  [{ source: "a/b" }, /^source: must be lower-case letters/],
  [{ source: "a".repeat(64) }, /^source: must be .* at most 63/],
  [{ source: "unknown" }, /^source: must be another name/],
  [{ secret: undefined }, /^secret: is required: the sender must send .*X-Webhook-Signature/],
  [{ secret: "" }, /^secret: is not allowed to be empty/],
  [{ secret: 12_345 }, /^secret: must be a string/],
  [{ secret: "x".repeat(1_025) }, /^secret: .*1024 characters/],
  [{ secrets: ["another-test-secret"] }, /only one of secret and secrets/],
  [{ secret: undefined, secrets: [] }, /^secrets: must contain at least 1/],
  [{ secret: undefined, secrets: ["a", "b", "c", "d", "e", "f"] }, /^secrets: .*5 items/],
  [{ secret: undefined, secrets: ["a", "a"] }, /^secrets\.1: .*duplicate/],
  [{ plugin: 5 }, /^plugin: must be a string/],
  [{ plugin: "nothing" }, /^plugin: "nothing" is not installed; installed are: auto, signed, vendor, silent/],
  [{ plugin: "vendor", secret: "short" }, /^secret: must have at least 20 characters/],
  [{ auto_triage: "perhaps" }, /^auto_triage: must be a boolean/],
  [{ playbook: "../secret.yaml" }, /^playbook: must be letters, digits, underscores and hyphens/],
  [
    { severity_mapping: { high: "urgent" } },
    /^severity_mapping\.high: must be one of \[critical, high, medium, low, info\]/,
  ],
  [{ severity_mapping: { High: "low", " high": "info" } }, /^severity_mapping: must name each word once/],
  [{ severity_mapping: ["high"] }, /^severity_mapping: must be of type object/],
  [{ default_severity: "urgent" }, /^default_severity: must be one of \[critical, high, medium, low, info\]/],
  [{ options: "x" }, /^options: must be of type object/],
  [{ options: { header: "X-Signature" } }, /^options: need a plugin; name one instead of auto/],
  [{ plugin: "vendor", options: { heder: "X" } }, /^options\.heder: is not allowed/],
  [{ plugin: "vendor", options: { api: { token: 5 } } }, /^options\.api\.token: must be a string/],
  [{ plugin: "vendor", options: { allow_unsigned: true } }, /^options\.allow_unsigned: is not for a sender that signs/],
  [{ plugin: "silent", secret: undefined }, /^secret: is required: .*set options\.allow_unsigned/],
  [{ plugin: "silent", options: { allow_unsigned: true } }, /^options\.allow_unsigned: makes a secret useless/],
  [{ processing: "later" }, /^processing: must be one of \[immediate, queued\]/],
  [{ tolerance_seconds: 0 }, /^tolerance_seconds: must be greater than or equal to 1/],
  [{ tolerance_seconds: 86_401 }, /^tolerance_seconds: must be less than or equal to 86400/],
  [{ tolerance_seconds: 1.5 }, /^tolerance_seconds: must be an integer/],
  [{ rate_limit: 100 }, /^rate_limit: must be of type object/],
  [{ rate_limit: { per_seconds: 60 } }, /^rate_limit\.requests: is required/],
  [{ rate_limit: { requests: 0 } }, /^rate_limit\.requests: must be greater than or equal to 1/],
  [{ rate_limit: { requests: 1, burst: 5 } }, /^rate_limit\.burst: is not allowed/],
  [{ enabled: "sometimes" }, /^enabled: must be a boolean/],
  [{ autotriage: true }, /^autotriage: is not allowed/],
];
for (const [fields, problem] of mistakes) {
  test(`a registration with ${JSON.stringify(fields).slice(0, 60)} is told what is wrong and what is right`, async () => {
    const given = { source: "edr", secret: testSecret, ...fields };
    const lines = await problemsOf(
      Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)),
    );
    assert.equal(lines.length, 1, lines.join("\n"));
    assert.match(lines[0] ?? "", problem);
  });
}

test("every problem is named at once", async () => {
  const lines = await problemsOf({ source: "Bad Name", secret: "", default_severity: "urgent", nonsense: 1 });
  assert.deepEqual(
    lines.map((line) => line.split(":")[0]),
    ["source", "secret", "default_severity", "nonsense"],
  );
});

test("no refusal repeats a secret", async () => {
  const lines = [
    ...(await problemsOf({ source: "edr", plugin: "vendor", secret: "hidden-value" })),
    ...(await problemsOf({ source: "edr", secrets: ["hidden-value", "hidden-value"] })),
    ...(await problemsOf({ source: "edr", secret: `hidden-value${"x".repeat(2_000)}` })),
  ];
  assert.equal(lines.length, 3);
  for (const line of lines) assert.ok(!line.includes("hidden-value"), line);
});

test("a change must change something, and never the name", async () => {
  assert.match((await problemsOf({}, true)).join(), /must name at least one field to change/);
  assert.match((await problemsOf({ source: "other" }, true)).join(), /^source: is not allowed/);
  assert.match(
    (await problemsOf({ secret: "a", add_secret: "b" }, true)).join(),
    /only one of secret, secrets and add_secret/,
  );
});

test("left out, everything but the name and the secret has a default", async () => {
  const { view } = await aSourceList().register({ source: "edr", secret: testSecret });
  const { signature: _, secrets: __, created_at: ___, updated_at: ____, ...fields } = view;
  assert.deepEqual(fields, {
    source: "edr",
    plugin: "auto",
    auto_triage: false,
    playbook: null,
    severity_mapping: {},
    default_severity: "medium",
    options: {},
    processing: "immediate",
    tolerance_seconds: null,
    rate_limit: null,
    grouping: null,
    enabled: true,
    origin: "api",
  });
});

test("the words of a severity mapping are kept in lower case, since case makes no difference", async () => {
  const sources = aSourceList();
  const { view } = await sources.register({
    source: "edr",
    secret: testSecret,
    severity_mapping: { " HIGH ": "critical", Mittel: "medium", "4": "high" },
  });
  assert.deepEqual(view.severity_mapping, { high: "critical", mittel: "medium", "4": "high" });
  const { view: changed } = await sources.update("edr", { severity_mapping: { Sev1: "critical" } });
  assert.deepEqual(changed.severity_mapping, { sev1: "critical" });
});

test("a key that reaches a prototype changes none", async () => {
  const input = JSON.parse(
    '{"source":"edr","secret":"s","__proto__":{"polluted":1},"severity_mapping":{"__proto__":"high"}}',
  );
  await aSourceList()
    .register(input)
    .catch(() => undefined);
  assert.equal("polluted" in {}, false);
});

test("a secret replaces all, secrets replace all, an added one comes first and the oldest goes", () => {
  const before = ["e", "d", "c", "b", "a"];
  assert.deepEqual(activeSecrets({}, before), before);
  assert.deepEqual(activeSecrets({ secret: "new" }, before), ["new"]);
  assert.deepEqual(activeSecrets({ secrets: ["x", "y"] }, before), ["x", "y"]);
  assert.deepEqual(activeSecrets({ add_secret: "f" }, before), ["f", "e", "d", "c", "b"]);
  assert.deepEqual(activeSecrets({ add_secret: "c" }, before), ["c", "e", "d", "b", "a"]);
});
