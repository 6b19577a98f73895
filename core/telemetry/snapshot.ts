import { type Merge, type MetricName, metricOf } from "./metrics.ts";

/** What a metric was at a moment; can be written as JSON, for another process. */
export interface Family {
  readonly name: MetricName;
  readonly values: readonly Sample[];
  /** Of a histogram of ours, instead of its samples, of which each series has a dozen and more. */
  readonly cells?: readonly Cell[];
}

/** What was observed under one set of labels. */
export interface Cell {
  readonly labels: Readonly<Record<string, string>>;
  /** Of each bucket for itself; the last one has no bound. */
  readonly counts: readonly number[];
  readonly sum: number;
  /** By the place of their bucket. */
  readonly exemplars: Readonly<Record<number, Exemplar>>;
}

export interface Sample {
  /** Of a histogram: `<name>_bucket`, `_sum` or `_count`. Else the metric's own. */
  readonly metricName?: string | undefined;
  readonly labels: Readonly<Record<string, string | number>>;
  readonly value: number;
  /** An observation of this bucket, and the trace that it belongs to. */
  readonly exemplar?: Exemplar | null | undefined;
}

export interface Exemplar {
  readonly labelSet: Readonly<Record<string, string>>;
  readonly value: number;
  /** Seconds since 1970. */
  readonly timestamp: number;
}

/** All metrics of a process at a moment. */
export type Snapshot = readonly Family[];

/** The metrics of all processes that are one gateway. */
export interface SharedMetrics {
  all(): Promise<readonly Snapshot[]>;
  /** Leaves behind what was counted here. */
  close(): Promise<void>;
}

/** Shows the others what is counted here. */
export type ShareMetrics = (own: () => Promise<Snapshot>) => SharedMetrics;

const mergers: Readonly<Record<Merge, (a: number, b: number) => number>> = {
  sum: (a, b) => a + b,
  max: (a, b) => Math.max(a, b),
  min: (a, b) => Math.min(a, b),
};

/** The figures of several processes as one; of the exemplars of a bucket the newest. */
export function merged(snapshots: readonly Snapshot[]): Snapshot {
  const [only] = snapshots;
  if (only !== undefined && snapshots.length === 1) return only;
  const byName = Map.groupBy(snapshots.flat(), ({ name }) => name);
  return [...byName].map(([name, families]): Family => {
    const merge = mergers[metricOf(name)?.merge ?? "sum"];
    const values = mergedBy(
      keyOf,
      families.flatMap(({ values }) => values),
      (a, b) => ({ ...a, value: merge(a.value, b.value) }),
    );
    const cells = families.flatMap(({ cells = [] }) => cells);
    return { name, values, ...(cells.length > 0 && { cells: mergedBy(keyOf, cells, joined) }) };
  });
}

function mergedBy<T>(keyOf: (one: T) => string, all: readonly T[], join: (a: T, b: T) => T): readonly T[] {
  const found = new Map<string, T>();
  for (const each of all) {
    const key = keyOf(each);
    const before = found.get(key);
    found.set(key, before === undefined ? each : join(before, each));
  }
  return [...found.values()];
}

function joined(a: Cell, b: Cell): Cell {
  const exemplars: Record<number, Exemplar> = { ...a.exemplars };
  for (const [at, exemplar] of Object.entries(b.exemplars)) {
    const other = exemplars[Number(at)];
    if (other === undefined || other.timestamp <= exemplar.timestamp) exemplars[Number(at)] = exemplar;
  }
  const counts = a.counts.map((count, at) => count + (b.counts[at] ?? 0));
  return { labels: a.labels, counts, sum: a.sum + b.sum, exemplars };
}

function keyOf({ metricName = "", labels }: Pick<Sample, "metricName" | "labels">): string {
  const named = Object.keys(labels).toSorted();
  return JSON.stringify([metricName, ...named.flatMap((name) => [name, String(labels[name])])]);
}

/** What still counts of a process that has ended: its counters and histograms. */
export function lasting(snapshot: Snapshot): Snapshot {
  return snapshot.filter(({ name }) => metricOf(name)?.type !== "gauge");
}

/** Without the figures of sources that none of `live` knows any more: each lists all that it knows. */
export function ofKnownSources(snapshot: Snapshot, live: readonly Snapshot[]): Snapshot {
  const received = live.flat().filter(({ name }) => name === "webhook_received_total");
  const known = new Set(received.flatMap(({ values }) => values.map(({ labels }) => labels.source)));
  const isKnown = ({ labels }: Pick<Sample, "labels">): boolean =>
    labels.source === undefined || known.has(labels.source);
  return snapshot.map(({ name, values, cells }) => ({
    name,
    values: values.filter(isKnown),
    ...(cells && { cells: cells.filter(isKnown) }),
  }));
}
