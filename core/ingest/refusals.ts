import type { Logger } from "pino";
import { oneAtATime } from "../one-at-a-time.ts";
import type { DeliveryStore, Diagnosis, RefusedDelivery } from "../store/ports.ts";
import { loggedTrace, parseTraceparent } from "../trace.ts";

/** Kept of each source, newest first, and at most waiting to be written: what anybody on the network can fill is bounded. */
const keptPerSource = 1_000;
const mostWaiting = 1_000;
const flushEveryMs = 250;
const logEveryMs = 60_000;

export interface RefusalRecorder {
  /**
   * Takes note of a refused delivery; written soon, or left out when there are too many. Before that the first few of a minute are
   * diagnosed, long after their sender has its answer.
   */
  add(record: RefusedDelivery, suspect?: Unexplained): void;
  close(): Promise<void>;
}

/** What can be diagnosed. That costs the same for every name, registered or not, so that nobody learns from it which are. */
export interface Unexplained {
  /** Of the source, as it was asked for. */
  readonly name: string;
  /** `null` where there is nobody to tell. */
  readonly diagnose: () => Promise<Diagnosis | null>;
}

/** How many are diagnosed in a minute: of one name, of one address, and in all. */
const diagnosedOfName = 10;
const diagnosedOfAddress = 60;
const diagnosedInAll = 600;
/** What waits to be diagnosed is kept with its bytes until then. */
const mostWaitingBytes = 16_777_216;

interface Waiting {
  readonly record: RefusedDelivery;
  readonly diagnose: Unexplained["diagnose"];
}

/** Each checks one thing and lets others in between, so a few are made side by side. */
const atOnce = 8;
/** No source has a longer one. */
const longestName = 63;

/** Said once a minute, like each kind of refusal. */
const unrecorded = "not recorded";

/** Writes refused deliveries beside the intake, and logs the first of each kind per minute. */
export function recordRefusals(deliveries: Pick<DeliveryStore, "recordRefused">, log: Logger): RefusalRecorder {
  let waiting: RefusedDelivery[] = [];
  const unexplained: Waiting[] = [];
  let waitingBytes = 0;
  let logged = new Set<string>();
  let diagnosed = new Map<string, number>();

  /** Whether one more may be diagnosed in this minute, which it then counts for. */
  function mayDiagnose({ address, body_bytes: bytes }: RefusedDelivery, name: string): boolean {
    const budgets = [
      [`name ${name.slice(0, longestName)}`, diagnosedOfName],
      [`address ${address}`, diagnosedOfAddress],
      ["all", diagnosedInAll],
    ] as const;
    const spent = (budget: string): number => diagnosed.get(budget) ?? 0;
    if (waitingBytes + bytes > mostWaitingBytes || budgets.some(([budget, most]) => spent(budget) >= most))
      return false;
    for (const [budget] of budgets) diagnosed.set(budget, spent(budget) + 1);
    waitingBytes += bytes;
    return true;
  }

  async function explained({ record, diagnose }: Waiting): Promise<RefusedDelivery> {
    try {
      return { ...record, diagnosis: await diagnose() };
    } catch (error) {
      const { id, source } = record;
      log.error({ err: error, request_id: id, delivery_id: id, source }, "Refused delivery could not be diagnosed");
      return record;
    } finally {
      waitingBytes -= record.body_bytes;
    }
  }

  /** One look through what waits at a time; asked for again meanwhile, it is the same one. */
  const flush = oneAtATime(async () => {
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
  });

  /** Beside it, so that nothing waits for a diagnosis but what is diagnosed. */
  const explain = oneAtATime(async () => {
    for (let few = unexplained.splice(0, atOnce); few.length > 0; few = unexplained.splice(0, atOnce)) {
      const told = await Promise.all(few.map(explained));
      // Only now: what waited before has been flushed meanwhile.
      waiting.push(...told);
      await flush();
    }
  });

  const ticking = setInterval(() => {
    void flush();
    void explain();
  }, flushEveryMs);
  const forgetting = setInterval(() => {
    logged = new Set();
    diagnosed = new Map();
  }, logEveryMs);
  ticking.unref();
  forgetting.unref();

  return {
    add(record, suspect) {
      const kind = `${record.source} ${record.code}`;
      if (!logged.has(kind)) {
        logged.add(kind);
        const { id, source, code, reason, address } = record;
        const trace = loggedTrace(parseTraceparent(record.traceparent));
        log.warn({ request_id: id, delivery_id: id, source, code, reason, address, ...trace }, "Delivery refused");
      }
      if (waiting.length + unexplained.length >= mostWaiting) return;
      if (suspect !== undefined && mayDiagnose(record, suspect.name)) {
        unexplained.push({ record, diagnose: suspect.diagnose });
      } else waiting.push(record);
    },
    async close() {
      clearInterval(ticking);
      clearInterval(forgetting);
      await explain();
      // The first may be one that was under way.
      await flush();
      await flush();
    },
  };
}
