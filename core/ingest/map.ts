import { type Alert, alertFault, isIgnored, type MapResult, type Plugin } from "@thruway/sdk";
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

/** A plugin written in plain JavaScript can return anything; what is stored must be an alert. */
function refuseMalformed(plugin: Plugin, alert: Alert): void {
  const fault = alertFault(alert);
  if (fault !== undefined) throw new PluginFailure(plugin.name, new TypeError(`map returned an alert whose ${fault}`));
}
