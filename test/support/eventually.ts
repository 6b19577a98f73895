import assert from "node:assert/strict";
import { setTimeout as pause } from "node:timers/promises";

/**
 * Refused deliveries are written beside the intake, and a start takes its time: asks until there is something. What comes, comes
 * soon; the limit is for a machine that others use too.
 */
export async function eventually<T>(ask: () => Promise<T | undefined>, withinMs = 30_000): Promise<T> {
  const giveUp = Date.now() + withinMs;
  for (;;) {
    const found = await ask();
    if (found !== undefined) return found;
    assert.ok(Date.now() < giveUp, "nothing came");
    await pause(20);
  }
}
