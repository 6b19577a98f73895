const signals = ["SIGTERM", "SIGINT"] as const;

export interface StopSignals {
  /** Resolves at the first of them. */
  readonly asked: Promise<"stop">;
  forget(): void;
}

/**
 * Listens for SIGTERM and SIGINT. The first asks for a clean stop, a second one ends the process at once.
 *
 * @param onSecond what is to be done before that
 */
export function stopSignals(onSecond: () => void = () => {}): StopSignals {
  const { promise, resolve } = Promise.withResolvers<"stop">();
  let stopping = false;

  function onSignal(signal: NodeJS.Signals): void {
    if (!stopping) {
      stopping = true;
      resolve("stop");
      return;
    }
    forget();
    onSecond();
    process.kill(process.pid, signal);
  }

  function forget(): void {
    for (const signal of signals) process.off(signal, onSignal);
  }

  for (const signal of signals) process.on(signal, onSignal);
  return { asked: promise, forget };
}
