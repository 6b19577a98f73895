import assert from "node:assert/strict";
import { test } from "node:test";
import { severities } from "@thruway/sdk";
import * as fc from "fast-check";
import { outcomes } from "../../../../../core/store/ports.ts";
import { packBatch, packCommit, packDraft } from "../../../../../core/store/sqlite/packed.ts";
import { aDelivery, aDraft } from "../../../../contracts/builders.ts";

const someText = fc.string({ unit: "grapheme" });
const someMs = fc.nat(1_000_000).map((micro) => micro / 1_000);
const someDelivery = fc
  .record({
    source: someText,
    outcome: fc.constantFrom(...outcomes),
    reason: fc.option(someText),
    details: fc.option(
      fc.array(fc.record({ path: someText, message: someText }, { noNullPrototype: true }), { maxLength: 3 }),
    ),
    key: someText,
    body: fc.uint8Array({ maxLength: 50 }),
    body_bytes: fc.maxSafeNat(),
    stages: fc.array(
      fc.record({ stage: someText, start_ms: someMs, ms: someMs, ok: fc.boolean() }, { noNullPrototype: true }),
      {
        maxLength: 3,
      },
    ),
  })
  .map(aDelivery);
const someDraft = fc
  .record({
    external_id: fc.option(someText),
    title: someText,
    severity: fc.constantFrom(...severities),
    tags: fc.subarray(["test", "a", "tests"]),
    created_at: fc
      .date({ min: new Date(0), max: new Date("9999-12-31"), noInvalidDate: true })
      .map((date) => date.toISOString()),
  })
  .map(aDraft);
const someCommit = fc.record(
  {
    delivery: someDelivery,
    drafts: fc.array(someDraft, { maxLength: 3 }),
    claim: fc.record({ epoch: fc.nat(), at: fc.date({ noInvalidDate: true }) }, { noNullPrototype: true }),
  },
  { requiredKeys: ["delivery", "drafts"], noNullPrototype: true },
);

test("a batch holds every commit whole, in its order", () => {
  fc.assert(
    fc.property(fc.array(someCommit, { maxLength: 8 }), (batch) => {
      const { commits, bodies } = packBatch(batch.map(packCommit));
      const unpacked = commits.map(({ key, bodyFrom, bodyTo, record, drafts, epoch, settledAt }) => ({
        delivery: { ...JSON.parse(record), key, body: bodies.slice(bodyFrom, bodyTo) },
        drafts: drafts.map(({ json }) => JSON.parse(json)),
        ...(epoch !== undefined && { claim: { epoch, at: new Date(settledAt ?? Number.NaN) } }),
      }));
      assert.deepEqual(unpacked, batch);
      assert.equal(
        bodies.length,
        batch.reduce((sum, { delivery }) => sum + delivery.body.length, 0),
      );
    }),
  );
});

test("what a row is found by says the same as the record", () => {
  fc.assert(
    fc.property(someCommit, (commit) => {
      const [packed] = packBatch([packCommit(commit)]).commits;
      for (const field of ["id", "source", "outcome", "code"] as const)
        assert.equal(packed?.[field], commit.delivery[field]);
    }),
  );
  fc.assert(
    fc.property(someDraft, (draft) => {
      const packed = packDraft(draft);
      for (const field of ["id", "source", "external_id", "type", "severity", "status"] as const) {
        assert.equal(packed[field], draft[field]);
      }
      assert.equal(packed.year, new Date(draft.created_at).getUTCFullYear());
      assert.equal(packed.test, draft.tags.includes("test") ? 1 : 0);
    }),
  );
});

test("packing changes nothing of the caller's, and shares no memory with it", () => {
  const body = Buffer.from("mine");
  const { bodies } = packBatch([packCommit({ delivery: aDelivery({ body }), drafts: [] })]);
  bodies.fill(0);
  assert.equal(body.toString(), "mine");
});
