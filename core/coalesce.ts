/**
 * Does work for many who ask at once. Each who asks gets a run that began afterwards, and no two runs go on side by side, so
 * that any number of askers costs at most two.
 */
export function coalesce(work: () => Promise<void>): () => Promise<void> {
  let running: Promise<void> | undefined;
  let next: Promise<void> | undefined;

  function run(): Promise<void> {
    next = undefined;
    running = work().finally(() => {
      running = undefined;
    });
    return running;
  }

  return () => {
    if (running === undefined) return run();
    next ??= running.then(run, run);
    return next;
  };
}
