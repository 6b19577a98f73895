import type { Socket } from "node:net";
import type { Settings } from "../config/settings.ts";
import { within } from "../store/within.ts";
import type { ShareMetrics, Snapshot } from "../telemetry/snapshot.ts";
import { type FlightFile, openFlightFile } from "./flight-file.ts";
import type { Connections, Host } from "./host.ts";
import { type Assignment, assignmentVariable, type FromWorker, type ToWorker } from "./messages.ts";
import { recordFlights } from "./record-flights.ts";
import { recoverFlights } from "./recover-flights.ts";
import { type Purpose, runFolder } from "./run-folder.ts";
import { createStalls } from "./stalls.ts";

/** The supervisor waits for two. */
const longestGatherMs = 4_000;

/**
 * The host of a gateway that a supervisor has started: it gives it connections, hears from it all the time, and stops it.
 *
 * @returns `undefined` in a process that no supervisor has started
 */
export function workerHost(settings: Settings, env: NodeJS.ProcessEnv, purpose: Purpose): Host | undefined {
  const assigned = env[assignmentVariable];
  if (assigned === undefined || process.send === undefined) return undefined;
  const { worker, url, beatEveryMs, stalls: known } = JSON.parse(assigned) as Assignment;
  const folder = runFolder(settings, purpose);
  const stalls = createStalls(known);
  const { promise: stopped, resolve: stop } = Promise.withResolvers<void>();
  let take: ((socket: Socket) => void) | undefined;
  let file: FlightFile | undefined;

  process.on("message", (message: ToWorker, socket?: Socket) => {
    if (message.kind === "stall") stalls.set(message.stall);
    if (message.kind === "metrics") void tellMetrics();
    if (message.kind === "gathered") answered(message.question, message.snapshots);
    if (message.kind === "connection") takeConnection(message.connection, socket);
  });
  process.on("disconnect", stop);
  process.on("SIGTERM", () => stop());
  // A terminal sends Ctrl-C to all processes; the supervisor passes it on as it sees fit.
  process.on("SIGINT", () => {});
  const beating = setInterval(() => tell({ kind: "beat" }), beatEveryMs);
  beating.unref();

  function takeConnection(connection: number, socket: Socket | undefined): void {
    if (take === undefined) {
      // It came after the word that no more are taken: the supervisor has given it to another.
      socket?.destroy();
      return;
    }
    tell({ kind: "took", connection });
    // A sender that has hung up leaves none.
    if (socket !== undefined) take(socket);
  }

  /** Before there is anything to tell, nobody asks. */
  let own: (() => Promise<Snapshot>) | undefined;
  let questions = 0;
  const asked = new Map<number, (snapshots: readonly Snapshot[]) => void>();

  async function tellMetrics(): Promise<void> {
    if (own === undefined) return;
    const snapshot = JSON.stringify(await own());
    await new Promise<void>((resolve) => tell({ kind: "metrics", snapshot }, resolve));
  }

  function answered(question: number, snapshots: readonly string[]): void {
    asked.get(question)?.(snapshots.map((each) => JSON.parse(each) as Snapshot));
    asked.delete(question);
  }

  const shareMetrics: ShareMetrics = (counted) => {
    own = counted;
    return {
      async all() {
        questions += 1;
        const question = questions;
        const { promise, resolve } = Promise.withResolvers<readonly Snapshot[]>();
        asked.set(question, resolve);
        tell({ kind: "gather", question });
        // What this one has counted, without the others, would look as if all had started again: rather no answer.
        return await within(longestGatherMs, () => promise).finally(() => asked.delete(question));
      },
      close: tellMetrics,
    };
  };

  const connections: Connections = {
    url: url ?? "",
    open(taker) {
      take = taker;
    },
    close() {
      take = undefined;
      tell({ kind: "closing" });
    },
  };

  return {
    logged: { worker },
    ...(url !== null && { connections }),
    openFlights(log) {
      file = openFlightFile(folder.fileOf(worker));
      return recordFlights(file, stalls, log);
    },
    recover: (deps) => recoverFlights({ folder, ...deps }),
    shareMetrics,
    stopped: () => stopped,
    ready: () => tell({ kind: "ready" }),
    end() {
      clearInterval(beating);
      file?.close();
      if (process.connected) process.disconnect();
    },
  };
}

/** A supervisor that has just died hears nothing. */
function tell(message: FromWorker, onTold: () => void = () => {}): void {
  if (process.connected) process.send?.(message, undefined, {}, () => onTold());
  else onTold();
}
