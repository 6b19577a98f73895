export interface StopSignal {
  readonly received: Promise<"stopped">;
  readonly isReceived: () => boolean;
  forget(): void;
}

/** A command that was ended by Ctrl-C before it was done; it has said itself how far it got. */
export class Interrupted extends Error {
  override readonly name = "Interrupted";
}

/** The first Ctrl-C (or SIGTERM) ends a command cleanly; a second one ends it at once. */
export function stopSignal(): StopSignal {
  const { promise, resolve } = Promise.withResolvers<"stopped">();
  let isReceived = false;
  const stop = (): void => {
    forget();
    isReceived = true;
    resolve("stopped");
  };
  const forget = (): void => void process.off("SIGINT", stop).off("SIGTERM", stop);
  process.on("SIGINT", stop).on("SIGTERM", stop);
  return { received: promise, isReceived: () => isReceived, forget };
}
