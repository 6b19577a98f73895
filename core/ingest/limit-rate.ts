import type { RateLimiterMemory } from "rate-limiter-flexible";
import { Refusal } from "../errors.ts";

/**
 * Spends one of the points that `key` has left.
 *
 * @throws {Refusal} rate_limited, with the seconds after which there are points again
 */
export async function limitRate(limiter: RateLimiterMemory, key: string): Promise<void> {
  try {
    await limiter.consume(key);
  } catch (result) {
    if (result instanceof Error) throw result;
    const { msBeforeNext } = result as { readonly msBeforeNext: number };
    const retryAfterSeconds = Math.max(1, Math.ceil(msBeforeNext / 1000));
    throw new Refusal("rate_limited", {
      message: `Too many requests; come back in ${retryAfterSeconds} s`,
      retryAfterSeconds,
    });
  }
}
