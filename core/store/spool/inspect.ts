import { existsSync } from "node:fs";
import type { SpoolStatus } from "../spool-port.ts";
import { openDatabase } from "../sqlite/database.ts";
import { operations } from "./operations.ts";

/** How full a spool is; `undefined` where there is none. */
export function inspectSpoolFile(path: string): SpoolStatus | undefined {
  if (!existsSync(path)) return undefined;
  const db = openDatabase(path, "read");
  try {
    return operations.status(db);
  } finally {
    db.close();
  }
}
