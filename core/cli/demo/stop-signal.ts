export interface StopSignal {
  readonly received: Promise<"stopped">;
  forget(): void;
}

/** The first Ctrl-C ends the demo cleanly; a second one ends it at once. */
export function stopSignal(): StopSignal {
  const { promise, resolve } = Promise.withResolvers<"stopped">();
  const stop = (): void => {
    forget();
    resolve("stopped");
  };
  const forget = (): void => void process.off("SIGINT", stop).off("SIGTERM", stop);
  process.on("SIGINT", stop).on("SIGTERM", stop);
  return { received: promise, forget };
}
