import type { Output } from "./output.ts";

/** What a command may touch of the world around it. */
export interface Cli {
  readonly env: NodeJS.ProcessEnv;
  readonly stdin: NodeJS.ReadStream;
  readonly out: Output;
  readonly now: () => Date;
}

/** Every command that prints something takes it. */
export interface JsonOption {
  readonly json?: boolean;
}

export const jsonFlag = ["--json", "print JSON, for programs"] as const;
