import { addressList } from "../addresses.ts";
import { PluginError } from "../errors.ts";
import { type ImmediateScheme, provesSender, unverified } from "./scheme.ts";

/**
 * Lets in what comes from certain addresses or networks. Behind a proxy that is the address that the gateway's trusted
 * proxies say (`X-Forwarded-For`), never one that anybody else writes. It proves no more than where somebody stands: together
 * with a signature (`allOf`) it is worth more.
 *
 * @param entries `192.0.2.7`, `198.51.100.0/24`, `2001:db8::/32`
 * @throws {PluginError} for an empty list, for what is no address or network, and for everybody (`/0`)
 */
export function allowedAddresses(entries: readonly string[]): ImmediateScheme {
  if (entries.length === 0) throw new PluginError("allow: name at least one address or network");
  const allowed = addressList(entries);
  return {
    name: "allowed-addresses",
    summary: `nothing, from ${entries.join(", ")}`,
    needsSecret: false,
    acceptsUnsigned: false,
    provesBody: false,
    minimumSecretLength: 0,
    presents: () => true,
    verify: (delivery) =>
      allowed.includes(delivery.address)
        ? provesSender("allowed-addresses", delivery)
        : unverified("invalid_signature", "address", "is not among those that this source takes"),
    sign: ({ url }) => ({ url, headers: {} }),
    canSign: () => false,
  };
}
