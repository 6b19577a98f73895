import { type ChildProcess, fork } from "node:child_process";
import type { Socket } from "node:net";
import type { Logger } from "pino";
import { messageOf } from "../errors.ts";
import type { Flight } from "../ingest/flights.ts";
import { createBackoff } from "./backoff.ts";
import { readFlight } from "./flight-file.ts";
import { type Assignment, assignmentVariable, type FromWorker, type ToWorker } from "./messages.ts";
import type { RunFolder } from "./run-folder.ts";
import type { Stall, Stalls } from "./stalls.ts";
import type { Switchboard, Taker } from "./switchboard.ts";
import type { Tally } from "./tally.ts";

/** A start opens a store, which may have much to recover, before the event loop is to be relied on. */
const longestStartMs = 60_000;
/** So many beats in a row are lost before a worker counts as stalled. */
const beatsPerStall = 10;

export interface SlotDependencies {
  /** Where connections come from, if any do. */
  readonly url: string | null;
  readonly folder: RunFolder;
  readonly board: Switchboard;
  readonly stalls: Stalls;
  readonly tally: Tally;
  readonly stallTimeoutMs: number;
  readonly log: Logger;
  /** Milliseconds that only rise. */
  readonly clock: () => number;
  /** Called whenever a process takes webhooks. */
  readonly onReady: () => void;
  /** Called with a payload that stalled, for the other workers. */
  readonly onStall: (stall: Stall) => void;
}

/** How a process ended. */
export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** The place of one worker: the process in it may die and is replaced. */
export interface WorkerSlot {
  /** Starts a process. */
  start(): void;
  /** Starts a process that is not replaced before it has been ready. @returns its end, if that came first */
  tryStart(): Promise<Ended | undefined>;
  tell(message: ToWorker): void;
  /** Ends a process that is silent for too long. @param excused whether nobody could be heard lately */
  watch(excused: boolean): void;
  /** Lets the process finish, and starts no other. @returns once there is none */
  stop(): Promise<void>;
  /** Ends the process at once, and starts no other. */
  kill(): void;
}

/** A process as it runs. */
interface Running {
  readonly child: ChildProcess;
  readonly startedAt: number;
  heardAt: number;
  ready: boolean;
  /** Whether it was ended from here, and what it had in hand counts as stalled already. */
  killed: boolean;
}

export function workerSlot(worker: number, deps: SlotDependencies): WorkerSlot {
  const { board, folder, tally, log, clock } = deps;
  const backoff = createBackoff();
  const { promise: empty, resolve: isEmpty } = Promise.withResolvers<void>();
  let running: Running | undefined;
  let restarting: NodeJS.Timeout | undefined;
  let stopping = false;
  let onFirst: ((ended: Ended | undefined) => void) | undefined;

  function start(): void {
    // A supervisor before this one may have left something.
    setAside(false);
    const child = startProcess(worker, deps);
    const state: Running = { child, startedAt: clock(), heardAt: clock(), ready: false, killed: false };
    const taker: Taker = {
      hand: (connection, socket) => send(child, { kind: "connection", connection }, socket),
    };
    running = state;
    child.on("message", (message: FromWorker) => heard(state, taker, message));
    child.on("exit", (code, signal) => ended(state, taker, { code, signal }));
    // Said of a process that cannot be started, and of a word to one that has just ended.
    child.on("error", (error) => {
      if (child.pid !== undefined) return;
      log.error({ worker, err: error }, "Worker cannot be started");
      ended(state, taker, { code: null, signal: null });
    });
  }

  function heard(state: Running, taker: Taker, message: FromWorker): void {
    state.heardAt = clock();
    if (message.kind === "took") board.took(taker, message.connection);
    if (message.kind === "closing") board.gone(taker);
    if (message.kind === "metrics") tally.took(worker, message.snapshot);
    if (message.kind === "gather") void gather(state.child, message.question);
    if (message.kind !== "ready") return;
    state.ready = true;
    tally.open(worker, (told) => send(state.child, told));
    board.open(taker);
    log.info({ worker, pid: state.child.pid }, "Worker started");
    onFirst?.(undefined);
    onFirst = undefined;
    deps.onReady();
  }

  function ended({ child, ready, killed, startedAt }: Running, taker: Taker, end: Ended): void {
    board.gone(taker);
    tally.ended(worker, stopping || onFirst !== undefined ? undefined : killed ? "stalled" : "ended");
    running = undefined;
    setAside(killed);
    if (stopping) isEmpty();
    if (onFirst !== undefined) onFirst(end);
    else if (!stopping) {
      const delay = backoff(ready ? clock() - startedAt : 0);
      log.warn({ worker, pid: child.pid ?? null, ...end, restart_in_ms: delay }, "Worker ended");
      restarting = setTimeout(start, delay);
    }
  }

  async function gather(child: ChildProcess, question: number): Promise<void> {
    send(child, { kind: "gathered", question, snapshots: await tally.gather() });
  }

  /** What a plugin has in hand, if anything. */
  function inFlight(): Flight | undefined {
    const file = folder.fileOf(worker);
    try {
      return readFlight(file);
    } catch (error) {
      log.warn({ file, problem: messageOf(error) }, "What a worker was at cannot be read");
      return undefined;
    }
  }

  /** Keeps what a process had in hand for the next one to bring in. */
  function setAside(counted: boolean): void {
    const flight = inFlight();
    if (flight === undefined) return;
    // The others must know at once: the sender hears of the end now, and sends it again to one of them.
    if (!counted) deps.onStall(deps.stalls.add(flight));
    try {
      folder.setAside(worker, flight);
    } catch (error) {
      log.error({ worker, err: error }, "What a worker was at cannot be set aside");
    }
  }

  function end(state: Running, silentMs: number): void {
    state.killed = true;
    const flight = inFlight();
    if (flight !== undefined) deps.onStall(deps.stalls.add(flight));
    const { pid } = state.child;
    log.error({ worker, pid, silent_ms: silentMs, delivery_id: flight?.delivery.id ?? null }, "Worker stalled");
    state.child.kill("SIGKILL");
  }

  return {
    start,
    tryStart() {
      const { promise, resolve } = Promise.withResolvers<Ended | undefined>();
      onFirst = resolve;
      start();
      return promise;
    },
    tell: (message) => running && send(running.child, message),
    watch(excused) {
      if (running === undefined || running.killed) return;
      const now = clock();
      if (excused) running.heardAt = now;
      const silentMs = Math.round(now - (running.ready ? running.heardAt : running.startedAt));
      if (silentMs >= (running.ready ? deps.stallTimeoutMs : longestStartMs)) end(running, silentMs);
    },
    stop() {
      stopping = true;
      clearTimeout(restarting);
      if (running === undefined) isEmpty();
      else running.child.kill("SIGTERM");
      return empty;
    },
    kill() {
      stopping = true;
      clearTimeout(restarting);
      running?.child.kill("SIGKILL");
    },
  };
}

/** The same command on the same Node, with the same flags. */
function startProcess(worker: number, { url, stallTimeoutMs, stalls }: SlotDependencies): ChildProcess {
  const beatEveryMs = Math.min(1_000, stallTimeoutMs / beatsPerStall);
  const assignment: Assignment = { worker, url, beatEveryMs, stalls: stalls.all };
  const [, command = "", ...words] = process.argv;
  return fork(command, words, { env: { ...process.env, [assignmentVariable]: JSON.stringify(assignment) } });
}

/** The socket stays open here as well, until the other end says that it has it. */
function send(child: ChildProcess, message: ToWorker, socket?: Socket): void {
  if (child.connected) child.send(message, socket, { keepOpen: true }, () => {});
}
