/** Who has worked for that long did not fail at once. */
const longEnoughMs = 10_000;
const firstDelayMs = 100;
const longestDelayMs = 5_000;

/**
 * How long to wait before something is started again: not at all where it worked for a while, and longer each time where it
 * ends at once, again and again.
 *
 * @returns a function from the milliseconds that it worked to those to wait
 */
export function createBackoff(): (workedMs: number) => number {
  let delay = 0;
  return (workedMs) => {
    delay = workedMs >= longEnoughMs ? 0 : Math.min(longestDelayMs, Math.max(firstDelayMs, delay * 2));
    return delay;
  };
}
