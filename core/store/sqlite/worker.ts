/** The thread of one database connection: node:sqlite is synchronous, and a wait for the disk must not stop the gateway. */
import { parentPort, workerData } from "node:worker_threads";
import { messageOf } from "../../errors.ts";
import { openDatabase } from "./database.ts";
import { operations, type Request, type Response } from "./operations.ts";
import { migrate } from "./schema.ts";

const { path, mode } = workerData as { readonly path: string; readonly mode: "write" | "read" };
const port = parentPort;
if (port === null) throw new Error("worker.ts runs as a worker thread only");

const db = openDatabase(path, mode);
if (mode === "write") migrate(db.handle);

port.on("message", (request: Request | "close") => {
  if (request === "close") {
    db.close();
    port.close();
    return;
  }
  port.postMessage(answer(request));
});
port.postMessage("open");

function answer({ id, operation, values }: Request): Response {
  try {
    const run = operations[operation] as (...all: readonly unknown[]) => unknown;
    return { id, value: run(db, ...values) };
  } catch (error) {
    return { id, error: messageOf(error) };
  }
}
