import { once } from "node:events";
import { Worker } from "node:worker_threads";
import { type ErrorCode, Refusal, StoreError } from "../../errors.ts";
import type { Database } from "./database.ts";

/** Everything that may be asked of a database thread, by name. */
// biome-ignore lint/suspicious/noExplicitAny: the values differ from operation to operation, and `Arguments` gives them back.
export type Operations = Readonly<Record<string, (db: Database, ...values: any[]) => unknown>>;

type Tail<T extends readonly unknown[]> = T extends readonly [unknown, ...infer Rest] ? Rest : [];
type Arguments<Run extends Operations[string]> = Tail<Parameters<Run>>;

export interface Request {
  readonly id: number;
  readonly operation: string;
  readonly values: readonly unknown[];
}

export type Response =
  | { readonly id: number; readonly value: unknown }
  | { readonly id: number; readonly error: string }
  | { readonly id: number; readonly refused: ErrorCode; readonly message: string };

export interface ThreadData {
  readonly path: string;
  readonly mode: "write" | "read";
  /** The file grows no larger. */
  readonly maxBytes?: number;
}

/** What comes and goes with each batch is small; left alone, V8 would let 100 MB of it pile up. */
const resourceLimits = { maxYoungGenerationSizeMb: 8 };

/** A database connection on a thread of its own. */
export interface Thread<All extends Operations> {
  /** Rejects with what the operation threw (a `Refusal` stays one, without its details), or with the thread's end. */
  call<Op extends keyof All & string>(operation: Op, ...values: Arguments<All[Op]>): Promise<ReturnType<All[Op]>>;
  /** Like `call`, but hands over `buffers` instead of copying them: they are empty here afterwards. */
  hand<Op extends keyof All & string>(
    buffers: readonly ArrayBuffer[],
    operation: Op,
    ...values: Arguments<All[Op]>
  ): Promise<ReturnType<All[Op]>>;
  /** Answers what was asked before, then ends the thread. */
  close(): Promise<void>;
}

interface Pending {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: Error) => void;
}

/**
 * Resolves once the database is open (and, for writing, of the newest schema); rejects with the reason when it cannot be.
 *
 * @param script calls `serveThread` with the operations
 */
export async function startThread<All extends Operations>(script: URL, data: ThreadData): Promise<Thread<All>> {
  const worker = new Worker(script, { workerData: data, resourceLimits });
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
    if ("refused" in response) waiting?.reject(new Refusal(response.refused, { message: response.message }));
    else if ("error" in response) waiting?.reject(new StoreError(response.error));
    else waiting?.resolve(response.value);
  });

  function hand(buffers: readonly ArrayBuffer[], operation: string, ...values: readonly unknown[]): Promise<never> {
    if (ended !== undefined) return Promise.reject(ended);
    return new Promise((resolve, reject) => {
      lastId += 1;
      pending.set(lastId, { resolve: (value) => resolve(value as never), reject });
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
    call: (operation, ...values) => hand([], operation, ...values),
    hand,
    close() {
      closing ??= close();
      return closing;
    },
  };
}
