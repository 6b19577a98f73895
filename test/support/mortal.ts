/** Processes that end themselves, without any farewell, before one of the writes that they make. */
import { execFile } from "node:child_process";

/** The writes of this process, as it counts them. */
export interface Mortal {
  /** Makes a write, or ends the process where this is the one that it does not live to make. */
  readonly counted: <Result>(write: () => Promise<Result>) => Promise<Result>;
  readonly writes: () => number;
}

/** @param last before which write this process ends; 0 for none */
export function mortal(last: number): Mortal {
  let writes = 0;
  return {
    counted(write) {
      writes += 1;
      if (writes === last) process.kill(process.pid, "SIGKILL");
      return write();
    },
    writes: () => writes,
  };
}

/** Runs such a process. @returns how it ended: the signal, or what it printed */
export function runMortal(
  script: string,
  ...argv: readonly string[]
): Promise<{ readonly signal: string | null; readonly stdout: string }> {
  return new Promise((settled) => {
    execFile(process.execPath, [script, ...argv], { timeout: 30_000 }, (error, stdout) => {
      settled({ signal: error?.signal ?? null, stdout });
    });
  });
}
