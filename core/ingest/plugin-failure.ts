import type { PayloadError } from "@thruway/sdk";
import { messageOf, Refusal } from "../errors.ts";
import { inOneLine } from "../validate.ts";

/** A plugin threw what it must not: a bug of the plugin's. The delivery is queued, to be tried again and mended. */
export class PluginFailure extends Error {
  override readonly name = "PluginFailure";
  readonly plugin: string;

  constructor(plugin: string, cause: unknown) {
    super(`The plugin '${plugin}' failed: ${messageOf(cause)}`, { cause });
    this.plugin = plugin;
  }
}

/**
 * Calls into a plugin.
 *
 * @throws {Refusal} invalid_payload for the plugin's own `PayloadError`
 * @throws {PluginFailure} for everything else
 */
export function byPlugin<T>(plugin: string, call: () => T): T {
  try {
    return call();
  } catch (error) {
    if (error instanceof PluginFailure) throw error;
    // By name: a plugin may bring a copy of the SDK of its own.
    if (error instanceof Error && error.name === "PayloadError") {
      const { path, message } = error as PayloadError;
      throw new Refusal("invalid_payload", {
        message: `Payload cannot be mapped: ${inOneLine([{ path, message }])}`,
        details: [{ path, message }],
      });
    }
    throw new PluginFailure(plugin, error);
  }
}
