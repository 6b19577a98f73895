import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, test } from "node:test";
import {
  anyOf,
  definePlugin,
  type HmacOptions,
  hmac,
  type Plugin,
  type SignatureScheme,
  staticToken,
  unsigned,
  webhookSignature,
} from "@thruway/sdk";
import { sendingScript } from "../../../../core/cli/plugin-kit/dev/curl.ts";
import { recipeOf } from "../../../../core/cli/plugin-kit/dev/recipe.ts";
import { sampleSource } from "../../../../core/cli/sample-source.ts";
import { aFolder } from "../../../support/gateway-process.ts";
import { missing } from "../../../support/page.ts";
import { aDelivery } from "../../sdk/a-delivery.ts";
import { aDefinition } from "../../sdk/a-plugin.ts";

const url = "/api/webhooks/kitchen";
const text = '{"id":"a","note":"it\'s \\"$HOME\\" `x` \\\\ ünï"}\n';

function scriptOf(signature: SignatureScheme, secret?: string, at = new Date()): string {
  const plugin: Plugin = definePlugin(aDefinition({ signature }));
  const source = sampleSource("kitchen", plugin, {}, secret);
  const bytes = Buffer.from(text);
  return sendingScript({ gatewayUrl: "http://127.0.0.1:8080", source, plugin, body: { text }, bytes, at });
}

/** Runs a script with a curl that shows what it was given, and takes that as a delivery. */
function sent(script: string): Parameters<SignatureScheme["verify"]>[0] {
  const shown = `curl() { printf '%s\\0' "$@"; }\n${script}`;
  const given = execFileSync("bash", ["-c", shown], { encoding: "utf8" }).split("\0").slice(0, -1);
  const to = given[1] ?? "";
  assert.ok(to.startsWith("http://127.0.0.1:8080/"), to);
  const headers = given.flatMap((argument, index) => (argument === "-H" ? [given[index + 1] ?? ""] : []));
  return aDelivery({
    url: to.replace("http://127.0.0.1:8080", ""),
    body: given.at(-1) ?? "",
    headers: Object.fromEntries(headers.map((header) => header.split(/: (.*)/s).slice(0, 2))),
  });
}

const secret = "throw-away-secret-0123456789abcdef";
const time = (unit: "s" | "ms" | "iso") => ({ header: "X-Time", unit });

const common: Readonly<Record<string, SignatureScheme>> = {
  "Thruway's own": webhookSignature(),
  ...Object.fromEntries(
    (
      [
        { header: "X-Sig" },
        { header: "X-Sig", algorithm: "sha1", prefix: "sha1=" },
        { header: "X-Sig", algorithm: "sha512", encoding: "base64" },
        { header: "X-Sig", signs: "{timestamp}:{body}", timestamp: time("ms") },
        { header: "X-Sig", signs: "{body}{timestamp}", encoding: "base64", timestamp: time("iso") },
        { header: "X-Sig", signs: "v0:{timestamp}:{body}", prefix: "v0=", timestamp: time("s") },
        { header: "X-Sig", signs: "{timestamp}\n{body}", timestamp: time("s") },
      ] satisfies readonly HmacOptions[]
    ).map((options) => [JSON.stringify(options), hmac(options)]),
  ),
  "one of several": anyOf(webhookSignature(), staticToken({ header: "X-Token" })),
  "a token in a header": staticToken({ header: "Authorization", prefix: "Bearer " }),
  "a token in the URL": staticToken({ query: "token" }),
};

const absent = missing("bash", "openssl");
const skip = absent.length > 0 && `NOT RUN: this machine has no ${absent.join(", ")}`;

describe("a shell signs as the sender would:", { skip }, () => {
  for (const [name, scheme] of Object.entries(common)) {
    test(name, async () => {
      assert.ok(recipeOf(scheme, url), "no recipe is found");
      const delivery = sent(scriptOf(scheme, secret));
      const result = await scheme.verify(delivery, { secrets: [secret], allowUnsigned: false });
      assert.ok(result.verified, JSON.stringify(result));
      assert.ok(!(await scheme.verify(delivery, { secrets: ["another-secret"], allowUnsigned: false })).verified);
      assert.equal(Buffer.from(delivery.body).toString(), text);
    });
  }
});

describe("a scheme that openssl cannot do is signed already:", { skip }, () => {
  const odd: Readonly<Record<string, SignatureScheme>> = {
    "an id in it": hmac({ header: "X-Sig", signs: "{id}.{body}", id: { header: "X-Id" } }),
    "the address in it": hmac({ header: "X-Sig", signs: "{url}{body}" }),
    "a time with a fraction": hmac({
      header: "X-Sig",
      signs: "{body}{timestamp}",
      timestamp: { header: "X-Time", unit: "float" },
    }),
  };
  for (const [name, scheme] of Object.entries(odd)) {
    test(name, async () => {
      assert.equal(recipeOf(scheme, url), undefined);
      const script = scriptOf(scheme, secret);
      assert.match(script, /^# This scheme is not one of those that openssl can do/);
      const delivery = sent(script);
      assert.ok((await scheme.verify(delivery, { secrets: [secret], allowUnsigned: false })).verified);
      assert.ok(!script.includes(secret), "the secret is not needed");
    });
  }

  test("a secret that a URL would have to encode", () => {
    const scheme = staticToken({ query: "token" });
    const delivery = sent(scriptOf(scheme, "a&b c"));
    assert.ok(scheme.verify(delivery, { secrets: ["a&b c"], allowUnsigned: false }).verified);
  });
});

test("the body can be a file, whatever its name", { skip }, async () => {
  await using place = await aFolder();
  const file = join(place.path, "it's a sample.json");
  await writeFile(file, text);
  const plugin = definePlugin(aDefinition());
  const source = sampleSource("kitchen", plugin, {}, secret);
  const bytes = Buffer.from(text);
  const script = sendingScript({
    gatewayUrl: "http://127.0.0.1:8080",
    source,
    plugin,
    body: { file },
    bytes,
    at: new Date(),
  });
  const delivery = sent(script);
  assert.ok(webhookSignature().verify(delivery, { secrets: [secret], allowUnsigned: false }).verified);
  // A shell takes the line break from the end of what it reads, before it signs.
  assert.equal(Buffer.from(delivery.body).toString(), text.trimEnd());
});

test("what nobody signs is sent as it is", { skip }, () => {
  const scheme = unsigned("it is a toaster");
  const delivery = sent(scriptOf(scheme));
  assert.ok(scheme.verify(delivery, { secrets: [], allowUnsigned: true }).verified);
});
