import type { IncidentRef } from "../incidents/incident.ts";
import type { DeliverySummary } from "../store/ports.ts";

/** The body of a 202. */
export type Answer =
  | ({ readonly status: "accepted"; readonly incidents?: readonly IncidentRef[] } & Partial<IncidentRef> & Duplicate)
  | ({ readonly status: "queued"; readonly queue_id: string; readonly message: string } & Duplicate)
  | ({ readonly status: "ignored"; readonly message: string } & Duplicate);

interface Duplicate {
  readonly duplicate?: true;
}

const queuePrefix = "queue-";

export function queueIdOf(deliveryId: string): string {
  return `${queuePrefix}${deliveryId}`;
}

export function deliveryIdOf(queueId: string): string | undefined {
  return queueId.startsWith(queuePrefix) ? queueId.slice(queuePrefix.length) : undefined;
}

/** What the sender is told of a stored delivery; the same delivery again is told the same. */
export function answer(stored: DeliverySummary, duplicate: boolean): Answer {
  const again: Duplicate = duplicate ? { duplicate: true } : {};
  if (stored.outcome === "queued") {
    return { status: "queued", queue_id: queueIdOf(stored.id), message: "Event queued for processing", ...again };
  }
  if (stored.outcome === "ignored") {
    return { status: "ignored", message: stored.reason ?? "There is nothing to record", ...again };
  }
  const { incidents } = stored;
  // One delivery can hold several alerts; the text's two fields then speak of the first.
  return { status: "accepted", ...incidents[0], ...(incidents.length > 1 && { incidents }), ...again };
}
