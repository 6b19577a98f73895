import { PluginError } from "../errors.ts";
import { type ImmediateScheme, provesSender, unverified } from "./scheme.ts";

/**
 * Lets deliveries in that prove nothing, from a source that opts in by `options.allow_unsigned`: anybody who can reach the
 * address can then make incidents.
 *
 * @param reason why the sender cannot sign; it stands in the plugin's documentation
 * @throws {PluginError} without a reason
 */
export function unsigned(reason: string): ImmediateScheme {
  if (reason.trim() === "") throw new PluginError("unsigned: say why the sender cannot sign");
  return {
    name: "unsigned",
    summary: `nothing (${reason}), where the source sets options.allow_unsigned`,
    needsSecret: false,
    acceptsUnsigned: true,
    provesBody: false,
    minimumSecretLength: 0,
    presents: () => true,
    verify: (delivery, { allowUnsigned }) =>
      allowUnsigned ? provesSender("unsigned", delivery) : unverified("invalid_signature"),
    sign: (draft) => ({ url: draft.url, headers: {} }),
  };
}
