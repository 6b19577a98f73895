import { collectDefaultMetrics, Registry } from "prom-client";
import { type MetricName, metricOf } from "./metrics.ts";
import type { Snapshot } from "./snapshot.ts";

let registry: Registry | undefined;

/** Memory, CPU time, event loop and garbage collection of this process, whose figures they are however many gateways are in it. */
export async function processFigures(): Promise<Snapshot> {
  registry ??= newRegistry();
  const families = await registry.getMetricsAsJSON();
  return families.map(({ name, values }) => ({
    name: name as MetricName,
    values: values as Snapshot[number]["values"],
  }));
}

function newRegistry(): Registry {
  const all = new Registry();
  collectDefaultMetrics({ register: all });
  for (const { name } of all.getMetricsAsArray()) if (metricOf(name) === undefined) all.removeSingleMetric(name);
  return all;
}
