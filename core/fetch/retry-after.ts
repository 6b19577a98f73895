/** Longer than this nobody is waited for: the queue's own schedule goes on. */
const longestMs = 3_600_000;

/**
 * What a `Retry-After` asks for, in milliseconds: seconds, or a date (RFC 9110, 10.2.3); `undefined` where it is absent or neither.
 *
 * @param now milliseconds since 1970
 */
export function retryAfterMs(header: string | null, now: number): number | undefined {
  if (header === null) return undefined;
  const value = header.trim();
  const milliseconds = /^\d{1,9}$/.test(value) ? Number(value) * 1000 : Date.parse(value) - now;
  return Number.isNaN(milliseconds) ? undefined : Math.min(Math.max(milliseconds, 0), longestMs);
}
