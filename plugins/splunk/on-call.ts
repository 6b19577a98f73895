import {
  type Alert,
  type AlertStatus,
  defined,
  firstText,
  instant,
  link,
  type Severity,
  some,
  text,
} from "@thruway/sdk";
import { entitiesOf, rowOf } from "./row.ts";

/**
 * What Splunk On-Call (VictorOps) takes at its REST endpoint, and what is sent on from there in the same form. Beside these it
 * has whatever fields its sender adds.
 * https://help.splunk.com/splunk-observability-cloud/splunk-on-call/integrations-with-splunk-on-call/rest-endpoint-integration-for-splunk-on-call
 */
export interface OnCallMessage {
  readonly message_type?: unknown;
  readonly entity_id?: unknown;
  readonly entity_display_name?: unknown;
  readonly entity_is_host?: unknown;
  readonly state_message?: unknown;
  readonly state_start_time?: unknown;
  readonly timestamp?: unknown;
  /** Never of such a message: the row of a search. */
  readonly result?: unknown;
}

interface MessageType {
  readonly severity?: Severity;
  readonly status: AlertStatus;
}

const messageTypes: ReadonlyMap<string, MessageType> = new Map([
  ["CRITICAL", { severity: "critical", status: "new" }],
  ["WARNING", { severity: "medium", status: "new" }],
  ["INFO", { severity: "info", status: "new" }],
  ["ACKNOWLEDGEMENT", { status: "in_progress" }],
  ["RECOVERY", { status: "resolved" }],
] satisfies readonly (readonly [string, MessageType])[]);

/** Whether a payload is one of these, and not the alert of a search. */
export function isOnCall(message: OnCallMessage): boolean {
  const { message_type: type, entity_id, state_message, result } = message;
  if (text(type) === undefined || result !== undefined) return false;
  return typeOf(type) !== undefined || firstText(entity_id, state_message) !== undefined;
}

function typeOf(type: unknown): MessageType | undefined {
  return messageTypes.get((text(type) ?? "").toUpperCase());
}

/** An acknowledgement and a recovery name what they are about, and leave the rest to the message before. */
export function onCallAlert(message: OnCallMessage): Alert {
  // A type that nobody has heard of is a new alert.
  const { severity, status }: MessageType = typeOf(message.message_type) ?? { status: "new" };
  const isNews = status === "new";
  const id = text(message.entity_id);
  const said = text(message.state_message);
  const name = text(message.entity_display_name);
  const title = name ?? id ?? said?.split("\n")[0]?.trim();
  const began = instant(message.state_start_time) ?? instant(message.timestamp);
  const fields: Readonly<Record<string, unknown>> = { ...message };
  return defined({
    type: "on_call_alert",
    title: title ?? "Splunk On-Call alert",
    description: said === title ? undefined : said,
    severity,
    vendor_severity: isNews ? text(message.message_type) : undefined,
    external_id: id,
    status,
    occurred_at: isNews ? began : undefined,
    as_of: isNews ? undefined : began,
    fallback: name === undefined ? (["title"] as const) : undefined,
    url: link(fields.alert_url) ?? link(fields.results_link),
    entities: some(entitiesOf(rowOf({ ...hostOf(message), ...fields }))),
  });
}

/** Where the entity is a host its name is the host's. */
function hostOf({ entity_is_host: isHost, entity_display_name, entity_id }: OnCallMessage): { readonly host?: string } {
  if (isHost !== true && text(isHost) !== "true") return {};
  return defined({ host: firstText(entity_display_name, entity_id) });
}
