import type { Stage } from "../ingest/journey.ts";

/** How one figure is made of those of several processes. */
export type Merge = "sum" | "max" | "min";

export interface Metric {
  readonly type: "counter" | "gauge" | "histogram";
  /** Stands in `/metrics` and in `docs/operations.md`; a test compares. */
  readonly help: string;
  readonly labels: readonly string[];
  /** Of a histogram, ascending. */
  readonly buckets?: readonly number[];
  /** Left out, it is the sum. */
  readonly merge?: Merge;
}

/** What `stage` says in `webhook_processing_seconds`: each stage, and all that the sender waits for. */
export type TimedStage = Stage | "total";

/** Every metric, once. Those that begin with `process_` or `nodejs_` are prom-client's, under their usual names. */
export const metrics = {
  webhook_received_total: {
    type: "counter",
    help: "Requests to the webhook endpoint, refused ones too",
    labels: ["source"],
  },
  webhook_errors_total: {
    type: "counter",
    help: "Requests that were refused or broke, and queued deliveries that ended rejected or dead, by error code",
    labels: ["source", "code"],
  },
  webhook_processing_seconds: {
    type: "histogram",
    help: "Time in each stage, and until a sender has its answer (total)",
    labels: ["source", "stage"],
    buckets: [0.0001, 0.0005, 0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10],
  },
  thruway_deliveries_total: {
    type: "counter",
    help: "What became of requests (intake) and of tries of queued deliveries (work)",
    labels: ["source", "kind", "outcome"],
  },
  thruway_signature_failures_total: {
    type: "counter",
    help: "Requests whose signature or timestamp was refused",
    labels: ["source", "code"],
  },
  thruway_incidents_total: {
    type: "counter",
    help: "Incidents that alerts created or updated, by the alert's severity",
    labels: ["source", "severity", "outcome"],
  },
  thruway_triage_runs_total: {
    type: "counter",
    help: "Triage runs that ended",
    labels: ["playbook", "outcome"],
  },
  thruway_messages_total: {
    type: "counter",
    help: "Tries of notifications and of a feed's messages: sent, retry, or given up (dead)",
    labels: ["channel", "outcome"],
  },
  thruway_commit_batch_deliveries: {
    type: "histogram",
    help: "Deliveries that became durable together",
    labels: [],
    buckets: [1, 2, 4, 8, 16, 32, 64, 128, 256],
  },
  thruway_store_up: {
    type: "gauge",
    help: "Whether the store answers and can be written",
    labels: [],
    merge: "min",
  },
  thruway_queue_deliveries: { type: "gauge", help: "Deliveries in the queue", labels: [], merge: "max" },
  thruway_queue_due_deliveries: {
    type: "gauge",
    help: "Of them, those that a worker could take up now",
    labels: [],
    merge: "max",
  },
  thruway_queue_oldest_age_seconds: {
    type: "gauge",
    help: "Since when the delivery waits that was received first; 0 where none does",
    labels: [],
    merge: "max",
  },
  thruway_spool_deliveries: {
    type: "gauge",
    help: "Deliveries on this machine that wait for the store",
    labels: [],
    merge: "max",
  },
  thruway_spool_refused_deliveries: {
    type: "gauge",
    help: "Of them, those that the store refused for their own sake",
    labels: [],
    merge: "max",
  },
  thruway_spool_bytes: { type: "gauge", help: "Size of the spool", labels: [], merge: "max" },
  thruway_spool_limit_bytes: { type: "gauge", help: "Size that the spool may have", labels: [], merge: "max" },
  thruway_workers: { type: "gauge", help: "Workers of the supervisor that are up", labels: [] },
  thruway_worker_ends_total: {
    type: "counter",
    help: "Workers that ended by themselves or stalled, and were replaced",
    labels: ["reason"],
  },
  thruway_build_info: {
    type: "gauge",
    help: "1; what runs here",
    labels: ["version", "node"],
    merge: "max",
  },
  process_cpu_user_seconds_total: { type: "counter", help: "User CPU time", labels: [] },
  process_cpu_system_seconds_total: { type: "counter", help: "System CPU time", labels: [] },
  process_cpu_seconds_total: { type: "counter", help: "User and system CPU time", labels: [] },
  process_start_time_seconds: {
    type: "gauge",
    help: "Start of the process, or of the supervisor, since 1970",
    labels: [],
    merge: "min",
  },
  process_resident_memory_bytes: { type: "gauge", help: "Memory in RAM", labels: [] },
  process_open_fds: {
    type: "gauge",
    help: "Open file descriptors, of the process that has most",
    labels: [],
    merge: "max",
  },
  process_max_fds: { type: "gauge", help: "How many a process may have", labels: [], merge: "min" },
  nodejs_eventloop_lag_seconds: { type: "gauge", help: "Event loop lag at the scrape", labels: [], merge: "max" },
  nodejs_eventloop_lag_p50_seconds: {
    type: "gauge",
    help: "Median event loop delay since the last scrape, of the worst process",
    labels: [],
    merge: "max",
  },
  nodejs_eventloop_lag_p99_seconds: {
    type: "gauge",
    help: "99th percentile of the same",
    labels: [],
    merge: "max",
  },
  nodejs_eventloop_lag_max_seconds: { type: "gauge", help: "Longest of the same", labels: [], merge: "max" },
  nodejs_heap_size_total_bytes: { type: "gauge", help: "Heap of V8", labels: [] },
  nodejs_heap_size_used_bytes: { type: "gauge", help: "Of it, what is used", labels: [] },
  nodejs_external_memory_bytes: { type: "gauge", help: "Buffers outside of the heap", labels: [] },
  nodejs_gc_duration_seconds: { type: "histogram", help: "Garbage collection, by kind", labels: ["kind"] },
} as const satisfies Record<string, Metric>;

export type MetricName = keyof typeof metrics;

/** @returns `undefined` for a name that is none of ours */
export function metricOf(name: string): Metric | undefined {
  return Object.hasOwn(metrics, name) ? metrics[name as MetricName] : undefined;
}
