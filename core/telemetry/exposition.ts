import { type Metric, Registry, type RegistryContentType } from "prom-client";
import { samplesOf } from "./histogram.ts";
import { metricOf } from "./metrics.ts";
import type { Sample, Snapshot } from "./snapshot.ts";

/** Metrics as Prometheus reads them. */
export interface Exposition {
  readonly type: string;
  readonly body: string;
}

/**
 * Writes a snapshot as OpenMetrics 1.0 where the scraper asks for it, which alone has room for exemplars, else as the text format 0.0.4.
 *
 * @param accept the header of the request
 */
export async function exposition(snapshot: Snapshot, accept: string | undefined): Promise<Exposition> {
  const isOpen = wantsOpenMetrics(accept ?? "");
  const type: RegistryContentType = isOpen ? Registry.OPENMETRICS_CONTENT_TYPE : Registry.PROMETHEUS_CONTENT_TYPE;
  const registry = new Registry<RegistryContentType>();
  registry.setContentType(type);
  for (const each of snapshot) {
    const { name } = each;
    const { type, help } = metricOf(name) ?? {};
    // In OpenMetrics a counter is named without the suffix, and prom-client puts one behind each of its samples.
    const family = {
      name: isOpen && type === "counter" ? name.replace(/_total$/, "") : name,
      type,
      help,
      values: samplesOf(each).map(tidy),
    };
    // What the registry asks of a metric is this much; its type says a class.
    registry.registerMetric({ ...family, get: () => family } as unknown as Metric);
  }
  return { type, body: await registry.metrics() };
}

/** A number that JSON has no word for came as `null` from another process. */
function tidy(sample: Sample): Sample {
  return Number.isFinite(sample.value) ? sample : { ...sample, value: 0 };
}

/** Prometheus lists what it understands with weights; who only takes anything gets what every scraper reads. */
function wantsOpenMetrics(accept: string): boolean {
  const weights = accept.split(",").map((range) => {
    const [type = "", ...parameters] = range.split(";").map((part) => part.trim().toLowerCase());
    const weight = Number(parameters.find((each) => each.startsWith("q="))?.slice(2) ?? 1);
    const version = parameters.find((each) => each.startsWith("version="))?.slice(8);
    return { type, version, weight };
  });
  const heaviest = (isIt: (range: (typeof weights)[number]) => boolean): number =>
    Math.max(0, ...weights.filter(isIt).map(({ weight }) => weight));
  const open = heaviest(
    ({ type, version }) =>
      type === "application/openmetrics-text" && (version === undefined || version.startsWith("1.")),
  );
  return open > 0 && open >= heaviest(({ type }) => type === "text/plain");
}
