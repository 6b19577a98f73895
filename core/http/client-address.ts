import type { IncomingHttpHeaders } from "node:http";
import { type AddressList, plainAddress } from "@thruway/sdk";

/** Who sent a request, as far as that can be known. */
export interface ClientAddress {
  readonly address: string;
  /** Whether a trusted proxy handed it over. */
  readonly proxied: boolean;
}

/**
 * Finds the sender's address. `X-Forwarded-For` is read from its end, where each trusted proxy has written who it got the
 * request from, as long as the writer is trusted; what stands before the first stranger the stranger wrote. An entry that is
 * no address ends the reading: the last one known stays.
 */
export function clientAddress(
  peer: string | undefined,
  headers: Readonly<IncomingHttpHeaders> | NodeJS.Dict<string[]>,
  proxies: AddressList,
): ClientAddress {
  let address = plainAddress(peer ?? "") ?? peer ?? "";
  if (!proxies.includes(address)) return { address, proxied: false };
  const forwarded = [headers["x-forwarded-for"] ?? []].flat().join(",").split(",");
  for (const entry of forwarded.toReversed()) {
    const before = withoutPort(entry.trim());
    if (before === undefined) break;
    address = before;
    if (!proxies.includes(address)) break;
  }
  return { address, proxied: true };
}

/** Some proxies write `192.0.2.7:51234` and `[2001:db8::7]:51234`. */
function withoutPort(entry: string): string | undefined {
  const bracketed = /^\[([^\]]+)\](?::\d{1,5})?$/.exec(entry)?.[1];
  const dotted = /^(\d{1,3}(?:\.\d{1,3}){3}):\d{1,5}$/.exec(entry)?.[1];
  return plainAddress(bracketed ?? dotted ?? entry);
}
