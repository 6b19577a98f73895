import type { WriteStream } from "node:tty";

/** Standard output or standard error, a terminal or not. */
export type Stream = NodeJS.WritableStream & Partial<Pick<WriteStream, "isTTY" | "columns">>;

/** A line that is drawn over itself on a terminal; elsewhere each is a line of its own. */
export interface RedrawnLine {
  readonly isTerminal: boolean;
  show(text: string): void;
  /** Leaves what was shown last, and lets others write below it. */
  end(): void;
}

const toTheStart = "\r\u001b[2K";

export function redrawnLine(stream: Stream): RedrawnLine {
  const isTerminal = stream.isTTY === true;
  let isOpen = false;
  return {
    isTerminal,
    show(text) {
      // A line that wraps could not be drawn over; a terminal that does not know its width says 0.
      const fitted = isTerminal ? text.slice(0, (stream.columns || text.length + 1) - 1) : text;
      stream.write(isTerminal ? `${toTheStart}${fitted}` : `${fitted}\n`);
      isOpen = isTerminal;
    },
    end() {
      if (isOpen) stream.write("\n");
      isOpen = false;
    },
  };
}
