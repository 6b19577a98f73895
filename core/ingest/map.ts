import {
  type Alert,
  alertFault,
  type FetchAccess,
  isIgnored,
  isPointers,
  type MapResult,
  type Plugin,
  type Pointer,
  pointersFault,
} from "@thruway/sdk";
import { draftOf, type Made } from "../incidents/draft.ts";
import type { IncidentDraft } from "../incidents/incident.ts";
import type { Source } from "../sources/sources.ts";
import { byPlugin, PluginFailure } from "./plugin-failure.ts";

export type Mapped =
  | { readonly drafts: readonly IncidentDraft[]; readonly reason?: string }
  | { readonly ignored: string }
  | Pointed;

/** A delivery that points at alerts, and how they are fetched. */
export interface Pointed {
  readonly pointers: readonly Pointer[];
  readonly access: FetchAccess;
  /** Of the alerts that it holds besides. */
  readonly drafts: readonly IncidentDraft[];
}

export interface Making {
  readonly newId: () => string;
  readonly at: Date;
  readonly receivedAt: Date;
  /** Tags that the core adds: `test` for a test event. */
  readonly tags: readonly string[];
  /** Of the trace, where it is kept. */
  readonly traceId?: string | undefined;
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
  refuseNonsense(plugin, result);
  if (isIgnored(result)) return { ignored: result.ignored };
  const held = isPointers(result) ? (result.alerts ?? []) : result;
  const alerts: readonly Alert[] = Array.isArray(held) ? held : [held];
  const settings = { ...source.drafts, plugin: plugin.name };
  const made: Omit<Made, "id"> = {
    at: making.at.toISOString(),
    receivedAt: making.receivedAt.toISOString(),
    ...(making.traceId !== undefined && { traceId: making.traceId }),
  };
  const draft = (alert: Alert): IncidentDraft => {
    refuseMalformed(plugin, alert);
    const tagged = making.tags.length === 0 ? alert : { ...alert, tags: [...(alert.tags ?? []), ...making.tags] };
    return draftOf(tagged, settings, { id: making.newId(), ...made });
  };
  const drafts = byPlugin(plugin.name, () => alerts.map(draft));
  if (!isPointers(result)) return drafts.length > 0 ? { drafts } : { ignored: "the payload holds no alert" };
  const access = byPlugin(plugin.name, () => plugin.fetch(source.options));
  if (access !== undefined && result.pointers.length > 0) return { pointers: result.pointers, access, drafts };
  return drafts.length > 0 ? { drafts, reason: result.reason } : { ignored: result.reason };
}

/** @throws {PluginFailure} */
function refuseNonsense(plugin: Plugin, result: MapResult): void {
  if (typeof result !== "object" || result === null) {
    const fault = "map returned neither an alert, nor a list of them, nor ignore(…), nor pointers(…)";
    throw new PluginFailure(plugin.name, new TypeError(fault));
  }
  const fault = isPointers(result) ? pointersFault(result) : undefined;
  if (fault !== undefined) throw new PluginFailure(plugin.name, new TypeError(`map returned pointers whose ${fault}`));
}

/** A plugin written in plain JavaScript can return anything; what is stored must be an alert. */
function refuseMalformed(plugin: Plugin, alert: Alert): void {
  const fault = alertFault(alert);
  if (fault !== undefined) throw new PluginFailure(plugin.name, new TypeError(`map returned an alert whose ${fault}`));
}
