import { Refusal } from "../errors.ts";

/** A durable write costs one wait for the disk however much it carries, so what arrives during one wait shares the next. */
const mostPerBatch = 256;
/** Beyond this the store is not keeping up, and a sender is better told to come back than kept waiting. */
const mostWaiting = 10_000;

interface Waiting<Item, Result> {
  readonly item: Item;
  readonly resolve: (result: Result) => void;
  readonly reject: (error: unknown) => void;
}

/** Resolves with an item's result once its batch is written, and rejects with what the write threw. */
export interface GroupCommit<Item, Result> {
  (item: Item): Promise<Result>;
  /** Resolves once nothing waits and nothing is being written. */
  idle(): Promise<void>;
}

/**
 * Gathers concurrent items into batches, one batch under way at a time. The first item of a quiet moment goes at once.
 *
 * @param write takes a batch and resolves with one result per item, in their order
 * @param onWrite told of each batch, before its items are; how long it took, in milliseconds
 */
export function groupCommit<Item, Result>(
  write: (batch: readonly Item[]) => Promise<readonly Result[]>,
  onWrite: (batch: readonly Item[], written: { readonly ms: number; readonly ok: boolean }) => void = () => {},
): GroupCommit<Item, Result> {
  let waiting: Waiting<Item, Result>[] = [];
  let draining: Promise<void> | undefined;

  async function drain(): Promise<void> {
    while (waiting.length > 0) {
      const batch = waiting.slice(0, mostPerBatch);
      waiting = waiting.slice(mostPerBatch);
      const items = batch.map(({ item }) => item);
      const since = performance.now();
      const written = (ok: boolean): void => onWrite(items, { ms: performance.now() - since, ok });
      try {
        const results = await Promise.try(write, items);
        written(true);
        for (const [index, { resolve }] of batch.entries()) resolve(results[index] as Result);
      } catch (error) {
        written(false);
        for (const { reject } of batch) reject(error);
      }
    }
    draining = undefined;
  }

  function commit(item: Item): Promise<Result> {
    return new Promise((resolve, reject) => {
      if (waiting.length >= mostWaiting) {
        reject(new Refusal("store_unavailable", { retryAfterSeconds: 5 }));
        return;
      }
      waiting.push({ item, resolve, reject });
      draining ??= drain();
    });
  }

  return Object.assign(commit, { idle: async () => draining });
}
