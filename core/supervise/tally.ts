import { oneAtATime } from "../one-at-a-time.ts";
import type { Family, Snapshot } from "../telemetry/snapshot.ts";
import { lasting, merged, ofKnownSources } from "../telemetry/snapshot.ts";
import { waitAtMost } from "../wait.ts";
import type { ToWorker } from "./messages.ts";

/** A worker that does not answer is left out of a scrape after that, and counts with what it said last. */
const longestWaitMs = 2_000;

/** What the workers have counted, those that have ended too: a sum that fell would look like a restart of all. */
export interface Tally {
  /** It counts from now on. */
  open(worker: number, tell: (message: ToWorker) => void): void;
  /** What it said that it has counted. */
  took(worker: number, snapshot: string): void;
  /** What every process has counted, each as JSON. */
  gather(): Promise<readonly string[]>;
  /** Its process is gone; what it said last is kept. @param replaced why another one takes its place, if one does */
  ended(worker: number, replaced?: "ended" | "stalled"): void;
}

interface Counting {
  readonly tell: (message: ToWorker) => void;
  last: string | undefined;
  onAnswer: () => void;
}

/** @param own the supervisor's own figures */
export function createTally(own: () => Snapshot = supervisorFigures): Tally {
  const workers = new Map<number, Counting>();
  const ends = { ended: 0, stalled: 0 };
  let kept: Snapshot = [];

  async function ask(worker: Counting): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    worker.onAnswer = resolve;
    worker.tell({ kind: "metrics" });
    await promise;
  }

  async function gather(): Promise<readonly string[]> {
    await waitAtMost(longestWaitMs, Promise.all([...workers.values()].map(ask)));
    const said = [...workers.values()].flatMap(({ last }) => last ?? []);
    return [JSON.stringify(merged([kept, figures()])), ...said];
  }

  function figures(): Snapshot {
    const reasons = Object.entries(ends).map(([reason, value]) => ({ labels: { reason }, value }));
    return [
      { name: "thruway_workers", values: [{ labels: {}, value: workers.size }] },
      { name: "thruway_worker_ends_total", values: reasons },
      ...own(),
    ];
  }

  return {
    open: (worker, tell) => void workers.set(worker, { tell, last: undefined, onAnswer: () => {} }),
    took(worker, snapshot) {
      const counting = workers.get(worker);
      if (counting === undefined) return;
      counting.last = snapshot;
      counting.onAnswer();
    },
    gather: oneAtATime(gather),
    ended(worker, replaced) {
      if (replaced !== undefined) ends[replaced] += 1;
      const counting = workers.get(worker);
      workers.delete(worker);
      counting?.onAnswer();
      if (counting?.last === undefined) return;
      const live = [...workers.values()].flatMap(({ last }) => (last === undefined ? [] : [read(last)]));
      const last = read(counting.last);
      kept = ofKnownSources(merged([kept, lasting(last)]), [last, ...live]);
    },
  };
}

function read(snapshot: string): Snapshot {
  return JSON.parse(snapshot) as Snapshot;
}

function supervisorFigures(): Snapshot {
  const { user, system } = process.cpuUsage();
  const figure = (name: Family["name"], value: number): Family => ({ name, values: [{ labels: {}, value }] });
  return [
    figure("process_cpu_user_seconds_total", user / 1e6),
    figure("process_cpu_system_seconds_total", system / 1e6),
    figure("process_cpu_seconds_total", (user + system) / 1e6),
    figure("process_start_time_seconds", performance.timeOrigin / 1_000),
    figure("process_resident_memory_bytes", process.memoryUsage.rss()),
  ];
}
