import { Refusal } from "../errors.ts";
import type { Authenticated } from "./authenticate.ts";

/**
 * Refuses a delivery whose signed time lies too far from the time of receipt, either way: what was captured long ago, and
 * what a sender with a wrong clock would let somebody replay later.
 *
 * @throws {Refusal} timestamp_expired, invalid_timestamp
 */
export function checkFreshness({ source, proof }: Authenticated, receivedAt: Date): void {
  if (proof.timestamp === undefined) return;
  const tolerance = source.toleranceSeconds ?? proof.toleranceSeconds;
  const age = receivedAt.getTime() - proof.timestamp.getTime();
  if (age > tolerance * 1000) {
    throw new Refusal("timestamp_expired", { message: `Webhook timestamp is too old (>${inWords(tolerance)})` });
  }
  if (age < -tolerance * 1000) {
    throw new Refusal("invalid_timestamp", {
      message: `Webhook timestamp is more than ${inWords(tolerance)} in the future`,
    });
  }
}

function inWords(seconds: number): string {
  const [count, unit] = seconds % 60 === 0 ? [seconds / 60, "minute"] : [seconds, "second"];
  return `${count} ${unit}${count === 1 ? "" : "s"}`;
}
