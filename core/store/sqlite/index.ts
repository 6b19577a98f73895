import { commitKey, type OnSharedWrite } from "../../trace.ts";
import { groupCommit } from "../group-commit.ts";
import type { CommitResult, Store } from "../ports.ts";
import { makeFile } from "./make-file.ts";
import type { Operations } from "./operations.ts";
import { type Packed, type PackedResult, packBatch, packCommit, packDelivery } from "./packed.ts";
import { startThread } from "./thread.ts";

const checkpointEveryMs = 500;

/**
 * The embedded store: one file, one thread that writes it and one that reads, so that a long list never holds up an intake.
 *
 * @param path the database file; it and its folder are made where they are missing
 * @param onSharedWrite told of each durable write of deliveries
 * @throws where the file cannot be opened or is of a newer schema
 */
export async function openSqliteStore(path: string, onSharedWrite?: OnSharedWrite): Promise<Store> {
  await makeFile(path);
  const script = new URL("./worker.ts", import.meta.url);
  const writer = await startThread<Operations>(script, { path, mode: "write" });
  const reader = await startThread<Operations>(script, { path, mode: "read" });

  // On the writing thread it would hold up every commit for as long as the disk takes.
  let written = false;
  const checkpointing = setInterval(() => {
    if (!written) return;
    written = false;
    reader.call("checkpoint").catch(() => {});
  }, checkpointEveryMs);
  checkpointing.unref();

  const enqueue = groupCommit(
    (batch: readonly Packed[]) => {
      const packed = packBatch(batch);
      written = true;
      return writer.hand([packed.bodies.buffer], "commitBatch", packed);
    },
    (batch, write) => {
      onSharedWrite?.({
        ...write,
        into: "sqlite",
        commits: batch.map(({ commit }) => commitKey(commit.id, commit.epoch)),
      });
    },
  );

  return {
    commits: { commit: async (commit) => committed(await enqueue(packCommit(commit))) },
    deliveries: {
      recordRefused: (records, keep) => writer.call("recordRefused", records.map(packDelivery), keep),
      get: (id) => reader.call("getDelivery", id),
      list: (query) => reader.call("listDeliveries", query),
      prune: (before, limit) => writer.call("pruneDeliveries", before.getTime(), limit),
    },
    queue: {
      claim: (limit, now, leaseMs) => writer.call("claimDeliveries", limit, now.getTime(), leaseMs),
      retry: (id, epoch, at, why) => writer.call("retryDelivery", id, epoch, at.getTime(), why),
      requeue: (id, now) => writer.call("requeueDelivery", id, now.getTime()),
      status: (now) => reader.call("queueStatus", now.getTime()),
    },
    incidents: {
      get: (idOrNumber) => reader.call("getIncident", idOrNumber),
      list: (query) => reader.call("listIncidents", query),
      prune: (before, limit) => writer.call("pruneIncidents", before.getTime(), limit),
    },
    sources: {
      all: () => reader.call("allSources"),
      revision: () => reader.call("sourcesRevision"),
      add: (record) => writer.call("addSource", record),
      replace: (record) => writer.call("replaceSource", record),
      remove: (source) => writer.call("removeSource", source),
    },
    tokens: {
      put: (record) => writer.call("putToken", record),
      get: (id) => reader.call("getToken", id),
    },
    async check() {
      await writer.call("check");
      return { degraded: false, store: "ok" };
    },
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
