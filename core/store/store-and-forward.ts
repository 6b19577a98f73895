import type { Logger } from "pino";
import { messageOf, Refusal, StoreError, UserError } from "../errors.ts";
import { commitKey, loggedTrace, parseTraceparent, type Step, type Tracing, untraced } from "../trace.ts";
import type { Checks, Commit, CommitResult, SourceRecord, Store, StoredDelivery, TokenRecord } from "./ports.ts";
import type { Spool } from "./spool-port.ts";
import { within } from "./within.ts";

export interface StoreAndForwardDependencies {
  /** A store that can be away. */
  readonly store: Store;
  /** Makes what the store needs before it is used; done once it is there. */
  readonly prepare: () => Promise<void>;
  readonly spool: Spool;
  /** How long the store may take to make a delivery durable. */
  readonly timeoutMs: number;
  /** Told of each delivery that waited in the spool and is stored. */
  readonly onForwarded?: (commit: Commit, result: CommitResult) => void;
  /** Forwards each delivery in the trace that it came with. */
  readonly tracing?: Pick<Tracing, "within">;
  readonly log: Logger;
  readonly now: () => Date;
}

/** How often a store that is away is asked whether it is back, and a spool whether there is something to forward. */
const probeEveryMs = 500;
/** A list may take its time; a person waits for it. */
const readTimeoutMs = 10_000;
/** Commits that are forwarded at once, and how long one turn of it may take. */
const forwardedAtOnce = 256;
const forwardTurnMs = 10_000;
/** How long a process that died keeps others from forwarding. Were one only slow, both would: the store knows each delivery. */
const forwarderLeaseMs = 3_000;
/** A sender that finds store and spool full comes back after this. */
const retryAfterSeconds = 30;
/** Of sources that were known at the start and not read since: another one than that of any store. */
const unknownRevision = "kept";
const keptSources = "sources";
const keptToken = (id: string): string => `token ${id}`;

/**
 * A store that may be away: while it is, authenticated deliveries wait in the spool on this machine's disk, and what is known
 * of sources and tokens is what was known last. When it is back, the spool is forwarded in order. A commit that was made and
 * whose answer got lost is forwarded too: the store knows it by its id.
 *
 * @returns once the store has answered, or has been found to be away
 */
export async function storeAndForward(deps: StoreAndForwardDependencies): Promise<Store> {
  const { store, spool, log, now, timeoutMs, tracing = untraced } = deps;
  let away: { readonly since: Date; readonly reason: string } | undefined;
  let isPrepared = false;
  let working: Promise<void> | undefined;
  const tokens = new Map<string, TokenRecord>();
  const tokensToPut = new Map<string, TokenRecord>();
  let revision: string | undefined;
  /** Whether the spool has refused the last delivery. */
  let isFull = false;
  let isClosed = false;

  function notice(error: unknown): void {
    if (away !== undefined) return;
    away = { since: now(), reason: messageOf(error) };
    log.error({ reason: away.reason }, "The store is away; deliveries go to the spool");
    setImmediate(tick);
  }

  function refuseWhenClosed(): void {
    if (isClosed) throw new StoreError("The store is closed");
  }

  /** Runs against the store; that it is away is noticed here. */
  async function ask<T>(work: () => Promise<T>, milliseconds = readTimeoutMs): Promise<T> {
    refuseWhenClosed();
    if (away !== undefined) throw new StoreError(`The store is away: ${away.reason}`);
    try {
      return await within(milliseconds, work);
    } catch (error) {
      if (isOutage(error)) notice(error);
      throw error;
    }
  }

  /** Of what workers look for again and again: while the store is away there is none. */
  function askIfThere<T>(work: () => Promise<readonly T[]>): Promise<readonly T[]> {
    return away === undefined && !isClosed ? ask(work) : Promise.resolve([]);
  }

  async function prepare(): Promise<void> {
    if (!isPrepared) await deps.prepare();
    isPrepared = true;
    await store.check();
    for (const [name, record] of tokensToPut) {
      await store.tokens.put(record);
      tokensToPut.delete(name);
    }
  }

  async function probe(): Promise<void> {
    try {
      await within(readTimeoutMs, prepare);
    } catch (error) {
      if (away !== undefined) away = { ...away, reason: messageOf(error) };
      return;
    }
    if (away !== undefined) log.info({ away_since: away.since.toISOString() }, "The store is back");
    away = undefined;
  }

  const deliver = (commit: Commit): Promise<CommitResult> => ask(() => store.commits.commit(commit), forwardTurnMs);

  /** The oldest first; those of one turn share the store's write, in their order. */
  async function forward(): Promise<void> {
    let forwarded = 0;
    for (;;) {
      const isMine = await spool.mayForward(now(), new Date(now().getTime() + forwarderLeaseMs));
      if (!isMine || away !== undefined) break;
      const commits = await spool.oldest(forwardedAtOnce);
      if (commits.length === 0) break;
      const results = await Promise.allSettled(
        commits.map((commit) => tracing.within(commit.delivery.traceparent, forwarding(commit), () => deliver(commit))),
      );
      const done: string[] = [];
      for (const [index, result] of results.entries()) {
        const commit = commits[index];
        const id = commit?.delivery.id ?? "";
        if (result.status === "fulfilled") {
          done.push(id);
          if (commit !== undefined) deps.onForwarded?.(commit, result.value);
        } else if (!isOutage(result.reason)) {
          log.error(
            {
              delivery_id: id,
              err: result.reason,
              ...loggedTrace(parseTraceparent(commits[index]?.delivery.traceparent)),
            },
            "Spooled delivery cannot be stored; it stays in the spool",
          );
          await spool.refuse(id, messageOf(result.reason));
        }
      }
      await spool.remove(done);
      if (done.length > 0) isFull = false;
      forwarded += done.length;
    }
    if (forwarded > 0) log.info({ deliveries: forwarded }, "Spooled deliveries forwarded");
  }

  async function work(): Promise<void> {
    if (away !== undefined) await probe();
    if (away === undefined) await forward();
  }

  function tick(): void {
    working ??= work()
      .catch((error: unknown) => log.error({ err: error }, "The spool could not be forwarded"))
      .finally(() => {
        working = undefined;
      });
  }

  async function append(commit: Commit): Promise<CommitResult> {
    refuseWhenClosed();
    try {
      const kept = await spool.append(commit);
      isFull = false;
      return { kind: "spooled", ...kept };
    } catch (cause) {
      isFull = true;
      const message = "The store is away and the spool is full; come back";
      throw new Refusal("store_unavailable", { message, retryAfterSeconds, cause });
    }
  }

  async function commit(given: Commit): Promise<CommitResult> {
    // A worker's lease just runs out; the delivery is safe where it is.
    if (given.claim !== undefined) return ask(() => store.commits.commit(given), forwardTurnMs);
    try {
      return await ask(() => store.commits.commit(given), timeoutMs);
    } catch (error) {
      if (!isOutage(error)) throw error;
      return append(given);
    }
  }

  async function getDelivery(id: string): Promise<StoredDelivery | undefined> {
    let failure: unknown;
    try {
      const found = await ask(() => store.deliveries.get(id));
      if (found !== undefined) return found;
    } catch (error) {
      failure = error;
    }
    const spooled = await spool.find(id);
    if (spooled !== undefined) return waiting(spooled);
    if (failure !== undefined) throw failure;
    return undefined;
  }

  async function allSources(): Promise<readonly SourceRecord[]> {
    try {
      const all = await ask(() => store.sources.all(), timeoutMs);
      await spool.keep(keptSources, JSON.stringify(all));
      return all;
    } catch (error) {
      if (!isOutage(error)) throw error;
      refuseWhenClosed();
      const kept = await spool.kept(keptSources);
      if (kept !== undefined) return JSON.parse(kept);
      throw new UserError(
        `The store does not answer, and nothing is known of its sources here yet: ${messageOf(error)}; start it, or name another in TW_STORE_URL`,
        { cause: error },
      );
    }
  }

  /** A change that is made here is known at the next start, also where the store is away by then. */
  async function changed(change: () => Promise<boolean>): Promise<boolean> {
    const isChanged = await ask(change);
    if (isChanged) await allSources();
    return isChanged;
  }

  async function sourcesRevision(): Promise<string> {
    try {
      revision = await ask(() => store.sources.revision(), timeoutMs);
    } catch (error) {
      if (isClosed || !isOutage(error)) throw error;
    }
    return revision ?? unknownRevision;
  }

  async function putToken(record: TokenRecord): Promise<void> {
    refuseWhenClosed();
    tokens.set(record.id, record);
    await spool.keep(keptToken(record.id), JSON.stringify(record));
    try {
      await ask(() => store.tokens.put(record), timeoutMs);
    } catch (error) {
      if (!isOutage(error)) throw error;
      tokensToPut.set(record.name, record);
    }
  }

  async function getToken(id: string): Promise<TokenRecord | undefined> {
    let found: TokenRecord | undefined;
    try {
      found = await ask(() => store.tokens.get(id), timeoutMs);
    } catch (error) {
      if (!isOutage(error)) throw error;
      refuseWhenClosed();
      const kept = tokens.get(id) ?? (await spool.kept(keptToken(id)));
      return typeof kept === "string" ? JSON.parse(kept) : kept;
    }
    if (found === undefined) {
      // Taken away: it opens nothing here either, the next time that the store is away.
      tokens.delete(id);
      await spool.forget(keptToken(id));
      return undefined;
    }
    if (tokens.get(id)?.hash === found.hash) return found;
    tokens.set(id, found);
    await spool.keep(keptToken(id), JSON.stringify(found));
    return found;
  }

  async function check(): Promise<Checks> {
    refuseWhenClosed();
    await ask(() => store.check(), timeoutMs).catch(() => {});
    const status = await spool.status();
    if (away !== undefined && isFull) throw new StoreError("The store is away and the spool is full");
    return {
      degraded: away !== undefined || status.deliveries > 0,
      store: away === undefined ? "ok" : `away since ${away.since.toISOString()}: ${away.reason}`,
      spool: { ...status, max_bytes: spool.maxBytes },
    };
  }

  let closing: Promise<void> | undefined;
  async function close(): Promise<void> {
    await working;
    await store.close();
    await spool.close();
  }

  try {
    await within(readTimeoutMs, prepare);
  } catch (error) {
    notice(error);
  }
  const ticking = setInterval(tick, probeEveryMs);
  ticking.unref();

  const { deliveries, queue, incidents, sources, triage, feed } = store;
  return {
    commits: { commit },
    deliveries: {
      recordRefused: (records, keep) => ask(() => deliveries.recordRefused(records, keep)),
      get: getDelivery,
      list: (query) => ask(() => deliveries.list(query)),
      prune: (before, limit) => ask(() => deliveries.prune(before, limit)),
    },
    queue: {
      claim: (limit, at, leaseMs) =>
        away === undefined || isClosed ? ask(() => queue.claim(limit, at, leaseMs)) : Promise.resolve([]),
      retry: (id, epoch, at, why) => ask(() => queue.retry(id, epoch, at, why)),
      requeue: (id, at) => ask(() => queue.requeue(id, at)),
      status: (at) => ask(() => queue.status(at)),
    },
    incidents: {
      get: (idOrNumber) => ask(() => incidents.get(idOrNumber)),
      list: (query) => ask(() => incidents.list(query)),
      count: (filter, facets) => ask(() => incidents.count(filter, facets)),
      change: (idOrNumber, change, context) => ask(() => incidents.change(idOrNumber, change, context)),
      merge: (idOrNumber, into, context) => ask(() => incidents.merge(idOrNumber, into, context)),
      prune: (before, limit) => ask(() => incidents.prune(before, limit)),
    },
    sources: {
      all: allSources,
      revision: sourcesRevision,
      add: (record) => changed(() => sources.add(record)),
      replace: (record) => changed(() => sources.replace(record)),
      remove: (source) => changed(() => sources.remove(source)),
    },
    tokens: { put: putToken, get: getToken },
    triage: {
      start: (run) => ask(() => triage.start(run)),
      claim: (limit, at, leaseMs) => askIfThere(() => triage.claim(limit, at, leaseMs)),
      save: (run, epoch, due) => ask(() => triage.save(run, epoch, due)),
      renew: (id, epoch, due) => ask(() => triage.renew(id, epoch, due)),
      get: (id) => ask(() => triage.get(id)),
      runsOf: (incidentId) => ask(() => triage.runsOf(incidentId)),
      ask: (approval) => ask(() => triage.ask(approval)),
      approval: (id) => ask(() => triage.approval(id)),
      approvals: (query) => ask(() => triage.approvals(query)),
      decide: (id, decision) => ask(() => triage.decide(id, decision)),
      post: (message) => ask(() => triage.post(message)),
      dueChannels: (at) => askIfThere(() => triage.dueChannels(at)),
      claimMessages: (channel, limit, at, leaseMs) =>
        askIfThere(() => triage.claimMessages(channel, limit, at, leaseMs)),
      saveMessage: (message, epoch, due) => ask(() => triage.saveMessage(message, epoch, due)),
      removeMessage: (id, epoch) => ask(() => triage.removeMessage(id, epoch)),
      messagesOf: (incidentId) => ask(() => triage.messagesOf(incidentId)),
      playbooks: () => ask(() => triage.playbooks()),
      playbooksRevision: () => ask(() => triage.playbooksRevision()),
      putPlaybook: (playbook) => ask(() => triage.putPlaybook(playbook)),
      removePlaybook: (name) => ask(() => triage.removePlaybook(name)),
    },
    feed: {
      follow: (on) => feed.follow(on),
      unannounced: (limit) => askIfThere(() => feed.unannounced(limit)),
      announce: (all) => ask(() => feed.announce(all)),
    },
    check,
    close() {
      isClosed = true;
      clearInterval(ticking);
      closing ??= close();
      return closing;
    },
  };
}

function forwarding({ delivery: { id, source } }: Commit): Step {
  return {
    name: "forward",
    kind: "consumer",
    commit: commitKey(id),
    delivery: id,
    source,
  };
}

/** Not the fault of what was asked: the store is away, or so slow that nobody can wait for it. */
function isOutage(error: unknown): boolean {
  return error instanceof StoreError || (error instanceof Refusal && error.code === "store_unavailable");
}

/** A spooled delivery as it is shown: queued, whatever it will be. */
function waiting({ delivery: { key: _, ...delivery } }: Commit): StoredDelivery {
  return {
    ...delivery,
    diagnosis: null,
    outcome: "queued",
    incidents: [],
    duplicate_of: null,
    attempts: 0,
    next_attempt_at: delivery.received_at,
  };
}
