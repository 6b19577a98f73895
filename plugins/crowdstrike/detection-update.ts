import { type Alert, defined, firstText, humanise, record, records, snakeCase, text } from "@thruway/sdk";
import type { Fields } from "./evidence.ts";
import { decisionOf } from "./status.ts";
import { firstPlausible } from "./times.ts";

/** `detection_update`, and what newer audit events call the same. */
const operation = /(detection|alert|incident)s?_?update|update_?(detection|alert|incident)/i;

/**
 * The audit event of somebody setting the state of a detection: an update of the incident that the detection became, which
 * names nothing of it but its id. `undefined` for every other audit event.
 */
export function updateOf(event: Fields, eventCreationTime: unknown, receivedAt: Date): Alert | undefined {
  if (!operation.test(text(event.OperationName) ?? "")) return undefined;
  const pairs = pairsOf(event);
  const say = (...names: readonly string[]): string | undefined => firstText(...names.map((name) => pairs.get(name)));
  const id = say("detection_id", "composite_id", "alert_id", "incident_id");
  const state = say("new_state", "new_status", "status", "state");
  const decision = decisionOf(state, say("resolution"));
  if (id === undefined || decision.status === undefined) return undefined;
  return defined({
    type: "endpoint_detection",
    title: `Falcon detection: ${humanise(state)?.toLowerCase()}`,
    external_id: id,
    as_of: firstPlausible(receivedAt, event.UTCTimestamp, eventCreationTime),
    ...decision,
    fallback: ["type", "title"] as const,
  });
}

/** A list of keys and values, or an object of them. */
function pairsOf({ AuditKeyValues, Attributes }: Fields): ReadonlyMap<string, unknown> {
  return new Map<string, unknown>([
    ...Object.entries(record(Attributes)).map(([key, value]) => [snakeCase(key), value] as const),
    ...records(AuditKeyValues).map(({ Key, ValueString }) => [snakeCase(text(Key) ?? ""), ValueString] as const),
  ]);
}
