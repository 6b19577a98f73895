import { hash } from "node:crypto";
import { type Alert, type Entity, type Severity, severities } from "@thruway/sdk/alert";
import { distinct } from "@thruway/sdk/read";
import { type Grouping, groupOf } from "./grouping.ts";
import { type IncidentDraft, type Said, testTag } from "./incident.ts";
import { normalise } from "./normalise.ts";

/** What a source decides about its alerts. */
export interface DraftSettings {
  readonly source: string;
  readonly plugin: string;
  /** Keys are lower-case. */
  readonly severityMapping: Readonly<Record<string, Severity>>;
  readonly defaultSeverity: Severity;
  readonly grouping?: Grouping | null;
  /** Set where its incidents are triaged by themselves: by this playbook, or by the one whose triggers fit. */
  readonly triage?: { readonly playbook: string | null };
}

/** A vendor may send megabytes; these keep one incident readable and its row small. Characters, and entries of a list. */
export const longestTitle = 300;
export const longestText = 10_000;
const longestValue = 2_048;
export const mostEntries = 200;

/** What is new in every draft; times are ISO 8601. */
export interface Made {
  readonly id: string;
  /** Now, which is long after the receipt for a delivery that was queued. */
  readonly at: string;
  readonly receivedAt: string;
  readonly traceId?: string;
}

/** Turns what a mapper made into what is stored: defaults and the severity mapping of the source, bounds, times. */
export function draftOf(alert: Alert, settings: DraftSettings, made: Made): IncidentDraft {
  const received = made.receivedAt;
  const occurred = alert.occurred_at ?? alert.as_of ?? received;
  const externalId = idOf(alert);
  // What has no id of the vendor's is never updated.
  const said = externalId === null ? undefined : saidBy(alert, settings, received);
  const draft: IncidentDraft = {
    id: made.id,
    source: settings.source,
    plugin: settings.plugin,
    external_id: externalId,
    type: cut(alert.type, longestTitle) ?? "alert",
    title: cut(alert.title, longestTitle) ?? "Untitled alert",
    description: cut(alert.description, longestText),
    severity: severityFor(alert, settings),
    vendor_severity: cut(alert.vendor_severity, longestTitle),
    status: alert.status ?? "new",
    verdict: alert.verdict ?? null,
    entities: entitiesOf(alert),
    mitre: (alert.mitre ?? []).slice(0, mostEntries),
    occurred_at: occurred,
    first_seen_at: earliest(alert.first_seen_at ?? occurred, occurred),
    last_seen_at: occurred,
    received_at: received,
    created_at: made.at,
    updated_at: made.at,
    occurrences: 1,
    url: cut(alert.url, longestValue),
    tags: [...new Set(alert.tags?.map((tag) => bounded(tag, longestTitle)))].slice(0, mostEntries),
    assignee: null,
    ...(made.traceId !== undefined && { trace_id: made.traceId }),
    ...(said !== undefined && { said }),
    ...(isToTriage(alert, settings) && { triage: settings.triage }),
  };
  const group = groupOf(draft, settings.grouping ?? null, alert.fallback);
  return group === undefined ? draft : { ...draft, group };
}

/** A test is nobody's work, and what is over at the vendor's has been judged. */
function isToTriage(
  { status, tags }: Alert,
  settings: DraftSettings,
): settings is DraftSettings & Required<Pick<DraftSettings, "triage">> {
  const isOver = status === "resolved" || status === "closed";
  return settings.triage !== undefined && !isOver && tags?.includes(testTag) !== true;
}

/** When the alert said what; `undefined` where all of it was said when it happened, as nearly always. */
function saidBy(alert: Alert, settings: DraftSettings, received: string): Said | undefined {
  const { occurred_at, as_of, fallback = [] } = alert;
  const isSeveritySaid = severitySaid(alert, settings) !== undefined;
  const isPlain = fallback.length === 0 && isSeveritySaid && (as_of ?? occurred_at) === occurred_at;
  if (isPlain) return undefined;
  const said = as_of ?? occurred_at ?? received;
  const at = momentOf(said, received);
  return {
    ...(!fallback.includes("type") && { type: at }),
    ...(!fallback.includes("title") && { title: at }),
    ...(alert.description && { description: at }),
    ...(alert.vendor_severity && { vendor_severity: at }),
    ...(alert.url && { url: at }),
    ...(alert.verdict !== undefined && { verdict: at }),
    // Of a closed alert and an open one of the same moment the closed one must win, whichever is received first.
    status: said,
    ...(isSeveritySaid && { severity: at }),
    ...((occurred_at !== undefined || as_of === undefined) && { occurred_at: at }),
  };
}

/** What was said at one moment by several alerts is told apart by when they were received. */
export function momentOf(said: string, received: string): string {
  return `${said} ${received}`;
}

/** The source's mapping looks at the raw value first, then at what the plugin made of it; no severity at all is the default. */
export function severityFor(
  alert: Pick<Alert, "severity" | "vendor_severity">,
  settings: Pick<DraftSettings, "severityMapping" | "defaultSeverity">,
): Severity {
  return severitySaid(alert, settings) ?? settings.defaultSeverity;
}

function severitySaid(
  alert: Pick<Alert, "severity" | "vendor_severity">,
  settings: Pick<DraftSettings, "severityMapping">,
): Severity | undefined {
  for (const value of [alert.vendor_severity, alert.severity]) {
    const key = value?.trim().toLowerCase();
    if (key !== undefined && Object.hasOwn(settings.severityMapping, key)) {
      const mapped = settings.severityMapping[key];
      if (mapped !== undefined) return mapped;
    }
  }
  return alert.severity;
}

/** Whether `a` is graver than `b`. */
export function graver(a: Severity, b: Severity): boolean {
  return severities.indexOf(a) < severities.indexOf(b);
}

function entitiesOf({ entities = [] }: Alert): readonly Entity[] {
  const all = entities.map((entity) => normalise({ ...entity, value: bounded(entity.value, longestValue) }));
  return distinct(all).slice(0, mostEntries);
}

function earliest(one: string, other: string): string {
  return one < other ? one : other;
}

/** An id is not cut: two that differ at their ends only would become one incident. */
function idOf({ external_id: id }: Alert): string | null {
  return id !== undefined && id.length > longestValue ? `sha256:${hash("sha256", id)}` : cut(id, longestValue);
}

function cut(value: string | undefined, length: number): string | null {
  return value === undefined || value === "" ? null : bounded(value, length);
}

/** Half of a surrogate pair, of a cut or of the vendor's own, is text that no UTF-8 can hold. */
function bounded(value: string, length: number): string {
  return value.slice(0, length).toWellFormed();
}
