/**
 * How long to wait before something is tried again: from one second on, each time twice as long, less a random part of up to a
 * half, so that what failed together does not come back together.
 *
 * @param attempts how often it was tried, from 1 on
 * @param random 0 to 1
 */
export function retryDelayMs(attempts: number, longestMs: number, random: number): number {
  return Math.min(longestMs, 1_000 * 2 ** (attempts - 1)) * (1 - random / 2);
}
