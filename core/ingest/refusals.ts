import type { Logger } from "pino";
import type { DeliveryStore, RefusedDelivery } from "../store/ports.ts";

/** Kept of each source, newest first, and at most waiting to be written: what anybody on the network can fill is bounded. */
const keptPerSource = 1_000;
const mostWaiting = 1_000;
const flushEveryMs = 250;
const logEveryMs = 60_000;

export interface RefusalRecorder {
  /** Takes note of a refused delivery; written soon, or left out when there are too many. */
  add(record: RefusedDelivery): void;
  close(): Promise<void>;
}

/** Said once a minute, like each kind of refusal. */
const unrecorded = "not recorded";

/** Writes refused deliveries beside the intake, and logs the first of each kind per minute. */
export function recordRefusals(deliveries: Pick<DeliveryStore, "recordRefused">, log: Logger): RefusalRecorder {
  let waiting: RefusedDelivery[] = [];
  let logged = new Set<string>();

  async function flush(): Promise<void> {
    const records = waiting;
    waiting = [];
    if (records.length === 0) return;
    try {
      await deliveries.recordRefused(records, keptPerSource);
    } catch (error) {
      waiting = [...records, ...waiting].slice(0, mostWaiting);
      if (logged.has(unrecorded)) return;
      logged.add(unrecorded);
      log.error({ err: error, count: records.length }, "Refused deliveries could not be recorded");
    }
  }

  const flushing = setInterval(() => void flush(), flushEveryMs);
  const forgetting = setInterval(() => {
    logged = new Set();
  }, logEveryMs);
  flushing.unref();
  forgetting.unref();

  return {
    add(record) {
      const kind = `${record.source} ${record.code}`;
      if (!logged.has(kind)) {
        logged.add(kind);
        const { id, source, code, reason, address } = record;
        log.warn({ delivery_id: id, source, code, reason, address }, "Delivery refused");
      }
      if (waiting.length < mostWaiting) waiting.push(record);
    },
    async close() {
      clearInterval(flushing);
      clearInterval(forgetting);
      await flush();
    },
  };
}
