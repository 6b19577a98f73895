/** One named check. Hand them to any test runner. */
export interface Check {
  readonly name: string;
  /** Throws a `CheckFailure`, or rejects with it. */
  readonly run: () => void | Promise<void>;
}

interface Explanation {
  /** One sentence. */
  readonly mend: string;
  readonly details?: readonly string[];
  readonly cause?: unknown;
}

/** What is wrong with a plugin, and what to do about it. A test runner shows its message, which holds all of it. */
export class CheckFailure extends Error {
  override readonly name = "CheckFailure";
  /** One sentence. */
  readonly wrong: string;
  /** Lines that show it: the difference between what was expected and what came. */
  readonly details: readonly string[];
  /** One sentence. */
  readonly mend: string;

  constructor(wrong: string, { mend, details = [], cause }: Explanation) {
    super([wrong, ...details, `To mend it: ${mend}`].join("\n"), { cause });
    this.wrong = wrong;
    this.details = details;
    this.mend = mend;
  }
}

/** An error in one line: `TypeError: x is not a function`. */
export function named(error: unknown): string {
  return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
}
