import { coalesce } from "../../coalesce.ts";
import { commitKey, type OnSharedWrite } from "../../trace.ts";
import { groupCommit } from "../group-commit.ts";
import type { CommitResult, Store } from "../ports.ts";
import { makeFile } from "./make-file.ts";
import type { Operations } from "./operations.ts";
import { type Packed, type PackedResult, packBatch, packCommit, packDelivery } from "./packed.ts";
import { startThread } from "./thread.ts";

const checkpointEveryMs = 500;
const indexEveryMs = 500;

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

  // Whatever a process that was ended left behind, too.
  let changed = true;
  let isClosing = false;
  const index = coalesce(async () => {
    changed = false;
    for (;;) if (isClosing || (await writer.call("indexIncidents")) === 0) return;
  });
  const catchingUp = setInterval(() => {
    if (changed) index().catch(() => {});
  }, indexEveryMs);
  catchingUp.unref();

  /** What is listed is everything that was stored before it was asked for; what arrives meanwhile is not waited for. */
  async function indexed<T>(ask: (isReady: boolean) => Promise<T | undefined>): Promise<T> {
    const found = await ask(false);
    if (found !== undefined) return found;
    await index();
    return (await ask(true)) as T;
  }

  const asked = new Set<Promise<unknown>>();
  function asking<T>(answer: Promise<T>): Promise<T> {
    asked.add(answer);
    const forget = (): void => void asked.delete(answer);
    answer.then(forget, forget);
    return answer;
  }

  const enqueue = groupCommit(
    (batch: readonly Packed[]) => {
      const packed = packBatch(batch);
      written = true;
      changed = true;
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
      list: (query) => asking(indexed((isReady) => reader.call("listIncidents", query, isReady))),
      count: (filter, facets) => asking(indexed((isReady) => reader.call("countIncidents", filter, facets, isReady))),
      change(idOrNumber, change, context) {
        changed = true;
        return writer.call("changeIncident", idOrNumber, change, context);
      },
      merge(idOrNumber, into, context) {
        changed = true;
        return writer.call("mergeIncident", idOrNumber, into, context);
      },
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
    triage: {
      start: (run) => writer.call("startRun", run),
      claim: (limit, now, leaseMs) => writer.call("claimRuns", limit, now.getTime(), leaseMs),
      save: (run, epoch, due) => writer.call("saveRun", run, epoch, due?.getTime() ?? null),
      renew: (id, epoch, due) => writer.call("renewRun", id, epoch, due.getTime()),
      get: (id) => reader.call("getRun", id),
      runsOf: (incidentId) => reader.call("runsOf", incidentId),
      ask: (approval) => writer.call("askApproval", approval),
      approval: (id) => reader.call("getApproval", id),
      approvals: (query) => reader.call("listApprovals", query),
      decide: (id, { at, ...decision }) => writer.call("decideApproval", id, decision, at.getTime()),
      post: (message) => writer.call("postMessage", message),
      dueChannels: (now) => reader.call("dueChannels", now.getTime()),
      claimMessages: (channel, limit, now, leaseMs) =>
        writer.call("claimMessages", channel, limit, now.getTime(), leaseMs),
      saveMessage: (message, epoch, due) => writer.call("saveMessage", message, epoch, due?.getTime() ?? null),
      removeMessage: (id, epoch) => writer.call("removeMessage", id, epoch),
      messagesOf: (incidentId) => reader.call("messagesOf", incidentId),
      playbooks: () => reader.call("allPlaybooks"),
      playbooksRevision: () => reader.call("playbooksRevision"),
      putPlaybook: (playbook) => writer.call("putPlaybook", playbook),
      removePlaybook: (name) => writer.call("removePlaybook", name),
    },
    feed: {
      follow: (on) => writer.call("followIncidents", on),
      unannounced: (limit) => reader.call("unannouncedIncidents", limit),
      announce: (all) => writer.call("announce", all),
    },
    async check() {
      await writer.call("check");
      return { degraded: false, store: "ok" };
    },
    async close() {
      clearInterval(checkpointing);
      clearInterval(catchingUp);
      await enqueue.idle();
      await Promise.allSettled(asked);
      isClosing = true;
      await reader.close();
      await writer.close();
    },
  };
}

function committed(result: PackedResult): CommitResult {
  if (result.kind === "failed") throw new Error(result.message);
  return result;
}
