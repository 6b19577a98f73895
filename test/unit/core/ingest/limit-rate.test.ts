import assert from "node:assert/strict";
import { test } from "node:test";
import { RateLimiterMemory } from "rate-limiter-flexible";
import { Refusal } from "../../../../core/errors.ts";
import { limitRate } from "../../../../core/ingest/limit-rate.ts";

test("points are spent one by one, and then the sender is told when to come back", async () => {
  const limiter = new RateLimiterMemory({ points: 3, duration: 60 });
  for (let count = 0; count < 3; count++) await limitRate(limiter, "edr");
  await assert.rejects(limitRate(limiter, "edr"), (error) => {
    assert.ok(error instanceof Refusal);
    assert.equal(error.code, "rate_limited");
    assert.equal(error.status, 429);
    const { retryAfterSeconds } = error;
    assert.ok(retryAfterSeconds !== undefined && retryAfterSeconds > 55 && retryAfterSeconds <= 60);
    assert.equal(error.message, `Too many requests; come back in ${retryAfterSeconds} s`);
    return true;
  });
});

test("a flood of one spends nothing of another", async () => {
  const limiter = new RateLimiterMemory({ points: 1, duration: 60 });
  await limitRate(limiter, "edr");
  await assert.rejects(limitRate(limiter, "edr"), Refusal);
  await limitRate(limiter, "siem");
});

test("nobody is told to come back in no time at all", async () => {
  const soon = { consume: () => Promise.reject(Object.assign(Object.create(null), { msBeforeNext: 0 })) };
  await assert.rejects(limitRate(soon as unknown as RateLimiterMemory, "edr"), (error) => {
    assert.equal(error instanceof Refusal && error.retryAfterSeconds, 1);
    return true;
  });
});

test("a limiter that fails is not a sender that sends too much", async () => {
  const broken = { consume: () => Promise.reject(new Error("no memory")) };
  await assert.rejects(limitRate(broken as unknown as RateLimiterMemory, "edr"), /no memory/);
});
