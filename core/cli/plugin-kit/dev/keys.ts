import type { Cli } from "../../cli.ts";

export interface Keys {
  close(): void;
}

/** What a key does; of a terminal at once, of a pipe as it is read. */
export function readKeys({ stdin }: Cli, { onSend, onStop }: { onSend: () => void; onStop: () => void }): Keys {
  const isTerminal = stdin.isTTY;
  const close = (): void => {
    if (stdin.destroyed) return;
    if (isTerminal) stdin.setRawMode(false);
    // A pipe that stays open would keep the process.
    stdin.off("data", take).destroy();
  };
  function take(text: string): void {
    for (const key of text) {
      if (key === "\r" || key === "\n" || key === "r") onSend();
      // A terminal that hands over each key hands over Ctrl-C as well.
      if (key === "q" || key === "\u0003") {
        close();
        onStop();
        return;
      }
    }
  }
  if (isTerminal) stdin.setRawMode(true);
  stdin.setEncoding("utf8").on("data", take);
  return { close };
}
