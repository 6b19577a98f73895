import { BlockList, isIP, isIPv4 } from "node:net";
import { PluginError } from "./errors.ts";

/** A set of IP addresses and networks. */
export interface AddressList {
  includes(address: string): boolean;
}

/**
 * Reads addresses and networks in CIDR notation: `192.0.2.7`, `198.51.100.0/24`, `2001:db8::/32`.
 *
 * @throws {PluginError} for what is neither, and for `/0`, which is everybody
 */
export function addressList(entries: readonly string[]): AddressList {
  const list = new BlockList();
  for (const entry of entries) {
    const [address = "", bits, ...rest] = entry.split("/");
    const plain = plainAddress(address);
    if (plain === undefined || rest.length > 0) throw new PluginError(`"${entry}" is not an IP address or network`);
    const family = isIPv4(plain) ? "ipv4" : "ipv6";
    if (bits === undefined) {
      list.addAddress(plain, family);
      continue;
    }
    const prefix = /^\d{1,3}$/.test(bits) ? Number(bits) : -1;
    const most = family === "ipv4" ? 32 : 128;
    if (prefix < 0 || prefix > most || plain !== address) {
      throw new PluginError(`"${entry}" must be a network of 1 to ${most} bits, like 192.0.2.0/24 or 2001:db8::/32`);
    }
    if (prefix === 0) throw new PluginError(`"${entry}" is everybody; name the networks that are meant`);
    list.addSubnet(plain, prefix, family);
  }
  return {
    includes(address) {
      const plain = plainAddress(address);
      return plain !== undefined && list.check(plain, isIPv4(plain) ? "ipv4" : "ipv6");
    },
  };
}

/** The address without its zone, an IPv4 address in IPv6 clothes (`::ffff:192.0.2.7`) as itself; `undefined` for what is none. */
export function plainAddress(text: string): string | undefined {
  const mapped = /^::ffff:(\d{1,3}(?:\.\d{1,3}){3})$/i.exec(text)?.[1];
  if (mapped !== undefined) return isIPv4(mapped) ? mapped : undefined;
  const [address = ""] = text.split("%");
  return isIP(address) === 0 ? undefined : address;
}

/** Whether a host, as `URL` or a setting names it, is this machine itself: `localhost`, `127.0.0.1`, `[::1]`. */
export function isLoopback(host: string): boolean {
  return /^(?:localhost|127(?:\.\d{1,3}){3}|::1|\[::1\])$/.test(host);
}
