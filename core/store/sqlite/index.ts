import { mkdir } from "node:fs/promises";
import { dirname } from "node:path";
import { groupCommit } from "../group-commit.ts";
import type { Commit, CommitResult, Store } from "../ports.ts";
import { type PackedResult, packBatch, packDelivery } from "./packed.ts";
import { startThread } from "./thread.ts";

/**
 * The embedded store: one file, one thread that writes it and one that reads, so that a long list never holds up an intake.
 *
 * @param path the database file; it and its folder are made where they are missing
 * @throws where the file cannot be opened or is of a newer schema
 */
export async function openSqliteStore(path: string): Promise<Store> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const writer = await startThread(path, "write");
  const reader = await startThread(path, "read");
  const enqueue = groupCommit((batch: readonly Commit[]) => {
    const packed = packBatch(batch);
    return writer.hand([packed.bodies.buffer], "commitBatch", packed);
  });

  return {
    commits: { commit: async (commit) => committed(await enqueue(commit)) },
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
      await reader.close();
      await writer.close();
    },
  };
}

function committed(result: PackedResult): CommitResult {
  if (result.kind === "failed") throw new Error(result.message);
  return result;
}
