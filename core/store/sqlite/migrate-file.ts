import type { Migration } from "../migration.ts";
import { openDatabase } from "./database.ts";
import { makeFile } from "./make-file.ts";
import { migrate, newestSchema } from "./schema.ts";

/** Brings a database file to the newest schema, and makes it where there is none. @throws as opening a store does */
export async function migrateFile(path: string): Promise<readonly Migration[]> {
  await makeFile(path);
  const db = openDatabase(path, "write");
  try {
    const before = migrate(db.handle);
    return [{ what: `schema version ${newestSchema}`, made: before !== newestSchema }];
  } finally {
    db.close();
  }
}
