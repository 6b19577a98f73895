/** Every scheme against requests that its vendor, a standard or another implementation has signed; and against what is nearly one. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { type Delivery, takesSecret, type Verification } from "@thruway/sdk";
import { Refusal } from "../../core/errors.ts";
import { checkFreshness } from "../../core/ingest/check-freshness.ts";
import type { Source } from "../../core/sources/sources.ts";
import { aDelivery, type Parts } from "../unit/sdk/a-delivery.ts";
import { fetchOf, readSuites } from "./suites.ts";
import type { Vector } from "./vector.ts";

const suites = await readSuites();
const counted = { vectors: 0, published: 0, refusals: 0 };

async function say(vector: Vector, parts: Parts = {}, secrets = vector.secrets): Promise<Verification> {
  const delivery = aDelivery({ ...vector.delivery, ...parts });
  return vector.scheme.verify(delivery, { secrets, allowUnsigned: false }, fetchOf(vector));
}

async function refuses(vector: Vector, what: string, parts: Parts = {}, secrets = vector.secrets): Promise<void> {
  const said = await say(vector, parts, secrets);
  assert.equal(said.verified, false, `${what} is let in`);
  counted.refusals += 1;
}

/** The request with the header taken out, or sent twice. */
function headersWith(vector: Vector, name: string, times: 0 | 2): Parts {
  const headers = Object.entries(vector.delivery.headers ?? {}).flatMap(([each, value]) => {
    if (each.toLowerCase() !== name) return [[each, value] as const];
    return times === 0 ? [] : [[each, [value, value].flat()] as const];
  });
  return { headers: Object.fromEntries(headers) };
}

function flipped(body: Uint8Array, index: number): Uint8Array {
  return Uint8Array.from(body, (byte, at) => (at === index ? byte ^ 1 : byte));
}

function freshness(vector: Vector, said: Verification, seconds: number): string {
  assert.ok(said.verified);
  const source = { toleranceSeconds: null } as Source;
  const receivedAt = new Date(new Date(vector.sentAt ?? 0).getTime() + seconds * 1000);
  try {
    checkFreshness({ source, proof: said }, receivedAt);
    return "fresh";
  } catch (error) {
    assert.ok(error instanceof Refusal);
    counted.refusals += 1;
    return error.code;
  }
}

for (const { name, vectors } of suites) {
  describe(name, () => {
    assert.ok(vectors.length > 0, `${name} has no vector`);
    for (const vector of vectors) {
      counted.vectors += 1;
      if (vector.published) counted.published += 1;
      const { scheme, secrets, wrongSecret } = vector;
      const delivery: Delivery = aDelivery(vector.delivery);

      test(`${vector.title}: is let in (${vector.source})`, async () => {
        const said = await say(vector);
        assert.ok(said.verified, JSON.stringify(said));
        assert.equal(said.timestamp?.toISOString(), vector.sentAt);
        assert.ok(said.signed.length > 0 || delivery.body.length === 0);
      });

      test(`${vector.title}: a changed byte is refused, or the scheme does not say that it proves the body`, async () => {
        const last = delivery.body.length - 1;
        const indexes = vector.flips ?? (scheme.provesBody ? [0, Math.floor(last / 2), last] : []);
        assert.ok(scheme.provesBody || indexes.length === 0);
        for (const index of indexes) await refuses(vector, `byte ${index}`, { body: flipped(delivery.body, index) });
      });

      test(`${vector.title}: any of several secrets lets it in, and no other does`, async () => {
        assert.equal(takesSecret(scheme), wrongSecret !== undefined);
        if (wrongSecret === undefined) return;
        for (const each of [...secrets, wrongSecret]) assert.equal(scheme.secretProblem?.(each), undefined, each);
        assert.ok((await say(vector, {}, [wrongSecret, ...secrets])).verified);
        assert.ok((await say(vector, {}, [...secrets, wrongSecret])).verified);
        await refuses(vector, "another secret", {}, [wrongSecret]);
        await refuses(vector, "no secret", {}, []);
        await refuses(vector, "the empty secret", {}, [""]);
      });

      test(`${vector.title}: each of its headers must be there, and once`, async () => {
        for (const header of vector.needs) {
          await refuses(vector, `without ${header}`, headersWith(vector, header, 0));
          await refuses(vector, `with ${header} twice`, headersWith(vector, header, 2));
        }
      });

      test(`${vector.title}: what was sent long ago, or will be, is refused`, async () => {
        if (vector.sentAt === undefined) return;
        const said = await say(vector);
        const tolerance = said.verified ? said.toleranceSeconds : 0;
        assert.equal(freshness(vector, said, tolerance), "fresh");
        assert.equal(freshness(vector, said, -tolerance), "fresh");
        assert.equal(freshness(vector, said, tolerance + 1), "timestamp_expired");
        assert.equal(freshness(vector, said, -tolerance - 1), "invalid_timestamp");
      });

      for (const [what, parts] of Object.entries(vector.refused ?? {})) {
        test(`${vector.title}: ${what}: is refused`, () => refuses(vector, what, parts));
      }

      if (vector.fetched !== undefined) {
        test(`${vector.title}: without what it has to fetch nobody is let in, and everybody may come again`, async () => {
          const credentials = { secrets, allowUnsigned: false };
          for (const fetch of [undefined, fetchOf({})]) {
            const said = await scheme.verify(delivery, credentials, fetch);
            assert.deepEqual(said, { verified: false, code: "vendor_unreachable" });
            counted.refusals += 1;
          }
        });
      }
    }
  });
}

test("what was tried", (context) => {
  const { vectors, published, refusals } = counted;
  context.diagnostic(
    `${suites.length} signature schemes, ${vectors} vectors (${published} of them published), ${refusals} refusals`,
  );
  assert.ok(vectors >= suites.length && refusals > vectors);
});
