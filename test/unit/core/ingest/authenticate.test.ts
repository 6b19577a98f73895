import assert from "node:assert/strict";
import { test } from "node:test";
import { type Delivery, type Fetch, type SignatureScheme, type Verification, webhookSignature } from "@thruway/sdk";
import { Refusal } from "../../../../core/errors.ts";
import { type Authenticated, authenticate } from "../../../../core/ingest/authenticate.ts";
import { handshake } from "../../../../core/ingest/handshake.ts";
import { identify } from "../../../../core/ingest/identify.ts";
import { pluginsOf } from "../../../../core/registry/plugins.ts";
import { Sources } from "../../../../core/sources/sources.ts";
import { aPlugin, aSourceList, aSourceStore, noon, testSealer, testSecret } from "../builders.ts";

const body = Buffer.from('{"event_type":"test","data":{}}');

function signedWith(secret: string): Delivery {
  const { url, headers } = webhookSignature().sign({ url: "/api/webhooks/edr", body }, secret, noon);
  const sent = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, [value]]));
  const from = { address: "192.0.2.1", proxied: false };
  return { method: "POST", url, query: new URLSearchParams(), headers: sent, body, receivedAt: noon, ...from };
}

async function proven(
  delivery: Delivery,
  registration: Readonly<Record<string, unknown>> = {},
  name = "edr",
): Promise<Authenticated> {
  const sources = aSourceList();
  await sources.register({ source: "edr", secret: testSecret, ...registration });
  return authenticate(
    delivery,
    identify(name, (each) => sources.find(each)),
    name,
  );
}

async function refusalOf(...given: Parameters<typeof proven>): Promise<Refusal> {
  try {
    await proven(...given);
  } catch (error) {
    assert.ok(error instanceof Refusal, String(error));
    return error;
  }
  return assert.fail("it was let in");
}

test("the right signature lets in, with what it covers", async () => {
  const { source, proof } = await proven(signedWith(testSecret));
  assert.equal(source.name, "edr");
  assert.equal(Buffer.from(proof.signed).toString(), `${noon.getTime() / 1000}.${body.toString()}`);
  assert.deepEqual(proof.timestamp, noon);
});

test("every active secret lets in, and no other", async () => {
  const secrets = { secret: undefined, secrets: ["new-throw-away-test-secret", testSecret] };
  for (const secret of secrets.secrets) await proven(signedWith(secret), secrets);
  assert.equal((await refusalOf(signedWith("old-throw-away-test-secret"), secrets)).code, "invalid_signature");
});

test("a wrong signature is refused in the words of the documentation, and nothing is said of why", async () => {
  const refusal = await refusalOf(signedWith("wrong"));
  assert.equal(refusal.message, "Webhook signature verification failed");
  assert.equal(refusal.details, undefined);
});

test("a signature in the wrong form is told the form", async () => {
  const { headers, ...delivery } = signedWith(testSecret);
  const refusal = await refusalOf({ ...delivery, headers: { ...headers, "x-webhook-signature": ["abc123"] } });
  assert.equal(refusal.code, "invalid_signature");
  assert.deepEqual(
    refusal.details?.map(({ path }) => path),
    ["headers.x-webhook-signature"],
  );
});

test("an unknown source is refused in the words of the documentation, whatever the signature", async () => {
  for (const secret of [testSecret, "wrong"]) {
    const refusal = await refusalOf(signedWith(secret), {}, "unknown");
    assert.equal(refusal.code, "unknown_source");
    assert.equal(refusal.message, "Webhook source 'unknown' is not registered");
  }
});

test("a disabled source says so only to its own sender", async () => {
  assert.equal((await refusalOf(signedWith(testSecret), { enabled: false })).code, "source_disabled");
  assert.equal((await refusalOf(signedWith("wrong"), { enabled: false })).code, "invalid_signature");
});

test("a challenge is answered for a source that takes deliveries, and for no other", async () => {
  const reply = { status: 200, type: "text/plain", body: "challenge" } as const;
  const plugins = pluginsOf([aPlugin({ handshake: () => reply })]);
  const sources = new Sources({ store: aSourceStore(), plugins, sealer: testSealer, now: () => noon });
  await sources.register({ source: "edr", secret: testSecret, plugin: "signed" });
  await sources.register({ source: "off", secret: testSecret, plugin: "signed", enabled: false });
  await sources.register({ source: "auto", secret: testSecret });
  const answered = (name: string): unknown =>
    handshake(
      signedWith(testSecret),
      identify(name, (each) => sources.find(each)),
    );
  assert.equal(answered("edr"), reply);
  for (const name of ["off", "auto", "nobody"]) assert.equal(answered(name), undefined);
});

test("a scheme that says at once is not waited for, and one that fetches is, with what it fetches by", async () => {
  const sources = aSourceList();
  await sources.register({ source: "edr", secret: testSecret });
  const known = identify("edr", (each) => sources.find(each));
  assert.ok(!(authenticate(signedWith(testSecret), known, "edr") instanceof Promise));

  const source = sources.find("edr") ?? assert.fail();
  const fetching = (said: Verification): SignatureScheme => ({
    ...webhookSignature(),
    verify: async (_, __, fetch) => {
      assert.deepEqual(await fetch?.({ url: "", host: "", freshForSeconds: 0 }), { ok: false });
      return said;
    },
  });
  const fetch: Fetch = () => Promise.resolve({ ok: false });
  const proof = { verified: true, scheme: "mine", signed: body, toleranceSeconds: 300 } as const;
  const by = (said: Verification) =>
    authenticate(signedWith("any"), { known: true, source: { ...source, scheme: fetching(said) } }, "edr", fetch);
  assert.deepEqual((await by(proof)).proof, proof);
  await assert.rejects(
    async () => by({ verified: false, code: "vendor_unreachable" }),
    (error) => {
      assert.ok(error instanceof Refusal);
      assert.deepEqual([error.code, error.status, error.retryAfterSeconds], ["vendor_unreachable", 503, 10]);
      return true;
    },
  );
});
