import { JsonError } from "../errors.ts";
import { parseJson } from "../json.ts";
import type { Plugin } from "../plugin.ts";
import { named } from "./check.ts";
import { resultFault, type SampleOptions, sampleTime } from "./samples.ts";

/** What went wrong with a payload; `cause` is what was thrown, where something was. */
export interface Fault {
  /** One sentence. */
  readonly wrong: string;
  readonly cause?: unknown;
}

/**
 * Takes a body through parser, schema and plugin, as the intake does. To refuse it is right at any of them, by the SDK's own
 * errors; to stumble is not.
 *
 * @returns what the plugin did wrong; `undefined` where it did nothing
 */
export function stumble(plugin: Plugin, body: Uint8Array, options: SampleOptions): Fault | undefined {
  let payload: unknown;
  try {
    payload = parseJson(body);
  } catch (error) {
    if (error instanceof JsonError) return undefined;
    throw error;
  }
  return (
    // Asked for payloads of any sender, by a source with `plugin: auto`.
    attempt("fits", () => fitFault(plugin.fits(payload))) ??
    (isRefused(plugin, payload)
      ? undefined
      : (attempt("eventId", () => eventIdFault(plugin.eventId(payload, options))) ??
        attempt("map", () => mapFault(plugin.map(payload, { source: plugin.name, options, receivedAt: sampleTime })))))
  );
}

function isRefused(plugin: Plugin, payload: unknown): boolean {
  return plugin.payload.validate(payload, { convert: false }).error !== undefined;
}

function attempt(member: string, run: () => string | undefined): Fault | undefined {
  try {
    const wrong = run();
    return wrong === undefined ? undefined : { wrong: `${member} ${wrong}` };
  } catch (error) {
    // By name, since a plugin may bring a copy of the SDK of its own.
    if (error instanceof Error && error.name === "PayloadError") return undefined;
    return { wrong: `${member} threw ${named(error)}`, cause: error };
  }
}

function fitFault(fit: unknown): string | undefined {
  return typeof fit === "number" && fit >= 0 && fit <= 1
    ? undefined
    : `gave ${String(fit)} instead of a number from 0 to 1`;
}

function eventIdFault(id: unknown): string | undefined {
  if (id === undefined || (typeof id === "string" && id !== "")) return undefined;
  return id === "" ? "gave an empty text, which makes one delivery of all" : "gave neither a text nor undefined";
}

function mapFault(result: unknown): string | undefined {
  const fault = resultFault(result);
  return fault === undefined ? undefined : `gave a result that ${fault}`;
}
