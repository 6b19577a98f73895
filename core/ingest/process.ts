import type { Delivery, Plugin } from "@thruway/sdk";
import { type ErrorCode, Refusal } from "../errors.ts";
import type { IncidentDraft } from "../incidents/incident.ts";
import type { Plugins } from "../registry/plugins.ts";
import type { Source } from "../sources/sources.ts";
import type { Outcome } from "../store/ports.ts";
import { deliveryKey } from "./identity.ts";
import type { Journey } from "./journey.ts";
import { type Making, map, type Pointed } from "./map.ts";
import { parse } from "./parse.ts";
import { byPlugin, PluginFailure } from "./plugin-failure.ts";
import { validate } from "./validate.ts";

/** What became of a delivery before it is committed. */
export interface Made {
  readonly plugin: string | null;
  readonly key: string;
  readonly outcome: Extract<Outcome, "accepted" | "ignored" | "rejected" | "queued">;
  readonly drafts: readonly IncidentDraft[];
  /** Set when it was queued for a reason that has a code. */
  readonly code?: ErrorCode;
  readonly reason?: string;
  /** Set when it was rejected: what the sender is told. In the queue also why it could not be fetched yet. */
  readonly refusal?: Refusal;
  /** Set when it is queued because its alerts have to be fetched. */
  readonly pointed?: Pointed & { readonly plugin: Plugin };
  /** Set when the plugin failed: a bug, for the log. */
  readonly failure?: PluginFailure;
}

export interface Processing {
  readonly plugins: Plugins;
  readonly making: Making;
  /** The key that it has as long as no event id is known. */
  readonly key: string;
  /** Whether that stays its key whatever the payload says. */
  readonly keepKey?: boolean;
  readonly journey: Journey;
}

/**
 * The second half of a delivery's life, from believed bytes to drafts: at the intake, and again for what was queued. It
 * throws nothing that a payload or a plugin can cause: what fails is an outcome, and is kept.
 */
export function process(
  delivery: Pick<Delivery, "body" | "headers">,
  source: Source,
  { plugins, making, key: signedKey, keepKey = false, journey }: Processing,
): Made {
  let plugin = source.plugin;
  let key = signedKey;
  try {
    const payload = journey.run("parse", () => parse(delivery.body, delivery.headers, source.scheme));
    const found = journey.run("validate", () => validate(payload, source, plugins));
    plugin = found;
    const eventId = keepKey ? undefined : byPlugin(found.name, () => found.eventId(payload, source.options));
    if (eventId !== undefined) key = deliveryKey(source.name, "event", eventId);
    const mapped = journey.run("map", () => map(payload, found, source, making));
    const made = { plugin: found.name, key, drafts: [] };
    if ("ignored" in mapped) return { ...made, outcome: "ignored", reason: mapped.ignored };
    if ("pointers" in mapped) {
      const reason = `holds ${inNumber(mapped.pointers.length)}, fetched next`;
      return { ...made, outcome: "queued", reason, pointed: { ...mapped, plugin: found } };
    }
    return { ...made, outcome: "accepted", ...mapped };
  } catch (error) {
    const failed = { plugin: plugin?.name ?? null, key, drafts: [] };
    if (error instanceof Refusal) return { ...failed, outcome: "rejected", refusal: error };
    if (error instanceof PluginFailure) return { ...failed, outcome: "queued", reason: error.message, failure: error };
    throw error;
  }
}

function inNumber(pointers: number): string {
  return pointers === 1 ? "1 pointer" : `${pointers} pointers`;
}
