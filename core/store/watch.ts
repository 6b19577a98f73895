import type { OnSharedWrite } from "../trace.ts";
import type { Commit, CommitResult } from "./ports.ts";

/** Is told what a store does beside what it is asked for. */
export interface StoreWatch {
  /** Several deliveries were written together. */
  readonly onSharedWrite: OnSharedWrite;
  /** What waited in the spool is stored. */
  readonly onForwarded: (commit: Commit, result: CommitResult) => void;
}

export const unwatched: StoreWatch = { onSharedWrite: () => {}, onForwarded: () => {} };
