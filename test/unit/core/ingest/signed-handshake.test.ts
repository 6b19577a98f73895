import assert from "node:assert/strict";
import { test } from "node:test";
import { type Fetch, type Handshake, ignore, type Reply } from "@thruway/sdk";
import { Refusal } from "../../../../core/errors.ts";
import { handshake } from "../../../../core/ingest/handshake.ts";
import { signedHandshake } from "../../../../core/ingest/signed-handshake.ts";
import { aDelivery } from "../../sdk/a-delivery.ts";
import { aPlugin } from "../builders.ts";

const fetch: Fetch = () => Promise.resolve({ ok: false });
const reply: Reply = { status: 200, type: "text/plain", body: "a" };

function of(given: Handshake): ReturnType<ReturnType<typeof aPlugin>["handshake"]["of"]> {
  return aPlugin({ handshake: given }).handshake.of({});
}

test("a source without one has nothing to say", () => {
  assert.equal(signedHandshake(aDelivery(), { handshake: {} }, fetch), undefined);
});

test("what is answered at once is no promise, and what is not is one", async () => {
  assert.equal(signedHandshake(aDelivery(), { handshake: of({ after: () => reply }) }, fetch), reply);
  assert.deepEqual(signedHandshake(aDelivery(), { handshake: of({ after: () => ignore("a ping") }) }, fetch), {
    ignored: "a ping",
  });
  const promise = signedHandshake(aDelivery(), { handshake: of({ after: () => Promise.resolve(reply) }) }, fetch);
  assert.ok(promise instanceof Promise);
  assert.equal(await promise, reply);
});

test("it is given what it may fetch by", async () => {
  const given = of({
    after: async (_, __, fetch) => ((await fetch({ url: "", host: "", freshForSeconds: 0 })).ok ? reply : ignore("no")),
  });
  assert.deepEqual(await signedHandshake(aDelivery(), { handshake: given }, fetch), { ignored: "no" });
});

test("a vendor that does not answer in turn is told to come again", async () => {
  const away = of({ after: () => Promise.resolve({ unreachable: true }) });
  await assert.rejects(
    async () => signedHandshake(aDelivery(), { handshake: away }, fetch),
    (error) => {
      assert.ok(error instanceof Refusal);
      assert.deepEqual([error.code, error.status, error.retryAfterSeconds], ["vendor_unreachable", 503, 30]);
      return true;
    },
  );
});

test("an answer that a browser would take for a page, or that is none, is a bug of the plugin's", () => {
  for (const wrong of [
    { ...reply, type: "text/html" },
    { ...reply, status: 302 },
    { ...reply, status: "200" },
    { ...reply, body: "a".repeat(4_097) },
    { ...reply, body: 5 },
  ] as unknown as readonly Reply[]) {
    const given = of({ before: () => wrong, after: () => wrong });
    assert.throws(() => signedHandshake(aDelivery(), { handshake: given }, fetch), TypeError);
    const identified = { known: true, source: { enabled: true, handshake: given } } as Parameters<typeof handshake>[1];
    assert.throws(() => handshake(aDelivery(), identified), TypeError);
  }
});

test("a plugin may choose it by the source's options, or give a function for one that is not signed", () => {
  const chosen = aPlugin({
    handshake: { choose: (options: object) => ("a" in options ? { before: () => reply } : undefined) },
  });
  assert.equal(chosen.handshake.of({ a: 1 }).before?.(aDelivery()), reply);
  assert.deepEqual(chosen.handshake.of({}), {});
  const plain = aPlugin({ handshake: () => reply });
  assert.equal(plain.handshake.of({}).before?.(aDelivery()), reply);
  assert.equal(plain.handshake.of({}).after, undefined);
  assert.equal(plain.handshake(aDelivery(), {}), reply);
});
