import { type Alert, entityTypes, isIgnored, type MapResult, type Plugin, severities } from "@thruway/sdk";
import { draftOf, type Made } from "../incidents/draft.ts";
import type { IncidentDraft } from "../incidents/incident.ts";
import type { Source } from "../sources/sources.ts";
import { byPlugin, PluginFailure } from "./plugin-failure.ts";

export type Mapped = { readonly drafts: readonly IncidentDraft[] } | { readonly ignored: string };

export interface Making {
  readonly newId: () => string;
  readonly at: Date;
  readonly receivedAt: Date;
  /** Tags that the core adds: `test` for a test event. */
  readonly tags: readonly string[];
}

/**
 * Makes incident drafts of a payload: the plugin maps, the core applies the source's defaults.
 *
 * @throws {Refusal} invalid_payload
 * @throws {PluginFailure}
 */
export function map(payload: unknown, plugin: Plugin, source: Source, making: Making): Mapped {
  const result = byPlugin(plugin.name, () =>
    plugin.map(payload, { source: source.name, options: source.options, receivedAt: making.receivedAt }),
  );
  if (isResultIgnored(plugin, result)) return { ignored: result.ignored };
  const alerts: readonly Alert[] = Array.isArray(result) ? result : [result];
  if (alerts.length === 0) return { ignored: "the payload holds no alert" };
  const settings = { ...source.drafts, plugin: plugin.name };
  const times: Omit<Made, "id"> = { at: making.at.toISOString(), receivedAt: making.receivedAt.toISOString() };
  const draft = (alert: Alert): IncidentDraft => {
    refuseMalformed(plugin, alert);
    const tagged = making.tags.length === 0 ? alert : { ...alert, tags: [...(alert.tags ?? []), ...making.tags] };
    return draftOf(tagged, settings, { id: making.newId(), ...times });
  };
  return { drafts: byPlugin(plugin.name, () => alerts.map(draft)) };
}

function isResultIgnored(plugin: Plugin, result: MapResult): result is { readonly ignored: string } {
  if (typeof result !== "object" || result === null) {
    throw new PluginFailure(
      plugin.name,
      new TypeError("map returned neither an alert, nor a list of them, nor ignore(…)"),
    );
  }
  return isIgnored(result);
}

const isoInstant = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z$/;

/** A plugin written in plain JavaScript can return anything; what is stored must be an alert. By hand, since it runs for each. */
function refuseMalformed(plugin: Plugin, alert: Alert): void {
  const wrong = malformed(alert);
  if (wrong !== undefined) throw new PluginFailure(plugin.name, new TypeError(`map returned an alert whose ${wrong}`));
}

function malformed(alert: Alert): string | undefined {
  if (typeof alert.type !== "string" || alert.type === "") return "type is not a text";
  if (typeof alert.title !== "string" || alert.title === "") return "title is not a text";
  for (const field of ["description", "vendor_severity", "external_id", "url"] as const) {
    if (alert[field] !== undefined && typeof alert[field] !== "string") return `${field} is not a text`;
  }
  if (alert.severity !== undefined && !severities.includes(alert.severity)) return "severity is not one of ours";
  if (alert.occurred_at !== undefined && !isoInstant.test(alert.occurred_at)) {
    return "occurred_at is not ISO 8601 in UTC with milliseconds";
  }
  for (const entity of alert.entities ?? []) {
    if (!entityTypes.includes(entity.type) || typeof entity.value !== "string") return "entities are not all entities";
  }
  return undefined;
}
