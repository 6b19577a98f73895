import assert from "node:assert/strict";
import { setTimeout as pause } from "node:timers/promises";

/** Refused deliveries are written beside the intake, and a start takes its time: asks until there is something, at most 10 s. */
export async function eventually<T>(ask: () => Promise<T | undefined>, withinMs = 10_000): Promise<T> {
  const giveUp = Date.now() + withinMs;
  for (;;) {
    const found = await ask();
    if (found !== undefined) return found;
    assert.ok(Date.now() < giveUp, "nothing came");
    await pause(20);
  }
}
