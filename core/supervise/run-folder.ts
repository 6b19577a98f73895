import { readdirSync, renameSync } from "node:fs";
import { join } from "node:path";
import type { Settings } from "../config/settings.ts";
import type { Flight } from "../ingest/flights.ts";

/** What the processes of a supervisor are for: to take webhooks, or only to work off the queue. */
export interface Purpose {
  readonly listens: boolean;
}

/**
 * Where the processes of a supervisor keep what they are at: a file for each worker, and one for each delivery that a worker
 * had in hand when it died. The port is in the names, since several gateways may share a data folder, and no two have one port.
 */
export interface RunFolder {
  fileOf(worker: number): string;
  /** Sets the file of a worker that has died aside for whoever brings the delivery in. */
  setAside(worker: number, flight: Flight): void;
  /** The files that were set aside. */
  aside(): readonly string[];
}

export function runFolder({ dataDir, port }: Pick<Settings, "dataDir" | "port">, { listens }: Purpose): RunFolder {
  const folder = join(dataDir, "run");
  const owner = listens ? String(port) : "queue";
  const prefix = `stalled-${owner}-`;

  function fileOf(worker: number): string {
    return join(folder, `worker-${owner}-${worker}.flight`);
  }

  return {
    fileOf,
    setAside: (worker, { delivery }) => renameSync(fileOf(worker), join(folder, `${prefix}${delivery.id}.flight`)),
    aside() {
      try {
        const names = readdirSync(folder).filter((name) => name.startsWith(prefix));
        return names.map((name) => join(folder, name));
      } catch {
        // There is no such folder as long as no worker has started.
        return [];
      }
    },
  };
}
