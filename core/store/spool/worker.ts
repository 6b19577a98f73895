/** The thread of the spool's database. */
import { serveThread } from "../sqlite/serve-thread.ts";
import { operations } from "./operations.ts";
import { migrate } from "./schema.ts";

serveThread(operations, migrate);
