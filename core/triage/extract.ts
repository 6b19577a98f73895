/** Finds what can be looked up in a text: each character is looked at a fixed number of times, whatever the text. */
import { isIP } from "node:net";

export interface Found {
  readonly urls: readonly string[];
  readonly domains: readonly string[];
  readonly emails: readonly string[];
  readonly ips: readonly string[];
  readonly hashes: readonly string[];
}

/** Characters of all texts together, and findings of each kind. */
const mostText = 524_288;
const mostFound = 200;
const longestToken = 2_048;

/** Takes the teeth back in: `hxxps://evil[.]example`, `a[at]b(.)example` as they were meant. */
export function refanged(text: string): string {
  return text
    .replaceAll(/\[\.\]|\(\.\)|\{\.\}|\[dot\]|\(dot\)|\{dot\}|\[d\]/gi, ".")
    .replaceAll(/\[@\]|\(@\)|\{@\}|\[at\]|\(at\)|\{at\}/gi, "@")
    .replaceAll(/\[:\]|\(:\)|\[:\/\/\]/g, (form) => (form === "[://]" ? "://" : ":"))
    .replaceAll(/\bhxxp(?=s?:)/gi, "http")
    .replaceAll(/\bfxp(?=:)/gi, "ftp");
}

/** URLs, domains, e-mail addresses, IP addresses and hashes of texts, also defanged ones; each once, in their order. */
export function extract(texts: readonly string[]): Found {
  const found = { urls: new Set(), domains: new Set(), emails: new Set(), ips: new Set(), hashes: new Set() } as const;
  const add = (kind: keyof typeof found, value: string): void => {
    const set = found[kind] as Set<string>;
    if (set.size < mostFound) set.add(value);
  };
  let left = mostText;
  for (const text of texts) {
    if (left <= 0) break;
    const read = refanged(text.slice(0, left));
    left -= text.length;
    for (const [token] of read.matchAll(/[^\s<>"'`|,;(){}[\]\\]+/g))
      if (token.length <= longestToken) classify(token, add);
  }
  const listed = (kind: keyof typeof found): readonly string[] => [...(found[kind] as Set<string>)];
  return {
    urls: listed("urls"),
    domains: listed("domains"),
    emails: listed("emails"),
    ips: listed("ips"),
    hashes: listed("hashes"),
  };
}

type Add = (kind: keyof Found, value: string) => void;

function classify(given: string, add: Add): void {
  const scheme = given.toLowerCase().search(/https?:\/\//);
  const token = bare(given).replace(/^mailto:/i, "");
  if (scheme >= 0) classifyUrl(bare(given.slice(scheme)), add);
  else if (token.includes("@")) classifyEmail(token, add);
  else classifyWord(token, add);
}

function classifyWord(token: string, add: Add): void {
  const address = token.replace(/^(\d{1,3}(?:\.\d{1,3}){3}):\d{1,5}$/, "$1").replace(/\/\d{1,3}$/, "");
  const [host = ""] = token.split("/");
  if (isIP(address) !== 0) add("ips", address.toLowerCase());
  else if (isHash(token)) add("hashes", token.toLowerCase());
  else if (isDomain(host) && !isFileName(host)) add("domains", host.toLowerCase());
}

function classifyUrl(text: string, add: Add): void {
  if (!URL.canParse(text)) return;
  const { hostname } = new URL(text);
  const host = hostname.replace(/^\[|\]$/g, "");
  add("urls", text);
  if (isIP(host) !== 0) add("ips", host);
  else if (isDomain(host)) add("domains", host.toLowerCase());
}

function classifyEmail(token: string, add: Add): void {
  const at = token.lastIndexOf("@");
  const [local, domain] = [token.slice(0, at), token.slice(at + 1)];
  if (!/^[\w.!#$%&*+/=?^~-]{1,64}$/.test(local) || !isDomain(domain)) return;
  add("emails", token.toLowerCase());
  add("domains", domain.toLowerCase());
}

/** Without the punctuation of the sentence around it. */
function bare(token: string): string {
  let [from, to] = [0, token.length];
  while (from < to && ".:!?*_=&#-".includes(token[from] ?? "")) from += 1;
  while (to > from && ".:!?*=&".includes(token[to - 1] ?? "")) to -= 1;
  return token.slice(from, to);
}

const hashLengths = new Set([32, 40, 64, 128]);

/** MD5, SHA-1, SHA-256 or SHA-512 in hex. */
export function isHash(text: string): boolean {
  return hashLengths.has(text.length) && /^[0-9a-f]+$/i.test(text);
}

/** A host name with a top-level domain. */
export function isDomain(text: string): boolean {
  if (text.length > 253) return false;
  const labels = text.split(".");
  if (labels.length < 2 || !/^(?:[a-z]{2,24}|xn--[a-z0-9-]{1,59})$/i.test(labels.at(-1) ?? "")) return false;
  return labels.every((label) => /^[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9])?$/i.test(label));
}

const extensions = new Set(
  "exe dll sys bat cmd ps js jse vbs vbe wsf hta lnk scr msi jar py sh bin dat tmp log txt csv pdf doc docx docm xls xlsx xlsm ppt pptx rtf zip rar gz tar iso img html htm php asp aspx png jpg jpeg gif svg json xml yaml yml eml msg ini cfg conf db bak alert".split(
    " ",
  ),
);

/** `invoice.pdf` has the form of a domain and is none that anybody means. */
function isFileName(host: string): boolean {
  return extensions.has(host.slice(host.lastIndexOf(".") + 1).toLowerCase());
}
