import { mkdir, open } from "node:fs/promises";
import { dirname } from "node:path";
import { groupCommit } from "../group-commit.ts";
import type { CommitResult, Store } from "../ports.ts";
import { type Packed, type PackedResult, packBatch, packCommit, packDelivery } from "./packed.ts";
import { startThread } from "./thread.ts";

const checkpointEveryMs = 500;

/**
 * The embedded store: one file, one thread that writes it and one that reads, so that a long list never holds up an intake.
 *
 * @param path the database file; it and its folder are made where they are missing
 * @throws where the file cannot be opened or is of a newer schema
 */
export async function openSqliteStore(path: string): Promise<Store> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  // SQLite would make it readable by everybody; the files beside it take over its mode.
  await (await open(path, "a", 0o600)).close();
  const writer = await startThread(path, "write");
  const reader = await startThread(path, "read");

  // On the writing thread it would hold up every commit for as long as the disk takes.
  let written = false;
  const checkpointing = setInterval(() => {
    if (!written) return;
    written = false;
    reader.call("checkpoint").catch(() => {});
  }, checkpointEveryMs);
  checkpointing.unref();

  const enqueue = groupCommit((batch: readonly Packed[]) => {
    const packed = packBatch(batch);
    written = true;
    return writer.hand([packed.bodies.buffer], "commitBatch", packed);
  });

  return {
    commits: { commit: async (commit) => committed(await enqueue(packCommit(commit))) },
    deliveries: {
      recordRefused: (records, keep) => writer.call("recordRefused", records.map(packDelivery), keep),
      get: (id) => reader.call("getDelivery", id),
      list: (query) => reader.call("listDeliveries", query),
    },
    queue: {
      claim: (limit, now, leaseMs) => writer.call("claimDeliveries", limit, now.getTime(), leaseMs),
      retry: (id, epoch, at, reason) => writer.call("retryDelivery", id, epoch, at.getTime(), reason),
    },
    incidents: {
      get: (idOrNumber) => reader.call("getIncident", idOrNumber),
      list: (query) => reader.call("listIncidents", query),
    },
    sources: {
      all: () => reader.call("allSources"),
      add: (record) => writer.call("addSource", record),
      replace: (record) => writer.call("replaceSource", record),
      remove: (source) => writer.call("removeSource", source),
    },
    tokens: {
      put: (record) => writer.call("putToken", record),
      get: (id) => reader.call("getToken", id),
    },
    check: () => writer.call("check"),
    async close() {
      clearInterval(checkpointing);
      await enqueue.idle();
      await reader.close();
      await writer.close();
    },
  };
}

function committed(result: PackedResult): CommitResult {
  if (result.kind === "failed") throw new Error(result.message);
  return result;
}
