import { hash } from "node:crypto";
import { type Alert, type Severity, severities } from "@thruway/sdk/alert";
import { distinct } from "@thruway/sdk/read";
import type { IncidentDraft } from "./incident.ts";

/** What a source decides about its alerts. */
export interface DraftSettings {
  readonly source: string;
  readonly plugin: string;
  /** Keys are lower-case. */
  readonly severityMapping: Readonly<Record<string, Severity>>;
  readonly defaultSeverity: Severity;
}

/** A vendor may send megabytes; these keep one incident readable and its row small. Characters, and entries of a list. */
const longestTitle = 300;
const longestText = 10_000;
const longestValue = 2_048;
export const mostEntries = 200;

/** What is new in every draft; times are ISO 8601. */
export interface Made {
  readonly id: string;
  /** Now, which is long after the receipt for a delivery that was queued. */
  readonly at: string;
  readonly receivedAt: string;
}

/** Turns what a mapper made into what is stored: defaults and the severity mapping of the source, bounds, times. */
export function draftOf(alert: Alert, settings: DraftSettings, made: Made): IncidentDraft {
  const received = made.receivedAt;
  const occurred = alert.occurred_at ?? received;
  return {
    id: made.id,
    source: settings.source,
    plugin: settings.plugin,
    external_id: idOf(alert),
    type: cut(alert.type, longestTitle) ?? "alert",
    title: cut(alert.title, longestTitle) ?? "Untitled alert",
    description: cut(alert.description, longestText),
    severity: severityFor(alert, settings),
    vendor_severity: cut(alert.vendor_severity, longestTitle),
    status: "new",
    verdict: null,
    entities: distinct(alert.entities ?? [])
      .slice(0, mostEntries)
      .map((entity) => ({ ...entity, value: bounded(entity.value, longestValue) })),
    mitre: (alert.mitre ?? []).slice(0, mostEntries),
    occurred_at: occurred,
    first_seen_at: occurred,
    last_seen_at: occurred,
    received_at: received,
    created_at: made.at,
    updated_at: made.at,
    occurrences: 1,
    url: cut(alert.url, longestValue),
    tags: [...new Set(alert.tags?.map((tag) => bounded(tag, longestTitle)))].slice(0, mostEntries),
    assignee: null,
  };
}

/** The source's mapping looks at the raw value first, then at what the plugin made of it; no severity at all is the default. */
export function severityFor(
  alert: Pick<Alert, "severity" | "vendor_severity">,
  settings: Pick<DraftSettings, "severityMapping" | "defaultSeverity">,
): Severity {
  for (const value of [alert.vendor_severity, alert.severity]) {
    const key = value?.trim().toLowerCase();
    if (key !== undefined && Object.hasOwn(settings.severityMapping, key)) {
      const mapped = settings.severityMapping[key];
      if (mapped !== undefined) return mapped;
    }
  }
  return alert.severity ?? settings.defaultSeverity;
}

/** Whether `a` is graver than `b`. */
export function graver(a: Severity, b: Severity): boolean {
  return severities.indexOf(a) < severities.indexOf(b);
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
