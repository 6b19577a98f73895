import type { Plugin } from "@thruway/sdk";
import { Refusal } from "../errors.ts";
import type { Plugins } from "../registry/plugins.ts";
import type { Source } from "../sources/sources.ts";
import { check } from "../validate.ts";
import { byPlugin } from "./plugin-failure.ts";

/**
 * Finds the plugin that serves the payload and checks the payload by its schema. Nothing is converted.
 *
 * @throws {Refusal} invalid_payload, with every problem and its path
 */
export function validate(payload: unknown, source: Source, plugins: Plugins): Plugin {
  const plugin = source.plugin ?? byPlugin("any", () => plugins.bestFor(payload));
  if (plugin === undefined) {
    throw new Refusal("invalid_payload", {
      message: `No installed plugin takes this payload; installed are: ${plugins.all.map(({ name }) => name).join(", ")}`,
    });
  }
  const checked = byPlugin(plugin.name, () => check(plugin.payload, payload, { convert: false }));
  if ("details" in checked) {
    throw new Refusal("invalid_payload", {
      message: `Payload does not have the shape that the plugin '${plugin.name}' expects`,
      details: checked.details,
    });
  }
  return plugin;
}
