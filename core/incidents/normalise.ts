import { isIP } from "node:net";
import { domainToASCII } from "node:url";
import type { Entity, EntityType } from "@thruway/sdk/alert";

/**
 * One form for what vendors write in many, so that the same host, address or mailbox of two vendors is found as one. What a
 * vendor wrote word for word stands in its delivery. What cannot be read as what it is said to be stays as it is.
 */
export function normalise(entity: Entity): Entity {
  const form = forms[entity.type];
  if (form === undefined) return entity;
  const value = form(entity.value.trim());
  return value === "" || value === entity.value ? entity : { ...entity, value };
}

const forms: Readonly<Partial<Record<EntityType, (value: string) => string>>> = {
  host: hostOf,
  domain: hostOf,
  email: emailOf,
  ip: ipOf,
  url: urlOf,
  user: userOf,
  hash: hashOf,
};

/** Analysts and vendors write addresses so that nobody opens them by mistake: `hxxps://evil[.]example`, `evil(dot)example`. */
export function refang(value: string): string {
  return value
    .replaceAll(/[[({](?:\.|dot)[\])}]/gi, ".")
    .replaceAll(/[[({](?::|colon)[\])}]/gi, ":")
    .replaceAll(/[[({](?:@|at)[\])}]/gi, "@")
    .replaceAll(/[[({](:\/\/)[\])}]/g, "$1")
    .replaceAll("[/]", "/")
    .replace(/^(?:hxxp|h\*\*p|hXXp|meow)(s?)(?=:)/i, "http$1")
    .replace(/^fxp(?=:)/i, "ftp");
}

/** Lower-case, without the dot at its end, and in ASCII where it is of another script. An address is one as below. */
function hostOf(value: string): string {
  const host = refang(value);
  if (isIP(host) > 0) return ipOf(host);
  const lower = host.toLowerCase().replace(/\.$/, "");
  return Buffer.byteLength(lower) === lower.length ? lower : domainToASCII(lower) || lower;
}

/** `Kim <Kim@Company.example>` is `kim@company.example`. */
function emailOf(value: string): string {
  const bare = refang(/<([^<>\s]+@[^<>\s]+)>$/.exec(value)?.[1] ?? value).replace(/^mailto:/i, "");
  const at = bare.lastIndexOf("@");
  return at < 1 ? bare.toLowerCase() : `${bare.slice(0, at).toLowerCase()}@${hostOf(bare.slice(at + 1))}`;
}

/** Without brackets, port and zone; IPv6 as RFC 5952 writes it, and as IPv4 where it holds one. */
function ipOf(value: string): string {
  const bare = refang(value);
  const inner = /^\[([^\]]+)\](?::\d{1,5})?$/.exec(bare)?.[1] ?? /^([\d.]+):\d{1,5}$/.exec(bare)?.[1] ?? bare;
  const [address = "", zone] = inner.split("%");
  const kind = isIP(address);
  if (kind === 0) return bare;
  if (kind === 4) return address;
  const canonical = new URL(`http://[${address}]/`).hostname.slice(1, -1);
  const [, high, low] = /^::ffff:([\da-f]{1,4}):([\da-f]{1,4})$/.exec(canonical) ?? [];
  if (high !== undefined && low !== undefined) return ipv4Of(Number.parseInt(high, 16), Number.parseInt(low, 16));
  return zone === undefined || !canonical.startsWith("fe80") ? canonical : `${canonical}%${zone}`;
}

function ipv4Of(high: number, low: number): string {
  return [high >> 8, high & 0xff, low >> 8, low & 0xff].join(".");
}

/** Scheme and host as they are compared; the path means what it says to its server, and stays. */
function urlOf(value: string): string {
  const url = refang(value);
  const [, scheme, user = "", host, rest = ""] = /^([a-z][a-z\d+.-]*):\/\/([^/?#@]*@)?([^/?#]*)(.*)$/is.exec(url) ?? [];
  if (scheme === undefined || host === undefined) return url;
  const [, name = host, port = ""] = /^(\[[^\]]*\]|[^:]*)(:\d*)$/.exec(host) ?? [];
  const named = name.startsWith("[") ? `[${ipOf(name)}]` : hostOf(name);
  return `${scheme.toLowerCase()}://${user}${named}${port}${rest}`;
}

/** `corp\Kim` is `CORP\kim`, and a name like a mailbox is written like one. Other names mean what their case says. */
function userOf(value: string): string {
  const [, domain, name] = /^([^\\@]+)\\{1,2}([^\\]+)$/.exec(value) ?? [];
  if (domain !== undefined && name !== undefined) return `${domain.toUpperCase()}\\${name.toLowerCase()}`;
  return /^[^\s@\\]+@[^\s@\\]+$/.test(value) ? emailOf(value) : value;
}

/** Lower-case, without the name of its kind: `SHA256=9F86…`. */
function hashOf(value: string): string {
  const bare = /^(?:md5|sha-?1|sha-?256|sha-?512)[:=]\s*([\da-f]+)$/i.exec(value)?.[1] ?? value;
  return /^[\da-f]+$/i.test(bare) ? bare.toLowerCase() : bare;
}
