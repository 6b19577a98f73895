import { messageOf, UserError } from "../errors.ts";
import type { Store } from "./ports.ts";
import { openSqliteStore } from "./sqlite/index.ts";

const sqlite = "sqlite:";

/**
 * Opens the store that `TW_STORE_URL` names.
 *
 * @throws {UserError} where it cannot be opened
 */
export async function openStore(url: string): Promise<Store> {
  if (!url.startsWith(sqlite))
    throw new UserError(`TW_STORE_URL: "${url.split(":")[0]}" is not a store; write sqlite:<file>`);
  const path = url.slice(sqlite.length);
  try {
    return await openSqliteStore(path);
  } catch (cause) {
    if (cause instanceof Error && cause.name === "UserError") throw new UserError(cause.message, { cause });
    throw new UserError(
      `The store ${path} cannot be opened: ${messageOf(cause)}; restore it from a backup, or name another in TW_STORE_URL`,
      { cause },
    );
  }
}
