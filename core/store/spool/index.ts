import { randomUUID } from "node:crypto";
import { mkdir, open } from "node:fs/promises";
import { dirname } from "node:path";
import { commitKey, type OnSharedWrite } from "../../trace.ts";
import { groupCommit } from "../group-commit.ts";
import type { Commit, NewDelivery } from "../ports.ts";
import type { Spool } from "../spool-port.ts";
import { startThread } from "../sqlite/thread.ts";
import type { Operations, SpooledCommit } from "./operations.ts";

/**
 * Opens the spool: one SQLite file with a full sync, shared by the processes of a data folder.
 *
 * @param maxBytes it grows no larger
 * @param onSharedWrite told of each durable write of deliveries
 * @throws where the file cannot be opened
 */
export async function openSpool(path: string, maxBytes: number, onSharedWrite?: OnSharedWrite): Promise<Spool> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  await (await open(path, "a", 0o600)).close();
  const thread = await startThread<Operations>(new URL("./worker.ts", import.meta.url), {
    path,
    mode: "write",
    maxBytes,
  });
  const owner = randomUUID();
  const enqueue = groupCommit(
    (batch: readonly SpooledCommit[]) => thread.call("append", batch),
    (batch, write) => onSharedWrite?.({ ...write, into: "spool", commits: batch.map(({ id }) => commitKey(id)) }),
  );
  return {
    maxBytes,
    append: async (commit) => enqueue(spooledOf(commit)),
    oldest: async (limit) => (await thread.call("oldest", limit)).map(commitOf),
    async find(id) {
      const found = await thread.call("find", id);
      return found && commitOf(found);
    },
    remove: (ids) => thread.call("remove", ids),
    refuse: (id, reason) => thread.call("refuse", id, reason),
    status: () => thread.call("status"),
    keep: (name, value) => thread.call("keep", name, value),
    kept: (name) => thread.call("kept", name),
    forget: (name) => thread.call("forget", name),
    mayForward: (now, until) => thread.call("mayForward", owner, now.getTime(), until.getTime()),
    async close() {
      await enqueue.idle();
      await thread.close();
    },
  };
}

function spooledOf({ delivery, drafts }: Commit): SpooledCommit {
  const { body, ...record } = delivery;
  const { id, key, outcome } = record;
  return { id, key, outcome, work: JSON.stringify({ delivery: record, drafts }), body };
}

function commitOf({ work, body }: SpooledCommit): Commit {
  const { delivery, drafts } = JSON.parse(work) as Pick<Commit, "drafts"> & {
    readonly delivery: Omit<NewDelivery, "body">;
  };
  return { delivery: { ...delivery, body }, drafts };
}
