import { join } from "node:path";
import type { Logger } from "pino";
import { messageOf, UserError } from "../errors.ts";
import { type OnSharedWrite, type Tracing, untraced } from "../trace.ts";
import type { Inspection } from "./inspection.ts";
import type { Migration } from "./migration.ts";
import type { MongoStore, MongoStoreOptions } from "./mongodb/index.ts";
import type { Store } from "./ports.ts";
import { openSpool } from "./spool/index.ts";
import type { SpoolStatus } from "./spool-port.ts";
import { openSqliteStore } from "./sqlite/index.ts";
import { migrateFile } from "./sqlite/migrate-file.ts";
import { storeAndForward } from "./store-and-forward.ts";
import type { TransferSource, TransferTarget } from "./transfer.ts";
import { type StoreWatch, unwatched } from "./watch.ts";

const sqlite = "sqlite:";
export const spoolFile = "spool.db";
/** An index over what is there already takes its time. */
const longestMigrationMs = 600_000;

/** The settings of a gateway that its store minds. */
export interface StoreSettings {
  readonly dataDir: string;
  readonly storeUrl: string;
  readonly storeTimeoutMs: number;
  readonly storeMigrate: boolean;
  readonly spoolMaxBytes: number;
  readonly queueLeaseMs: number;
}

/**
 * Opens the store of a gateway: as `openStore`, and for one that can be away with a spool in the data folder.
 *
 * @param watch told of the writes that deliveries share, and of each delivery that the spool forwards
 * @param tracing in whose traces the spool forwards
 * @throws {UserError} where it cannot be opened
 */
export async function openGatewayStore(
  settings: StoreSettings,
  log: Logger,
  now: () => Date,
  watch: StoreWatch = unwatched,
  tracing: Pick<Tracing, "within"> = untraced,
): Promise<Store> {
  const { onSharedWrite } = watch;
  if (!isRemote(settings.storeUrl)) return openStore(settings.storeUrl, onSharedWrite);
  const store = await openRemoteStore(settings.storeUrl, {
    timeoutMs: settings.storeTimeoutMs,
    leaseMs: settings.queueLeaseMs,
    onSharedWrite,
  });
  const path = join(settings.dataDir, spoolFile);
  const spool = await openSpool(path, settings.spoolMaxBytes, onSharedWrite).catch(async (cause: unknown) => {
    await store.close();
    throw new UserError(`The spool ${path} cannot be opened: ${messageOf(cause)}`, { cause });
  });
  return storeAndForward({
    store,
    prepare: async () => {
      if (settings.storeMigrate) await store.migrate();
    },
    spool,
    timeoutMs: settings.storeTimeoutMs,
    onForwarded: watch.onForwarded,
    tracing,
    log,
    now,
  });
}

/** Whether a store is reached over a network, and so can be away while the gateway is there. */
export function isRemote(url: string): boolean {
  return /^mongodb(\+srv)?:/.test(url);
}

/**
 * Opens the store that `TW_STORE_URL` names. A remote one is not connected before it is used.
 *
 * @throws {UserError} where it cannot be opened
 */
export async function openStore(url: string, onSharedWrite?: OnSharedWrite): Promise<Store> {
  if (isRemote(url)) return openRemoteStore(url, { onSharedWrite });
  return opening(pathOf(url), (path) => openSqliteStore(path, onSharedWrite));
}

/** The driver takes a tenth of a second to load, which a gateway on the embedded store need not wait for. */
export async function openRemoteStore(url: string, options: MongoStoreOptions = {}): Promise<MongoStore> {
  try {
    const { openMongoStore } = await import("./mongodb/index.ts");
    return openMongoStore(url, options);
  } catch (cause) {
    throw new UserError(`TW_STORE_URL: ${withoutPassword(url)} cannot be used: ${messageOf(cause)}`, { cause });
  }
}

/** A store's address as it may be shown. */
export function withoutPassword(url: string): string {
  return url.replace(/\/\/[^@/]*@/, "//");
}

/**
 * Makes what a store needs, as a start does.
 *
 * @throws {UserError} where it cannot be opened, or does not answer
 */
export async function migrateStore(url: string): Promise<readonly Migration[]> {
  if (!isRemote(url)) return opening(pathOf(url), migrateFile);
  const store = await openRemoteStore(url, { longestMs: longestMigrationMs });
  try {
    return await store.migrate();
  } catch (cause) {
    throw new UserError(`${withoutPassword(url)} does not do it: ${messageOf(cause)}`, { cause });
  } finally {
    await store.close();
  }
}

/**
 * Looks at a store and changes nothing.
 *
 * @throws where it cannot be opened, or does not answer
 */
export async function inspectStore(url: string, timeoutMs: number, now: Date): Promise<Inspection> {
  if (!isRemote(url)) return (await import("./sqlite/inspect.ts")).inspectFile(pathOf(url), now);
  return (await import("./mongodb/inspect.ts")).inspectDatabase(url, timeoutMs, now);
}

/** How full the spool of a data folder is; `undefined` where there is none. */
export async function inspectSpool(dataDir: string): Promise<SpoolStatus | undefined> {
  return (await import("./spool/inspect.ts")).inspectSpoolFile(join(dataDir, spoolFile));
}

/** Both ends of a copy from the embedded store to MongoDB. */
export interface OpenTransfer {
  readonly source: TransferSource;
  readonly target: TransferTarget;
  close(): Promise<void>;
}

/**
 * Opens two stores to copy one into the other. Nobody else can use the source meanwhile.
 *
 * @throws {UserError} for any other direction, or where one cannot be opened
 */
export async function openTransfer(from: string, to: string): Promise<OpenTransfer> {
  if (isRemote(from) || !isRemote(to)) {
    throw new UserError(
      "Stores are copied from sqlite:<file> to mongodb://<host>/<database>, and in no other direction",
    );
  }
  const [sqlite, mongodb] = await Promise.all([import("./sqlite/transfer.ts"), import("./mongodb/transfer.ts")]);
  const source = sqlite.openTransferSource(pathOf(from));
  try {
    const target = mongodb.openTransferTarget(to);
    return {
      source,
      target,
      async close() {
        await target.close();
        await source.close();
      },
    };
  } catch (cause) {
    await source.close();
    throw new UserError(`${withoutPassword(to)} cannot be used: ${messageOf(cause)}`, { cause });
  }
}

/** @throws {UserError} */
function pathOf(url: string): string {
  if (url.startsWith(sqlite)) return url.slice(sqlite.length);
  throw new UserError(
    `TW_STORE_URL: "${url.split(":")[0]}" is not a store; write sqlite:<file> or mongodb://<host>/<database>`,
  );
}

async function opening<T>(path: string, open: (path: string) => Promise<T>): Promise<T> {
  try {
    return await open(path);
  } catch (cause) {
    if (cause instanceof Error && cause.name === "UserError") throw new UserError(cause.message, { cause });
    throw new UserError(
      `The store ${path} cannot be opened: ${messageOf(cause)}; restore it from a backup, or name another in TW_STORE_URL`,
      { cause },
    );
  }
}
