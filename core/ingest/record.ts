import type { Refusal } from "../errors.ts";
import type { NewDelivery, RefusedDelivery } from "../store/ports.ts";
import type { Arrival } from "./arrival.ts";
import type { Journey } from "./journey.ts";
import type { Made } from "./process.ts";

interface Circumstances {
  readonly source: string;
  readonly journey: Journey;
}

/** What is kept of a delivery whose sender was not believed: no bytes. */
export function refusedRecord(
  arrival: Arrival,
  refusal: Refusal,
  { source, journey, bytes }: Circumstances & { readonly bytes: number },
): RefusedDelivery {
  return {
    ...described(arrival, journey),
    source,
    plugin: null,
    outcome: "refused",
    code: refusal.code,
    reason: refusal.message,
    details: refusal.details ?? null,
    scheme: null,
    body_bytes: bytes,
  };
}

/** What is known of a delivery whose sender was believed. */
export interface Known extends Circumstances {
  readonly scheme: string;
  readonly body: Uint8Array;
}

/** What is kept of it. */
export function recordOf(arrival: Arrival, made: Made, { source, scheme, body, journey }: Known): NewDelivery {
  return {
    ...described(arrival, journey),
    source,
    plugin: made.plugin,
    outcome: made.outcome,
    code: made.code ?? made.refusal?.code ?? null,
    reason: made.reason ?? made.refusal?.message ?? null,
    details: made.refusal?.details ?? null,
    scheme,
    key: made.key,
    body_bytes: body.length,
    body,
  };
}

const longestHeader = 200;

function described(
  arrival: Arrival,
  journey: Journey,
): Pick<NewDelivery, "id" | "received_at" | "address" | "content_type" | "user_agent" | "stages" | "traceparent"> {
  const header = (name: string): string | null => arrival.headers[name]?.[0]?.slice(0, longestHeader) ?? null;
  return {
    id: arrival.id,
    received_at: arrival.receivedAt.toISOString(),
    address: arrival.address,
    content_type: header("content-type"),
    user_agent: header("user-agent"),
    stages: journey.times.slice(),
    ...(arrival.trace && { traceparent: arrival.trace.traceparent() }),
  };
}
