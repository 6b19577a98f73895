import assert from "node:assert/strict";
import { test } from "node:test";
import { Refusal } from "../../../../core/errors.ts";
import { checkFreshness } from "../../../../core/ingest/check-freshness.ts";
import { aSourceList, noon, testSecret } from "../builders.ts";

interface Given {
  /** Of the source. */
  readonly tolerance?: number | null;
  /** Of the scheme. */
  readonly usual?: number;
}

/** What becomes of a delivery that was signed so many seconds before noon and received at noon; `undefined` when it goes on. */
async function whenSigned(
  secondsBefore: number | undefined,
  { tolerance = null, usual = 300 }: Given = {},
): Promise<Refusal | undefined> {
  const sources = aSourceList();
  await sources.register({ source: "edr", secret: testSecret, tolerance_seconds: tolerance });
  const source = sources.find("edr");
  assert.ok(source);
  const timestamp = secondsBefore === undefined ? {} : { timestamp: new Date(noon.getTime() - secondsBefore * 1000) };
  const proof = {
    verified: true,
    scheme: "webhook",
    signed: Buffer.from(""),
    toleranceSeconds: usual,
    ...timestamp,
  } as const;
  try {
    checkFreshness({ source, proof }, noon);
    return undefined;
  } catch (error) {
    assert.ok(error instanceof Refusal, String(error));
    return error;
  }
}

test("300 seconds is fresh, both ways, and so is everything between", async () => {
  for (const seconds of [300, 299.999, 1, 0, -1, -299.999, -300]) assert.equal(await whenSigned(seconds), undefined);
});

test("what is older than 300 seconds has expired, with the words of the documentation", async () => {
  for (const seconds of [300.001, 301, 86_400, 1e9]) {
    const refusal = await whenSigned(seconds);
    assert.equal(refusal?.code, "timestamp_expired");
    assert.equal(refusal?.message, "Webhook timestamp is too old (>5 minutes)");
    assert.equal(refusal?.status, 401);
  }
});

test("what is more than 300 seconds in the future is not valid", async () => {
  for (const seconds of [-300.001, -301, -86_400]) {
    const refusal = await whenSigned(seconds);
    assert.equal(refusal?.code, "invalid_timestamp");
    assert.equal(refusal?.message, "Webhook timestamp is more than 5 minutes in the future");
    assert.equal(refusal?.status, 401);
  }
});

test("the source's own tolerance goes before the scheme's", async () => {
  assert.equal(await whenSigned(60, { tolerance: 60 }), undefined);
  assert.equal((await whenSigned(61, { tolerance: 60 }))?.message, "Webhook timestamp is too old (>1 minute)");
  assert.equal((await whenSigned(2, { tolerance: 1 }))?.message, "Webhook timestamp is too old (>1 second)");
  assert.equal(
    (await whenSigned(-91, { tolerance: 90 }))?.message,
    "Webhook timestamp is more than 90 seconds in the future",
  );
  assert.equal(await whenSigned(3_600, { tolerance: 3_600 }), undefined);
});

test("a scheme's tolerance counts where the source says nothing", async () => {
  assert.equal(await whenSigned(600, { usual: 600 }), undefined);
  assert.equal((await whenSigned(601, { usual: 600 }))?.code, "timestamp_expired");
});

test("a scheme without a signed time is always fresh", async () => {
  assert.equal(await whenSigned(undefined), undefined);
});
