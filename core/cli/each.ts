/**
 * Works through a list, so many at once, in its order.
 *
 * @param goesOn asked before each; once it says no, what is under way is finished and nothing more begun
 * @throws what `work` throws first; nothing more is begun then either
 */
export async function each<T>(
  items: readonly T[],
  atOnce: number,
  work: (item: T) => Promise<void>,
  goesOn: () => boolean = () => true,
): Promise<void> {
  let next = 0;
  let failed = false;

  async function run(): Promise<void> {
    while (next < items.length && !failed && goesOn()) {
      const item = items[next] as T;
      next += 1;
      try {
        await work(item);
      } catch (error) {
        failed = true;
        throw error;
      }
    }
  }

  const running = await Promise.allSettled(Array.from({ length: Math.min(atOnce, items.length) }, run));
  for (const result of running) if (result.status === "rejected") throw result.reason;
}
