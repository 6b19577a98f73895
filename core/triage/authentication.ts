/**
 * How a message proved who it is from: `Authentication-Results` (RFC 8601), and what Microsoft makes of it: `AuthenticationDetails`
 * of the table EmailEvents, `authenticationDetails` of Graph's analyzed e-mails.
 */
import { record, text } from "@thruway/sdk/read";
import { fieldsIn } from "./payload-text.ts";

export interface Authentication {
  /** Whether anything was said of it at all. */
  readonly checked: boolean;
  /** `pass`, `fail`, `softfail`, `none` …, in lower case; absent where nothing is said. */
  readonly spf?: string;
  readonly dkim?: string;
  readonly dmarc?: string;
  readonly compauth?: string;
  readonly header_from?: string;
  readonly mail_from?: string;
  /** DMARC passed, or where nothing is said of it, SPF and DKIM both. */
  readonly passed: boolean;
  /** DMARC failed, or where nothing is said of it, SPF or DKIM and neither passed. */
  readonly failed: boolean;
}

const longestHeader = 20_000;
const methods = ["spf", "dkim", "dmarc", "compauth"] as const;
type Method = (typeof methods)[number];
type Said = { -readonly [name in Method | "header_from" | "mail_from"]?: string };

/** Reads the first thing that payloads say of it: the header that was added last stands first. */
export function authenticationIn(payloads: readonly unknown[]): Authentication {
  for (const [name, value] of fieldsIn(payloads)) {
    const said = saidBy(name, value);
    if (said !== undefined && methods.some((method) => said[method] !== undefined)) return judged(said);
  }
  return { checked: false, passed: false, failed: false };
}

function saidBy(name: string, value: unknown): Said | undefined {
  const key = name.toLowerCase().replaceAll(/[^a-z]/g, "");
  if (key === "authenticationresults" && typeof value === "string") return parseResults(value);
  if (key === "authenticationdetails") return detailsOf(value);
  if (typeof value === "string") {
    const header = /^Authentication-Results:/i.test(value) ? value.slice("Authentication-Results:".length) : undefined;
    return header === undefined ? undefined : parseResults(header);
  }
  // A header as an object, `{"name": "Authentication-Results", "value": …}`, or a record with a field for each method.
  const fields = record(value);
  const named = text(fields.name)?.toLowerCase();
  if (named === "authentication-results") return parseResults(text(fields.value) ?? "");
  return typeof fields.spf === "string" || typeof fields.dmarc === "string" ? detailsOf(fields) : undefined;
}

const detailNames: Readonly<Record<string, Method>> = {
  spf: "spf",
  senderpolicyframework: "spf",
  dkim: "dkim",
  dmarc: "dmarc",
  compauth: "compauth",
  compositeauthentication: "compauth",
};

function detailsOf(value: unknown): Said | undefined {
  const fields = typeof value === "string" ? parsed(value) : record(value);
  const said: Said = {};
  for (const [name, each] of Object.entries(fields)) {
    const key = name.toLowerCase();
    const method = Object.hasOwn(detailNames, key) ? detailNames[key] : undefined;
    const result = text(each)?.toLowerCase();
    if (method !== undefined && result !== undefined) said[method] = result.slice(0, 50);
  }
  return said;
}

function parsed(value: string): Readonly<Record<string, unknown>> {
  try {
    return record(JSON.parse(value.slice(0, longestHeader)));
  } catch {
    return {};
  }
}

/** The results of one header, its comments left out. Of several DKIM signatures a good one is enough. */
export function parseResults(header: string): Said {
  const said: Said = {};
  for (const part of withoutComments(header.slice(0, longestHeader)).split(";")) {
    const words = part.trim().split(/\s+/);
    const [first = "", ...properties] = words;
    const [method, result] = assignment(first);
    const known = methods.find((each) => each === method.split("/")[0]);
    if (known === undefined || result === "") continue;
    if (said[known] !== "pass") said[known] = result.slice(0, 50);
    for (const property of properties) {
      const [name, value] = assignment(property);
      if (name === "header.from") said.header_from = value;
      if (name === "smtp.mailfrom" || name === "smtp.from") said.mail_from = value;
    }
  }
  return said;
}

function assignment(word: string): readonly [string, string] {
  const at = word.indexOf("=");
  if (at < 0) return [word.toLowerCase(), ""];
  return [
    word.slice(0, at).toLowerCase(),
    word
      .slice(at + 1)
      .replaceAll('"', "")
      .toLowerCase(),
  ];
}

/** Comments nest (RFC 5322, 3.2.2); one walk over the text. */
function withoutComments(header: string): string {
  let depth = 0;
  let kept = "";
  for (const character of header) {
    if (character === "(") depth += 1;
    else if (character === ")") depth = Math.max(0, depth - 1);
    else if (depth === 0) kept += character;
  }
  return kept;
}

function judged(said: Said): Authentication {
  const { spf, dkim, dmarc } = said;
  const byDmarc = dmarc !== undefined && dmarc !== "none" && dmarc !== "bestguesspass";
  const bad = (result: string | undefined): boolean =>
    result === "fail" || result === "softfail" || result === "permerror";
  const passed = byDmarc ? dmarc === "pass" : spf === "pass" && dkim === "pass";
  const failed = byDmarc ? bad(dmarc) : (bad(spf) || bad(dkim)) && spf !== "pass" && dkim !== "pass";
  return { checked: true, ...said, passed, failed };
}
