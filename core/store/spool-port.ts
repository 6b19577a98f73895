import type { Commit } from "./ports.ts";

/** Where deliveries wait on the local disk while the store is away, and what a gateway must remember of the store until then. */
export interface Spool {
  readonly maxBytes: number;
  /** Resolves once it is on disk. @throws where the disk, or the spool, is full */
  append(commit: Commit): Promise<Kept>;
  /** The oldest, in their order. */
  oldest(limit: number): Promise<readonly Commit[]>;
  find(id: string): Promise<Commit | undefined>;
  remove(ids: readonly string[]): Promise<void>;
  /** Sets one aside that the store refuses for its own sake: it stays, and holds up nobody. */
  refuse(id: string, reason: string): Promise<void>;
  status(): Promise<SpoolStatus>;
  /** A text under a name, for the next start. */
  keep(name: string, value: string): Promise<void>;
  kept(name: string): Promise<string | undefined>;
  forget(name: string): Promise<void>;
  /** Whether this process forwards, until `until`; of several processes of one data folder one does. */
  mayForward(now: Date, until: Date): Promise<boolean>;
  close(): Promise<void>;
}

/** Which spooled delivery a commit is: itself, or the one of the same key that was there before. */
export interface Kept {
  readonly id: string;
  readonly duplicate: boolean;
}

export interface SpoolStatus {
  readonly deliveries: number;
  /** Of them, those that the store refused for their own sake. */
  readonly refused: number;
  readonly bytes: number;
}
