import { type Alert, type Ignored, ignore, PayloadError, snakeCase, text } from "@thruway/sdk";
import { detectionOf, type Kind } from "./detection.ts";
import { updateOf } from "./detection-update.ts";
import type { Fields } from "./evidence.ts";
import type { Scale } from "./severity.ts";

/** The envelope of Falcon's event stream. Relays send it as it is. */
export interface StreamEvent {
  readonly metadata: Fields & { readonly eventType: string };
  readonly event: Fields;
}

/** By event type in lower case: relays write `EppDetectionSummaryEvent` and `EPPDetectionSummaryEvent`. */
const kinds: ReadonlyMap<string, Kind> = new Map<string, Kind>([
  ["detectionsummaryevent", { type: "endpoint_detection", scale: 5 }],
  ["eppdetectionsummaryevent", { type: "endpoint_detection", scale: 100 }],
  ["identityprotectionevent", { type: "identity_detection" }],
  ["idpdetectionsummaryevent", { type: "identity_detection" }],
  ["incidentsummaryevent", { type: "endpoint_incident" }],
  ["xdrdetectionsummaryevent", { type: "xdr_detection", scale: 100 }],
  ["mobiledetectionsummaryevent", { type: "mobile_detection", scale: 100 }],
  ["automatedleadsummaryevent", { type: "automated_lead", scale: 100 }],
  ["dataprotectiondetectionsummaryevent", { type: "data_protection_detection", scale: 100 }],
  ["reconnotificationsummaryevent", { type: "recon_notification" }],
  ["cspmioastreamingevent", { type: "cloud_detection" }],
  ["cspmsearchstreamingevent", { type: "cloud_misconfiguration" }],
]);

const notAlerts: readonly { readonly type: RegExp; readonly reason: string }[] = [
  { type: /auditevent$/i, reason: "audit event" },
  { type: /^remoteresponsesession/i, reason: "remote response session" },
  { type: /^firewallmatchevent$/i, reason: "firewall match" },
  { type: /^scheduledreportnotificationevent$/i, reason: "scheduled report" },
  { type: /^vertex$/i, reason: "telemetry" },
];

/**
 * @param path where it stands in the delivery, for the message
 * @param identityScale of identity detections, which CrowdStrike has published nothing of
 * @throws {PayloadError} for a detection that says nothing of itself
 */
export function alertOf(
  { metadata, event }: StreamEvent,
  path: string,
  identityScale: Scale | undefined,
  receivedAt: Date,
): Alert | Ignored {
  const { eventType, eventCreationTime } = metadata;
  const reason = notAlerts.find(({ type }) => type.test(eventType))?.reason;
  if (reason !== undefined) return updateOf(event, eventCreationTime, receivedAt) ?? ignore(reason);
  if (text(event.Disposition)?.toLowerCase() === "passed") return ignore("a policy check that was passed");

  const known = kinds.get(eventType.toLowerCase());
  const isIdentity = known?.type === "identity_detection" && identityScale !== undefined;
  const kind = known ?? { type: typeOf(eventType) };
  const scaled = isIdentity ? { ...kind, scale: identityScale } : kind;
  const alert = detectionOf(event, scaled, { eventCreationTime, receivedAt });
  if (alert !== undefined) return alert;
  if (known === undefined) return ignore("an event that is no detection");
  throw new PayloadError(path, `has neither an id nor a name nor a severity, as a ${eventType.slice(0, 100)} should`);
}

/** `OverwatchDetectionSummaryEvent` becomes `overwatch_detection`. */
function typeOf(eventType: string): string {
  return snakeCase(eventType.replace(/(Summary)?Event$/i, "")) || "detection";
}
