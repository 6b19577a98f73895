/** Waits for the end of something, whichever end it is, and no longer than that. It goes on by itself. */
export async function waitAtMost(milliseconds: number, work: Promise<unknown>): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, milliseconds);
  await Promise.race([promise, work.catch(() => {})]);
  clearTimeout(timer);
}
