import { type MetricName, metricOf } from "./metrics.ts";
import type { Cell, Exemplar, Family, Sample } from "./snapshot.ts";

/** What was observed under one set of labels. */
export interface Observations {
  /** @param traceId of the trace that it belongs to, for an exemplar */
  observe(value: number, traceId?: string): void;
}

export interface Histogram {
  /** To be kept by whoever observes often: finding it costs more than to observe. */
  with(labels: Readonly<Record<string, string>>): Observations;
  /** Forgets what was observed under these labels, whatever the others are. */
  remove(labels: Readonly<Record<string, string>>): void;
  family(): Family;
}

/**
 * Counts by buckets. prom-client has such a thing; it puts the labels together as text for each value, of which there are a
 * dozen for each request, and its merging of processes drops exemplars.
 *
 * @param now milliseconds since 1970
 */
export function histogram(name: MetricName, now: () => number): Histogram {
  const bounds = metricOf(name)?.buckets ?? [];
  const all = new Map<string, Counting>();
  return {
    with(labels) {
      const key = JSON.stringify(labels);
      const cell = all.get(key) ?? newCell(labels, bounds, now);
      all.set(key, cell);
      return cell;
    },
    remove(labels) {
      const wanted = Object.entries(labels);
      for (const [key, cell] of all) {
        if (wanted.every(([label, value]) => cell.labels[label] === value)) all.delete(key);
      }
    },
    family: () => ({ name, values: [], cells: [...all.values()].map(({ cell }) => cell()) }),
  };
}

interface Counting extends Observations {
  readonly labels: Cell["labels"];
  readonly cell: () => Cell;
}

function newCell(labels: Cell["labels"], bounds: readonly number[], now: () => number): Counting {
  const counts: number[] = Array.from({ length: bounds.length + 1 }, () => 0);
  const exemplars: Record<number, Exemplar> = {};
  let sum = 0;
  return {
    labels,
    cell: () => ({ labels, counts: counts.slice(), sum, exemplars: { ...exemplars } }),
    observe(value, traceId) {
      let at = 0;
      while (at < bounds.length && value > (bounds[at] ?? 0)) at += 1;
      counts[at] = (counts[at] ?? 0) + 1;
      sum += value;
      if (traceId !== undefined) {
        exemplars[at] = { labelSet: { trace_id: traceId }, value, timestamp: now() / 1_000 };
      }
    },
  };
}

/** A metric as Prometheus knows it: of a histogram, each bucket counts what is in those below it, too. */
export function samplesOf({ name, values, cells = [] }: Family): readonly Sample[] {
  const bounds = metricOf(name)?.buckets ?? [];
  return [...values, ...cells.flatMap((cell) => samplesOfCell(name, bounds, cell))];
}

function samplesOfCell(name: string, bounds: readonly number[], { labels, counts, sum, exemplars }: Cell): Sample[] {
  let count = 0;
  const buckets = counts.map((each, at): Sample => {
    count += each;
    const le = bounds[at] ?? "+Inf";
    return { metricName: `${name}_bucket`, labels: { ...labels, le }, value: count, exemplar: exemplars[at] };
  });
  return [
    ...buckets,
    { metricName: `${name}_sum`, labels, value: sum },
    { metricName: `${name}_count`, labels, value: count },
  ];
}
