/** Whatever a stranger writes: no scheme throws, and what verifies still has in it what was signed. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { SignatureScheme, Verification } from "@thruway/sdk";
import * as fc from "fast-check";
import { readSnsMessage } from "../../sdk/sns-message.ts";
import { aDelivery, type Parts } from "../unit/sdk/a-delivery.ts";
import { fetchOf, readSuites } from "./suites.ts";
import type { Vector } from "./vector.ts";

const suites = await readSuites();
const runs = { numRuns: 150 };

async function say({ scheme, ...vector }: Vector, parts: Parts): Promise<Verification> {
  const delivery = aDelivery({ ...vector.delivery, ...parts });
  return scheme.verify(delivery, { secrets: vector.secrets, allowUnsigned: false }, fetchOf(vector));
}

/** Pieces that the grammars of the headers are made of, and what lies just beside them. */
const piece = fc.oneof(
  fc.constantFrom(
    ...Array.from('=,;:"\\ %.\t/+-_{}[]tv01'),
    "v1=",
    "v0=",
    "v1,",
    "v1a,",
    "t=",
    "sha256=",
    "SHA2-256(stdin)= ",
    "Bearer ",
    "Basic ",
    "Hash=",
    'Subject="',
    "whsec_",
    "-----BEGIN CERTIFICATE-----",
    "1705320001",
    "2024-01-15T12:00:01Z",
    "A".repeat(44),
    "0".repeat(64),
    "eyJhbGciOiJub25lIn0",
    "\u00a0",
    "ü",
    "\u0000",
  ),
  fc.string({ maxLength: 8, unit: "binary" }),
);
const garbage = fc.array(piece, { maxLength: 12 }).map((pieces) => pieces.join(""));

/** A text with one stretch of it cut out, doubled, or replaced by garbage. */
function edited(text: string): fc.Arbitrary<string> {
  return fc
    .tuple(fc.nat(text.length), fc.nat(Math.min(20, text.length)), garbage, fc.constantFrom("cut", "double", "replace"))
    .map(([at, length, other, how]) => {
      const stretch = text.slice(at, at + length);
      const between = { cut: "", double: stretch + stretch, replace: other }[how];
      return text.slice(0, at) + between + text.slice(at + length);
    });
}

/** What no change may take from a header that still verifies: its longest run of digits and letters that is no filler. */
function essence(text: string): string {
  const runs = (text.match(/[A-Za-z0-9]+/g) ?? []).filter((run) => run.length < 8 || new Set(run).size > 2);
  return runs.reduce((longest, run) => (run.length > longest.length ? run : longest), "");
}

function headerOf(vector: Vector, name: string): string {
  const found = Object.entries(vector.delivery.headers ?? {}).find(([each]) => each.toLowerCase() === name);
  return String(found?.[1] ?? "");
}

function withHeader(vector: Vector, name: string, value: string | readonly string[]): Parts {
  const others = Object.entries(vector.delivery.headers ?? {}).filter(([each]) => each.toLowerCase() !== name);
  return { headers: { ...Object.fromEntries(others), [name]: value } };
}

for (const { name, vectors } of suites) {
  describe(name, () => {
    for (const vector of vectors) {
      for (const header of vector.needs) {
        const good = headerOf(vector, header);

        test(`${vector.title}: garbage in ${header} is refused`, async () => {
          const property = fc.asyncProperty(fc.oneof(garbage, fc.array(garbage, { maxLength: 3 })), async (value) => {
            const said = await say(vector, withHeader(vector, header, value));
            assert.equal(said.verified, false);
          });
          await fc.assert(property, runs);
        });

        test(`${vector.title}: what still verifies of a bent ${header} still has it in it`, async () => {
          const property = fc.asyncProperty(edited(good), async (value) => {
            const said = await say(vector, withHeader(vector, header, value));
            if (said.verified) assert.ok(value.toLowerCase().includes(essence(good).toLowerCase()), value);
          });
          await fc.assert(property, runs);
        });
      }

      test(`${vector.title}: a bent address or body throws nothing`, async () => {
        const url = vector.delivery.url ?? "/api/webhooks/edr";
        const body = String(vector.delivery.body ?? "{}");
        const property = fc.asyncProperty(edited(url), edited(body), async (bentUrl, bentBody) => {
          const bent = { url: `/${bentUrl.replaceAll(/[\s\\]/g, "")}`, body: bentBody };
          assert.equal(typeof (await say(vector, bent)).verified, "boolean");
        });
        await fc.assert(property, runs);
      });
    }
  });
}

function schemeOf(name: string): Vector {
  return suites.find((suite) => suite.name === name)?.vectors[0] ?? assert.fail(name);
}

test("a message of SNS that is bent and still verifies says what it said", async () => {
  const vector = suites.find(({ name }) => name === "aws-sns")?.vectors[1] ?? assert.fail();
  const good = String(vector.delivery.body);
  const signed = (body: string): unknown => {
    const { MessageId, TopicArn, Message, Subject, Timestamp, Type } = readSnsMessage(Buffer.from(body)) ?? {};
    return { MessageId, TopicArn, Message, Subject, Timestamp, Type };
  };
  const property = fc.asyncProperty(edited(good), async (body) => {
    if ((await say(vector, { body })).verified) assert.deepEqual(signed(body), signed(good));
  });
  await fc.assert(property, { numRuns: 500 });
});

test("a body that is bent and still has the secret has it everywhere", async () => {
  const vector = schemeOf("body-secret");
  const body = JSON.stringify({ value: [{ clientState: "test-client-state" }, { clientState: "test-client-state" }] });
  const property = fc.asyncProperty(edited(body), async (bent) => {
    if (!(await say(vector, { body: bent })).verified) return;
    const states = JSON.parse(bent).value.map(({ clientState }: { readonly clientState: unknown }) => clientState);
    assert.deepEqual([...new Set(states)], ["test-client-state"]);
  });
  await fc.assert(property, { numRuns: 500 });
});

test("no secret of a wrong form makes a scheme throw, or let anybody in", async () => {
  for (const { vectors } of suites) {
    for (const vector of vectors.filter(({ wrongSecret }) => wrongSecret !== undefined)) {
      const property = fc.asyncProperty(garbage, async (secret) => {
        assert.match(vector.scheme.secretProblem?.(secret) ?? "", /^(|must .*|is .*)$/);
        const said = await say({ ...vector, secrets: [secret] }, {});
        assert.equal(said.verified, false);
      });
      await fc.assert(property, { numRuns: 30 });
    }
  }
});

test("presents and canSign answer whatever comes", () => {
  const all: readonly SignatureScheme[] = suites.flatMap(({ vectors }) => vectors.map(({ scheme }) => scheme));
  const property = fc.property(garbage, garbage, (value, body) => {
    for (const scheme of all) {
      const delivery = aDelivery({ body, headers: { authorization: value, "x-sig": value } });
      assert.equal(typeof scheme.presents(delivery), "boolean");
      assert.equal(typeof (scheme.canSign?.(value) ?? true), "boolean");
    }
  });
  fc.assert(property, runs);
});
