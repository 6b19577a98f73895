/** What a piece of code wrote, and what it gave. */
export interface Captured<T> {
  readonly result: T;
  /** Of standard output and standard error, the console among them. */
  readonly written: string;
}

/** Runs something and takes note of what is written meanwhile; it is written all the same. */
export async function capturing<T>(run: () => Promise<T>): Promise<Captured<T>> {
  let written = "";
  const streams = [process.stdout, process.stderr];
  const restore = streams.map((stream) => {
    const write = stream.write.bind(stream) as (...given: unknown[]) => boolean;
    const own = Object.getOwnPropertyDescriptor(stream, "write");
    stream.write = (...given: unknown[]): boolean => {
      written += typeof given[0] === "string" ? given[0] : Buffer.from(given[0] as Uint8Array).toString("utf8");
      return write(...given);
    };
    // As a rule the stream has it from its class.
    return () =>
      own === undefined ? Reflect.deleteProperty(stream, "write") : Object.defineProperty(stream, "write", own);
  });
  try {
    const result = await run();
    // A warning is printed in the next turn.
    await new Promise((resolve) => setImmediate(resolve));
    return { result, written };
  } finally {
    for (const undo of restore) undo();
  }
}
