/** The thread of one connection to the store's database. */
import { operations } from "./operations.ts";
import { migrate } from "./schema.ts";
import { serveThread } from "./serve-thread.ts";

serveThread(operations, migrate);
