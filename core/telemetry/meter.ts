import { Counter, Registry } from "prom-client";
import manifest from "../../package.json" with { type: "json" };
import { testTag } from "../incidents/incident.ts";
import type { Stage } from "../ingest/journey.ts";
import { type Observe, type ObservedIncident, observedIncidents } from "../ingest/observe.ts";
import { unknownSource } from "../sources/registration.ts";
import type { StoreWatch } from "../store/watch.ts";
import { histogram, type Observations } from "./histogram.ts";
import { type MetricName, metrics, type TimedStage } from "./metrics.ts";
import { processFigures } from "./process-figures.ts";
import type { Family, Snapshot } from "./snapshot.ts";

/** How a triage run ended; `waiting` for somebody's approval, it has not. */
export type TriageOutcome = "completed" | "failed" | "waiting";

/** What became of a try of a message. */
const messageOutcomes = ["sent", "retry", "dead"] as const;
export type MessageOutcome = (typeof messageOutcomes)[number];

/** Counts what this process does. */
export interface Meter extends StoreWatch {
  /** Told once of each request, and of each try of a queued delivery. */
  readonly observe: Observe;
  /** A triage run of a playbook that there is came to that. */
  triaged(playbook: string, outcome: TriageOutcome): void;
  /** A channel was tried with a message. */
  messaged(channel: string, outcome: MessageOutcome): void;
  /**
   * Everything that is counted here, with a zero for each source that nothing has come for. Others are forgotten.
   *
   * @param sources the names of those that are registered
   */
  snapshot(sources: readonly string[]): Promise<Snapshot>;
}

/** Where nobody asks for metrics. */
export const noMeter: Meter = {
  observe: () => {},
  onSharedWrite: () => {},
  onForwarded: () => {},
  triaged: () => {},
  messaged: () => {},
  snapshot: () => Promise.resolve([]),
};

/** @param now milliseconds since 1970 */
export function createMeter(now: () => number): Meter {
  const registry = new Registry();
  const counter = (name: MetricName): Counter => {
    const { help, labels } = metrics[name];
    return new Counter({ name, help, labelNames: labels, registers: [registry] });
  };
  const received = counter("webhook_received_total");
  const errors = counter("webhook_errors_total");
  const deliveries = counter("thruway_deliveries_total");
  const signatures = counter("thruway_signature_failures_total");
  const incidents = counter("thruway_incidents_total");
  const triage = counter("thruway_triage_runs_total");
  const messages = counter("thruway_messages_total");
  const processing = histogram("webhook_processing_seconds", now);
  const batch = histogram("thruway_commit_batch_deliveries", now);
  const batches = batch.with({});
  const bySource = [received, errors, deliveries, signatures, incidents];
  /** Where the times of each source and stage go. */
  const stages = new Map<string, Map<string, Observations>>();

  function took(source: string, stage: TimedStage, ms: number, traceId: string | undefined): void {
    const ofSource = stages.get(source) ?? new Map<string, Observations>();
    stages.set(source, ofSource);
    const observations = ofSource.get(stage) ?? processing.with({ source, stage });
    ofSource.set(stage, observations);
    observations.observe(ms / 1_000, traceId);
  }

  function count(source: string, seen: readonly ObservedIncident[]): void {
    for (const { severity, outcome } of seen) incidents.inc({ source, severity, outcome });
  }

  async function forget(source: string): Promise<void> {
    stages.delete(source);
    processing.remove({ source });
    for (const each of bySource) {
      const { values } = await each.get();
      for (const { labels } of values.filter((value) => value.labels.source === source)) each.remove(labels);
    }
  }

  return {
    observe({ kind, source, outcome, code, incidents, times, test, trace_id: traceId }) {
      // Nobody sent it.
      if (test) return;
      deliveries.inc({ source, kind, outcome });
      if (kind === "intake") received.inc({ source });
      const isOver = kind === "intake" || outcome === "dead" || outcome === "rejected";
      if (code !== null && isOver) errors.inc({ source, code });
      if (kind === "intake" && signatureCodes.has(code)) signatures.inc({ source, code: String(code) });
      let total = 0;
      for (const { stage, start_ms, ms } of times) {
        took(source, stage as Stage, ms, traceId);
        total = Math.max(total, start_ms + ms);
      }
      if (kind === "intake" && times.length > 0) took(source, "total", total, traceId);
      count(source, incidents);
    },
    onSharedWrite({ into, commits, ok }) {
      if (ok && into !== "spool") batches.observe(commits.length);
    },
    onForwarded({ delivery, drafts }, result) {
      if (result.kind !== "committed" || drafts.some(({ tags }) => tags.includes(testTag))) return;
      count(delivery.source, observedIncidents(result.incidents, drafts));
    },
    triaged: (playbook, outcome) => triage.inc({ playbook, outcome }),
    messaged(channel, outcome) {
      // An alert compares them, and each is there from the first on.
      for (const each of messageOutcomes) messages.inc({ channel, outcome: each }, each === outcome ? 1 : 0);
    },
    async snapshot(sources) {
      const known = new Set([unknownSource, ...sources]);
      const { values } = await deliveries.get();
      const counted = new Set([...stages.keys(), ...values.map(({ labels }) => String(labels.source))]);
      for (const source of counted) if (!known.has(source)) await forget(source);
      // A rate knows nothing of the first of a kind, where the second scrape is the first that shows one.
      for (const source of known) {
        received.inc({ source }, 0);
        deliveries.inc({ source, kind: "work", outcome: "dead" }, 0);
      }
      const counters = await registry.getMetricsAsJSON();
      return [
        ...counters.map(({ name, values }): Family => ({ name: name as MetricName, values: copied(values) })),
        processing.family(),
        batch.family(),
        {
          name: "thruway_build_info",
          values: [{ labels: { version: manifest.version, node: process.version }, value: 1 }],
        },
        ...(await processFigures()),
      ];
    },
  };
}

const signatureCodes: ReadonlySet<string | null> = new Set([
  "invalid_signature",
  "invalid_timestamp",
  "timestamp_expired",
]);

/** prom-client hands out what it counts with. */
function copied(values: readonly object[]): Family["values"] {
  return values.map((value) => ({ ...(value as Family["values"][number]) }));
}
