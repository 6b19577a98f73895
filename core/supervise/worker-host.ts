import type { Socket } from "node:net";
import type { Settings } from "../config/settings.ts";
import { type FlightFile, openFlightFile } from "./flight-file.ts";
import type { Connections, Host } from "./host.ts";
import { type Assignment, assignmentVariable, type FromWorker, type ToWorker } from "./messages.ts";
import { recordFlights } from "./record-flights.ts";
import { recoverFlights } from "./recover-flights.ts";
import { type Purpose, runFolder } from "./run-folder.ts";
import { createStalls } from "./stalls.ts";

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
    else takeConnection(message.connection, socket);
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
    ...(purpose.listens && { connections }),
    openFlights(log) {
      file = openFlightFile(folder.fileOf(worker));
      return recordFlights(file, stalls, log);
    },
    recover: (store, log, now) => recoverFlights({ folder, store, log, now }),
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
function tell(message: FromWorker): void {
  if (process.connected) process.send?.(message, undefined, {}, () => {});
}
