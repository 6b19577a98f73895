import { once } from "node:events";
import { Worker } from "node:worker_threads";
import { StoreError } from "../../errors.ts";
import type { Answer, Arguments, Operation, Request, Response } from "./operations.ts";

/** What comes and goes with each batch is small; left alone, V8 would let 100 MB of it pile up. */
const resourceLimits = { maxYoungGenerationSizeMb: 8 };

/** A database connection on a thread of its own. */
export interface Thread {
  /** Rejects with what the operation threw, or with the thread's end. */
  call<Op extends Operation>(operation: Op, ...values: Arguments<Op>): Promise<Answer<Op>>;
  /** Like `call`, but hands over `buffers` instead of copying them: they are empty here afterwards. */
  hand<Op extends Operation>(
    buffers: readonly ArrayBuffer[],
    operation: Op,
    ...values: Arguments<Op>
  ): Promise<Answer<Op>>;
  /** Answers what was asked before, then ends the thread. */
  close(): Promise<void>;
}

interface Pending {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: Error) => void;
}

/** Resolves once the database is open (and, for writing, of the newest schema); rejects with the reason when it cannot be. */
export async function startThread(path: string, mode: "write" | "read"): Promise<Thread> {
  const worker = new Worker(new URL("./worker.ts", import.meta.url), { workerData: { path, mode }, resourceLimits });
  const pending = new Map<number, Pending>();
  let lastId = 0;
  let ended: Error | undefined;

  await once(worker, "message");

  function end(error: Error): void {
    ended ??= error;
    for (const { reject } of pending.values()) reject(ended);
    pending.clear();
  }

  worker.on("error", end);
  worker.on("exit", () => end(new StoreError("The database thread has ended")));
  worker.on("message", (response: Response) => {
    const waiting = pending.get(response.id);
    pending.delete(response.id);
    if ("error" in response) waiting?.reject(new StoreError(response.error));
    else waiting?.resolve(response.value);
  });

  function call<Op extends Operation>(operation: Op, ...values: Arguments<Op>): Promise<Answer<Op>> {
    return hand([], operation, ...values);
  }

  function hand<Op extends Operation>(
    buffers: readonly ArrayBuffer[],
    operation: Op,
    ...values: Arguments<Op>
  ): Promise<Answer<Op>> {
    if (ended !== undefined) return Promise.reject(ended);
    return new Promise((resolve, reject) => {
      lastId += 1;
      pending.set(lastId, { resolve: (value) => resolve(value as Answer<Op>), reject });
      worker.postMessage({ id: lastId, operation, values } satisfies Request, [...buffers]);
    });
  }

  async function close(): Promise<void> {
    if (ended !== undefined) return;
    worker.postMessage("close");
    await once(worker, "exit");
  }

  let closing: Promise<void> | undefined;
  return {
    call,
    hand,
    close() {
      closing ??= close();
      return closing;
    },
  };
}
