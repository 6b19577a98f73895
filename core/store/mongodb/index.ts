import { commitKey, type OnSharedWrite } from "../../trace.ts";
import { groupCommit } from "../group-commit.ts";
import { largestMongoBody } from "../limits.ts";
import type { Migration } from "../migration.ts";
import type { Commit, CommitResult, Store } from "../ports.ts";
import { type Committed, commitBatch } from "./commits.ts";
import { connectionTo, type Database } from "./database.ts";
import { getDelivery, listDeliveries, pruneDeliveries, recordRefused } from "./deliveries.ts";
import { announce, unannouncedIncidents } from "./feed.ts";
import { countIncidents, listIncidents } from "./incident-list.ts";
import { changeIncident, getIncident, mergeIncident, pruneIncidents } from "./incidents.ts";
import { numbersOf } from "./numbers.ts";
import { claimDeliveries, queueStatus, requeueDelivery, retryDelivery } from "./queue.ts";
import { migrate } from "./schema.ts";
import { addSource, allSources, getToken, putToken, removeSource, replaceSource, sourcesRevision } from "./sources.ts";
import * as triage from "./triage.ts";

export interface MongoStore extends Store {
  /** Makes what the queries need: indexes, and shard keys in a sharded cluster. */
  migrate(): Promise<readonly Migration[]>;
}

export interface MongoStoreOptions {
  /** After this the server counts as away: one that is not found, and a majority that does not answer. */
  readonly timeoutMs?: number;
  /** How long anything else may take. */
  readonly longestMs?: number;
  /** How long a delivery that this gateway is committing is left to it. */
  readonly leaseMs?: number;
  readonly now?: () => Date;
  /** Told of each durable write of deliveries. */
  readonly onSharedWrite?: OnSharedWrite | undefined;
}

const defaultTimeoutMs = 2_000;
const defaultLeaseMs = 30_000;

/**
 * The store for more than one machine. Any number of gateways share one database and hold nothing of their own; nothing is
 * connected before it is used.
 *
 * @param url `mongodb://…`
 * @throws {MongoError} for a URL that is none
 */
export function openMongoStore(url: string, options: MongoStoreOptions = {}): MongoStore {
  const { timeoutMs = defaultTimeoutMs, longestMs, leaseMs = defaultLeaseMs, now = () => new Date() } = options;
  let follows = false;
  const { run, close } = connectionTo(url, timeoutMs, longestMs, () => follows);
  const numbers = numbersOf(() => performance.now());
  /** The outcomes that are still being written. */
  let finishing: Promise<void> = Promise.resolve();

  const enqueue = groupCommit(
    async (batch: readonly Commit[]): Promise<readonly Committed[]> => {
      const { results, finish } = await run((database) => commitBatch(database, batch, { numbers, now, leaseMs }));
      // What fails here is finished by a worker, once the lease has run out.
      finishing = finishing.then(() => run(finish)).catch(() => {});
      return results;
    },
    (batch, write) => {
      options.onSharedWrite?.({
        ...write,
        into: "mongodb",
        commits: batch.map(({ delivery, claim }) => commitKey(delivery.id, claim?.epoch)),
      });
    },
  );

  /** What this store was told itself, it sees. */
  async function read<T>(work: (database: Database) => Promise<T>): Promise<T> {
    await finishing;
    return run(work);
  }

  return {
    commits: {
      async commit(commit) {
        return committed(await enqueue(storable(commit)));
      },
    },
    deliveries: {
      recordRefused: (records, keep) => run((database) => recordRefused(database, records, keep)),
      get: (id) => read((database) => getDelivery(database, id)),
      list: (query) => read((database) => listDeliveries(database, query)),
      prune: (before, limit) => read((database) => pruneDeliveries(database, before, limit)),
    },
    queue: {
      claim: (limit, at, leaseMs) => read((database) => claimDeliveries(database, limit, at, leaseMs)),
      retry: (id, epoch, at, why) => run((database) => retryDelivery(database, id, epoch, at, why)),
      requeue: (id, at) => read((database) => requeueDelivery(database, id, at)),
      status: (at) => read((database) => queueStatus(database, at)),
    },
    incidents: {
      get: (idOrNumber) => run((database) => getIncident(database, idOrNumber)),
      list: (query) => run((database) => listIncidents(database, query)),
      count: (filter, facets) => run((database) => countIncidents(database, filter, facets)),
      change: (idOrNumber, change, context) => run((database) => changeIncident(database, idOrNumber, change, context)),
      merge: (idOrNumber, into, context) => run((database) => mergeIncident(database, idOrNumber, into, context)),
      prune: (before, limit) => run((database) => pruneIncidents(database, before, limit)),
    },
    sources: {
      all: () => run((database) => allSources(database)),
      revision: () => run((database) => sourcesRevision(database)),
      add: (record) => run((database) => addSource(database, record)),
      replace: (record) => run((database) => replaceSource(database, record)),
      remove: (source) => run((database) => removeSource(database, source)),
    },
    tokens: {
      put: (record) => run((database) => putToken(database, record)),
      get: (id) => run((database) => getToken(database, id)),
    },
    triage: {
      start: (given) => run((database) => triage.startRun(database, given)),
      claim: (limit, at, leaseMs) => run((database) => triage.claimRuns(database, { limit, now: at, leaseMs })),
      save: (given, epoch, due) => run((database) => triage.saveRun(database, given, epoch, due)),
      renew: (id, epoch, due) => run((database) => triage.renewRun(database, id, epoch, due)),
      get: (id) => run((database) => triage.getRun(database, id)),
      runsOf: (incidentId) => run((database) => triage.runsOf(database, incidentId)),
      ask: (approval) => run((database) => triage.askApproval(database, approval)),
      approval: (id) => run((database) => triage.getApproval(database, id)),
      approvals: (query) => run((database) => triage.listApprovals(database, query)),
      decide: (id, decision) => run((database) => triage.decideApproval(database, id, decision)),
      post: (message) => run((database) => triage.postMessage(database, message)),
      dueChannels: (at) => run((database) => triage.dueChannels(database, at)),
      claimMessages: (channel, limit, at, leaseMs) =>
        run((database) => triage.claimMessages(database, channel, { limit, now: at, leaseMs })),
      saveMessage: (message, epoch, due) => run((database) => triage.saveMessage(database, message, epoch, due)),
      removeMessage: (id, epoch) => run((database) => triage.removeMessage(database, id, epoch)),
      messagesOf: (incidentId) => run((database) => triage.messagesOf(database, incidentId)),
      playbooks: () => run((database) => triage.allPlaybooks(database)),
      playbooksRevision: () => run((database) => triage.playbooksRevision(database)),
      putPlaybook: (playbook) => run((database) => triage.putPlaybook(database, playbook)),
      removePlaybook: (name) => run((database) => triage.removePlaybook(database, name)),
    },
    feed: {
      follow(on) {
        follows = on;
        return Promise.resolve();
      },
      unannounced: (limit) => run((database) => unannouncedIncidents(database, limit)),
      announce: (all) => run((database) => announce(database, all)),
    },
    check: () =>
      run(async (database) => {
        await database.checks.updateOne({ _id: "write" }, { $set: { at: now() } }, { upsert: true });
        return { degraded: false, store: "ok" };
      }),
    migrate: () => run((database) => migrate(database)),
    async close() {
      await enqueue.idle();
      await finishing;
      await close();
    },
  };
}

/** Looked at before it is among others: what cannot be stored must not take its batch along. */
function storable(commit: Commit): Commit {
  if (commit.delivery.body.length > largestMongoBody) {
    throw new Error(`MongoDB holds no body of more than ${largestMongoBody} bytes; set TW_MAX_BODY_BYTES`);
  }
  JSON.stringify(commit.drafts);
  return commit;
}

function committed(result: Committed): CommitResult {
  if (result.kind === "failed") throw new Error(result.message);
  return result;
}
