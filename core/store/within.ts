import { StoreError } from "../errors.ts";

/** What a store was asked for did not come in time, and may yet happen. */
export class NoAnswer extends StoreError {}

/**
 * Waits for a store, but not for ever.
 *
 * @throws {NoAnswer} where it takes longer; what it does goes on
 */
export async function within<T>(milliseconds: number, work: () => Promise<T>): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new NoAnswer(`No answer within ${milliseconds} ms`)), milliseconds);
  try {
    return await Promise.race([work(), promise]);
  } finally {
    clearTimeout(timer);
  }
}
