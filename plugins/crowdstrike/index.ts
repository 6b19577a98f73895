import {
  anyOf,
  defined,
  definePlugin,
  firstText,
  hmac,
  ignore,
  instant,
  joi,
  link,
  type MapContext,
  type MapResult,
  number,
  PayloadError,
  record,
  type Severity,
  severityOf,
  snakeCase,
  some,
  text,
  texts,
  webhookSignature,
} from "@thruway/sdk";
import { entitiesOf, type Fields, mitreOf } from "./evidence.ts";

interface Options {
  /** The workflow's "Signature Header Name". */
  readonly signature_header?: string;
}

/** The envelope of Falcon's event stream. Relays send it as it is. */
interface Payload {
  readonly metadata: Fields & { readonly eventType: string };
  readonly event: Fields;
}

export default definePlugin<Options, Payload>({
  name: "crowdstrike",
  title: "CrowdStrike Falcon",
  options: joi.object<Options>({
    signature_header: joi.string().pattern(/^[A-Za-z0-9-]+$/, "a header's name"),
  }),

  // Falcon's webhooks sign the body followed by the time, with nothing between: Box's scheme under other names.
  signature: ({ signature_header = "X-CS-Primary-Signature" }) =>
    anyOf(
      webhookSignature(),
      hmac({
        name: "crowdstrike",
        header: signature_header,
        encoding: "base64",
        signs: "{body}{timestamp}",
        timestamp: { header: "X-CS-Delivery-Timestamp", unit: "iso", toleranceSeconds: 600 },
      }),
    ),

  payload: joi
    .object<Payload>({
      metadata: joi.object({ eventType: joi.string().required() }).unknown().required(),
      event: joi.object().unknown().required(),
    })
    .unknown(),

  fits(payload) {
    const { metadata, event } = record(payload);
    const isEnvelope = typeof record(metadata).eventType === "string" && Object.keys(record(event)).length > 0;
    return isEnvelope ? 0.95 : 0;
  },

  // An offset counts within one stream, and a customer may have several: the time tells their events apart.
  eventId({ metadata: { customerIDString, offset, eventCreationTime } }) {
    const customer = text(customerIDString);
    const position = text(offset);
    if (customer === undefined || position === undefined) return undefined;
    return [customer, position, ...texts(eventCreationTime, null)].join(":");
  },

  map,

  example: {
    metadata: { eventType: "DetectionSummaryEvent", eventCreationTime: 1705320000000 },
    event: {
      DetectId: "ldt:thruway-test-event",
      Severity: 4,
      HostnameField: "WORKSTATION-01",
      DetectName: "Malicious File Detected",
    },
  },
});

interface Family {
  readonly type: string;
  /** Severities count from 0 to 100 and not from 1 to 5, where a 30 would be off the scale and a 4 be high. */
  readonly outOfHundred?: true;
}

/** By event type in lower case: relays write `EppDetectionSummaryEvent` and `EPPDetectionSummaryEvent`. */
const families: ReadonlyMap<string, Family> = new Map<string, Family>([
  ["detectionsummaryevent", { type: "endpoint_detection" }],
  ["eppdetectionsummaryevent", { type: "endpoint_detection", outOfHundred: true }],
  ["identityprotectionevent", { type: "identity_detection" }],
  ["idpdetectionsummaryevent", { type: "identity_detection" }],
  ["incidentsummaryevent", { type: "endpoint_incident" }],
  ["xdrdetectionsummaryevent", { type: "xdr_detection", outOfHundred: true }],
  ["mobiledetectionsummaryevent", { type: "mobile_detection", outOfHundred: true }],
]);

const notAlerts: readonly { readonly type: RegExp; readonly reason: string }[] = [
  { type: /auditevent$/i, reason: "audit event" },
  { type: /^remoteresponsesession/i, reason: "remote response session" },
  { type: /^firewallmatchevent$/i, reason: "firewall match" },
  { type: /^scheduledreportnotificationevent$/i, reason: "scheduled report" },
  { type: /^vertex$/i, reason: "telemetry" },
];

function map({ metadata, event }: Payload, { receivedAt }: MapContext<Options>): MapResult {
  const { eventType } = metadata;
  const reason = notAlerts.find(({ type }) => type.test(eventType))?.reason;
  if (reason !== undefined) return ignore(reason);

  const known = families.get(eventType.toLowerCase());
  const id = idOf(event);
  const name = nameOf(event);
  const vendorSeverity = firstText(event.SeverityName, event.Severity);
  if ((id ?? name ?? vendorSeverity) === undefined) {
    if (known === undefined) return ignore("an event that is no detection");
    throw new PayloadError("event", `has neither an id nor a name nor a severity, as a ${eventType} should`);
  }

  const family = known ?? { type: typeOf(eventType) };
  return defined({
    type: family.type,
    title: name ?? `Falcon ${family.type.replaceAll("_", " ")}`,
    description: descriptionOf(event),
    severity: severityFrom(event, family),
    vendor_severity: vendorSeverity,
    external_id: id,
    occurred_at: occurredAt(event, metadata.eventCreationTime, receivedAt),
    url: link(event.FalconHostLink),
    entities: some(entitiesOf(event)),
    mitre: some(mitreOf(event)),
    tags: some(texts(event.Tags)),
  });
}

/** `CspmDetectionSummaryEvent` becomes `cspm_detection`. */
function typeOf(eventType: string): string {
  return snakeCase(eventType.replace(/(Summary)?Event$/i, "")) || "detection";
}

/** The older incidents carry their id in the link alone. */
function idOf(event: Fields): string | undefined {
  const linked = /inc:[0-9a-f]+:[0-9a-f]+/i.exec(text(event.FalconHostLink) ?? "");
  return firstText(
    event.CompositeId,
    event.DetectId,
    event.IncidentID,
    event.IdentityProtectionIncidentId,
    event.MobileDetectionId,
    linked?.[0],
  );
}

function nameOf(event: Fields): string | undefined {
  return firstText(
    event.DetectName,
    event.Name,
    incidentTypeOf(event),
    event.DetectDescription,
    event.Description,
    event.IncidentDescription,
  );
}

/** Free text, or `UNUSUAL_ACTIVITY`; an IncidentSummaryEvent has a number here that says nothing. */
function incidentTypeOf({ IncidentType }: Fields): string | undefined {
  const name = text(IncidentType);
  if (name === undefined || number(name) !== undefined) return undefined;
  if (!/^[A-Z_]+$/.test(name)) return name;
  const words = name.replaceAll("_", " ").trim().toLowerCase();
  return words.charAt(0).toUpperCase() + words.slice(1);
}

function descriptionOf(event: Fields): string | undefined {
  const facts = {
    Action: event.PatternDispositionDescription,
    "Parent process": firstText(event.ParentCommandLine, event.ParentImageFileName),
    State: event.State,
    Score: event.FineScore,
  };
  const written = Object.entries(facts).map(([name, fact]) => text(fact) && `${name}: ${text(fact)}`);
  return text(
    [firstText(event.DetectDescription, event.Description, event.IncidentDescription), ...written]
      .filter((part) => part !== undefined)
      .join("\n\n"),
  );
}

const scale = ["info", "low", "medium", "high", "critical"] as const satisfies readonly Severity[];

/** The name first; a number by the scale of its event type, and where that is not published, by what it can be. */
function severityFrom({ SeverityName, Severity }: Fields, { outOfHundred }: Family): Severity | undefined {
  const named = severityOf(SeverityName) ?? severityOf(Severity);
  const value = number(Severity);
  if (named !== undefined || value === undefined) return named;
  const step = outOfHundred || value > 5 ? Math.floor(value / 20) : Math.floor(value) - 1;
  return scale[Math.min(Math.max(step, 0), scale.length - 1)];
}

const dayInMilliseconds = 86_400_000;

/**
 * The time of the detection. Its process comes last: a service that is turned on today may have started weeks ago. A time to
 * come is a number in a unit that it is not.
 */
function occurredAt(event: Fields, eventCreationTime: unknown, receivedAt: Date): string | undefined {
  const latest = new Date(receivedAt.getTime() + dayInMilliseconds).toISOString();
  return [
    event.ContextTimeStamp,
    event.UTCTimestamp,
    event.StartTimeEpoch,
    event.IncidentStartTime,
    event.StartTime,
    eventCreationTime,
    event.ProcessStartTime,
  ]
    .map((time) => instant(time))
    .find((time) => time !== undefined && time <= latest);
}
