import { DatabaseSync, type SQLInputValue, type StatementSync } from "node:sqlite";

/** A row as node:sqlite gives it. */
export type Row = Record<string, unknown>;

export interface Database {
  /** One row or none. Statements are prepared once per text. */
  get(sql: string, ...values: readonly SQLInputValue[]): Row | undefined;
  all(sql: string, ...values: readonly SQLInputValue[]): readonly Row[];
  /** How many rows it changed. */
  run(sql: string, ...values: readonly SQLInputValue[]): number;
  /** All of `work` is durable when this returns, or none of it happened. */
  transaction<T>(work: () => T): T;
  /** The driver's own handle, for migrations. */
  readonly handle: DatabaseSync;
  close(): void;
}

/** Long enough for another process's commit, short enough to answer a sender in time. It blocks only this thread. */
const busyTimeoutMs = 5_000;

/** In pages. The reading thread moves the log into the database all the time, so this is reached under a long load only. */
const longestLog = 65_536;

/**
 * Opens a database file. The writer creates it, in WAL mode with a full sync at each commit. The reader changes nothing, but
 * may move what is committed from the log into the database.
 *
 * @param maxBytes the file grows no larger; what would make it so fails as a full disk does
 */
export function openDatabase(path: string, mode: "write" | "read", maxBytes?: number): Database {
  const handle = new DatabaseSync(path, { timeout: busyTimeoutMs });
  handle.exec("PRAGMA cache_size = -16000; PRAGMA temp_store = MEMORY;");
  if (mode === "write") {
    handle.exec(`PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = ${longestLog};`);
  } else {
    handle.exec("PRAGMA query_only = ON; PRAGMA wal_autocheckpoint = 0;");
  }
  if (maxBytes !== undefined) {
    const { page_size: pageSize } = handle.prepare("PRAGMA page_size").get() ?? {};
    handle.exec(`PRAGMA max_page_count = ${Math.ceil(maxBytes / Number(pageSize))};`);
  }
  const statements = new Map<string, StatementSync>();

  function statement(sql: string): StatementSync {
    const known = statements.get(sql);
    if (known !== undefined) return known;
    const prepared = handle.prepare(sql);
    statements.set(sql, prepared);
    return prepared;
  }

  return {
    handle,
    get: (sql, ...values) => statement(sql).get(...values),
    all: (sql, ...values) => statement(sql).all(...values),
    run: (sql, ...values) => Number(statement(sql).run(...values).changes),
    transaction(work) {
      handle.exec("BEGIN IMMEDIATE");
      try {
        const result = work();
        handle.exec("COMMIT");
        return result;
      } catch (error) {
        // SQLite has rolled back by itself after some errors (a full disk).
        if (handle.isTransaction) handle.exec("ROLLBACK");
        throw error;
      }
    },
    close: () => handle.close(),
  };
}
