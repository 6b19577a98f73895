import type { DatabaseSync } from "node:sqlite";
import { parentPort, workerData } from "node:worker_threads";
import { messageOf, Refusal } from "../../errors.ts";
import { openDatabase } from "./database.ts";
import type { Operations, Request, Response, ThreadData } from "./thread.ts";

/**
 * What a database thread does: it opens the file, says so, and answers one operation after the other. node:sqlite is
 * synchronous, and a wait for the disk must not stop the gateway.
 *
 * @param migrate brings the file to the newest schema, where this thread writes
 */
export function serveThread(operations: Operations, migrate: (handle: DatabaseSync) => void): void {
  const { path, mode, maxBytes } = workerData as ThreadData;
  const port = parentPort;
  if (port === null) throw new Error("This runs as a worker thread only");

  const db = openDatabase(path, mode, maxBytes);
  if (mode === "write") migrate(db.handle);

  function answer({ id, operation, values }: Request): Response {
    try {
      const run = operations[operation] as (...all: readonly unknown[]) => unknown;
      return { id, value: run(db, ...values) };
    } catch (error) {
      if (error instanceof Refusal) return { id, refused: error.code, message: error.message };
      return { id, error: messageOf(error) };
    }
  }

  port.on("message", (request: Request | "close") => {
    if (request === "close") {
      db.close();
      port.close();
      return;
    }
    port.postMessage(answer(request));
  });
  port.postMessage("open");
}
