import { type Alert, defined, firstText, link, number, record, records, some, text, texts } from "@thruway/sdk";
import { entitiesOf, type Fields, mitreOf } from "./evidence.ts";
import { gradeOf, type Scale } from "./severity.ts";
import { decisionOf, unknownState } from "./status.ts";
import { timesOf } from "./times.ts";

/** What kind of thing an event tells of. */
export interface Kind {
  readonly type: string;
  readonly scale?: Scale;
  /** What it is called where it has no name. */
  readonly title?: string | undefined;
}

export interface Context {
  readonly eventCreationTime?: unknown;
  readonly receivedAt: Date;
}

/** What every family of detections says, each by names of its own; `undefined` where there is no id, no name and no severity. */
export function detectionOf(event: Fields, { type, scale, title }: Kind, context: Context): Alert | undefined {
  const id = idOf(event);
  const name = nameOf(event);
  const grade = gradeOf(event, scale);
  if ((id ?? name ?? title ?? grade.vendor_severity) === undefined) return undefined;
  return defined({
    type,
    title: name ?? title ?? `Falcon ${type.replaceAll("_", " ")}`,
    description: descriptionOf(event),
    ...grade,
    external_id: id,
    ...timesOf(event, context.eventCreationTime, context.receivedAt),
    ...decisionOf(firstText(event.Status, event.State), event.Resolution),
    url: link(firstText(event.FalconHostLink, event.ReportUrl)),
    entities: some(entitiesOf(event)),
    mitre: some(mitreOf(event)),
    tags: some(texts(event.Tags)),
    fallback: name === undefined ? (["title"] as const) : undefined,
  });
}

function idOf(event: Fields): string | undefined {
  return firstText(
    event.CompositeId,
    event.DetectId,
    event.IncidentID,
    event.IdentityProtectionIncidentId,
    event.MobileDetectionId,
    event.LeadId,
    event.EgressEventId,
    event.NotificationId,
    idInLink(event.FalconHostLink),
  );
}

/** Older incidents and the bodies of workflows carry their id in the link alone. */
function idInLink(url: unknown): string | undefined {
  const found = text(url) ?? "";
  const [, sensor, number] = /\/detections\/detail\/([0-9a-f]+)\/(\d+)/i.exec(found) ?? [];
  if (sensor !== undefined && number !== undefined) return `ldt:${sensor}:${number}`;
  return /inc:[0-9a-f]+:[0-9a-f]+/i.exec(found)?.[0] ?? /[0-9a-f]{32}:[a-z]{2,10}:[^/?#\s]+/i.exec(found)?.[0];
}

function nameOf(event: Fields): string | undefined {
  return firstText(
    event.DetectName,
    event.Name,
    event.RuleName,
    event.PolicyStatement,
    incidentTypeOf(event),
    event.DetectDescription,
    event.Description,
    event.IncidentDescription,
    records(event.ThreatgraphIndicators).map(({ DisplayName }) => DisplayName),
  );
}

/** Free text, or `UNUSUAL_ACTIVITY`; an IncidentSummaryEvent has a number here that says nothing. */
function incidentTypeOf({ IncidentType }: Fields): string | undefined {
  const name = text(IncidentType);
  if (name === undefined || number(name) !== undefined) return undefined;
  if (!/^[A-Z_]+$/.test(name)) return name;
  const words = name.replaceAll("_", " ").trim().toLowerCase();
  return text(words.charAt(0).toUpperCase() + words.slice(1));
}

function descriptionOf(event: Fields): string | undefined {
  const destination = record(event.DestinationV2 ?? event.Destination);
  const facts = {
    Action: firstText(event.PatternDispositionDescription, event.ResponseAction),
    "Parent process": firstText(event.ParentCommandLine, event.ParentImageFileName),
    State: unknownState(event.State),
    Score: firstText(event.FineScore, event.Score),
    Indicators: records(event.ThreatgraphIndicators).map(({ DisplayName }) => DisplayName),
    Destination: firstText(destination.WebLocationName, destination.Channel),
    Files: event.FilesEgressedCount,
    Policy: record(event.Policy).Name,
    Highlights: event.Highlights,
    Cloud: firstText(event.CloudProvider, event.CloudPlatform),
  };
  const written = Object.entries(facts)
    .map(([name, fact]) => ({ name, said: [...new Set(texts(fact, null))] }))
    .filter(({ said }) => said.length > 0)
    .map(({ name, said }) => `${name}: ${said.join(", ")}`);
  const described = firstText(event.DetectDescription, event.Description, event.IncidentDescription);
  return text([...(described === undefined ? [] : [described]), ...written].join("\n\n"));
}
