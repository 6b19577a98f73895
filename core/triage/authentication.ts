/**
 * How a message proved who it is from: `Authentication-Results` (RFC 8601), and what Microsoft makes of it: `AuthenticationDetails`
 * of the table EmailEvents, `authenticationDetails` of Graph's analyzed e-mails.
 */
import { record, text } from "@thruway/sdk/read";
import { fieldsIn } from "./payload-text.ts";
import { domainOf } from "./sender.ts";

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
  /** Whose signature DKIM found good. */
  readonly dkim_domain?: string;
  /** DMARC passed, or where nothing is said of it, SPF and DKIM both; for the domain that the mail says it is from, where it is known. */
  readonly passed: boolean;
  /** DMARC failed, or where nothing is said of it, SPF or DKIM and neither passed. */
  readonly failed: boolean;
}

const longestHeader = 20_000;
const methods = ["spf", "dkim", "dmarc", "compauth"] as const;
type Method = (typeof methods)[number];
type Said = { -readonly [name in Method | "header_from" | "mail_from" | "dkim_domain"]?: string };

/**
 * Reads the first thing that payloads say of it: the header that was added last stands first, and what stands below may be the
 * sender's own, even where the first says nothing.
 *
 * @param sender the domain that the mail is said to be from, where somebody knows it
 */
export function authenticationIn(payloads: readonly unknown[], sender?: string): Authentication {
  for (const [name, value] of fieldsIn(payloads)) {
    const said = saidBy(name, value);
    if (said === undefined) continue;
    return methods.some((method) => said[method] !== undefined) ? judged(said, sender) : nothing;
  }
  return nothing;
}

const nothing: Authentication = { checked: false, passed: false, failed: false };

function saidBy(name: string, value: unknown): Said | undefined {
  const key = name.toLowerCase().replaceAll(/[^a-z]/g, "");
  if (key === "authenticationresults" && typeof value === "string") return parseResults(value);
  if (key === "authenticationdetails") return detailsOf(value);
  if (typeof value === "string") {
    // Anywhere else, a subject say, the sender may have written it.
    const header = /header|^raw|^mime|^eml/.test(key) ? headerIn(value) : undefined;
    return header === undefined ? undefined : parseResults(header);
  }
  // A header as an object, `{"name": "Authentication-Results", "value": …}`, or a record with a field for each method.
  const fields = record(value);
  const named = text(fields.name)?.toLowerCase();
  if (named === "authentication-results") return parseResults(text(fields.value) ?? "");
  return typeof fields.spf === "string" || typeof fields.dmarc === "string" ? detailsOf(fields) : undefined;
}

const largestHead = 200_000;

/** The first such header of a line, or of the whole head of a message; lines that begin with a space go on with the one before. */
function headerIn(text: string): string | undefined {
  const [head = ""] = text.slice(0, largestHead).split(/\r?\n\r?\n/, 1);
  const name = "authentication-results:";
  const lines = head.replaceAll(/\r?\n[ \t]+/g, " ").split("\n");
  return lines.find((line) => line.slice(0, name.length).toLowerCase() === name)?.slice(name.length);
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
  return Object.keys(said).length > 0 ? said : undefined;
}

function parsed(value: string): Readonly<Record<string, unknown>> {
  try {
    return record(JSON.parse(value.slice(0, longestHeader)));
  } catch {
    return {};
  }
}

/**
 * The results of one header, its comments left out. Of several DKIM signatures a good one is enough; of several results of
 * another method a bad one stands, since a sender can have a say in what a header quotes of it.
 */
export function parseResults(header: string): Said {
  const said: Said = {};
  for (const words of partsOf(header.slice(0, longestHeader))) {
    const [first = "", ...properties] = words;
    const [method, result] = assignment(first);
    const known = methods.find((each) => each === method.split("/")[0]);
    if (known === undefined || result === "") continue;
    const before = said[known];
    const stays = known === "dkim" ? before === "pass" : before !== undefined && (isBad(before) || !isBad(result));
    if (!stays) said[known] = result.slice(0, 50);
    for (const [name, value] of properties.map(assignment)) {
      if (name === "header.from") said.header_from ??= value;
      if (name === "smtp.mailfrom" || name === "smtp.from") said.mail_from ??= value;
      if (name === "header.d" && known === "dkim" && result === "pass") said.dkim_domain ??= value;
    }
  }
  return said;
}

function assignment(word: string): readonly [string, string] {
  const at = word.indexOf("=");
  if (at < 0) return [word.toLowerCase(), ""];
  return [word.slice(0, at).toLowerCase(), word.slice(at + 1).toLowerCase()];
}

/** The words between semicolons. Comments nest, and what is quoted separates nothing (RFC 5322, 3.2); one walk over the text. */
function partsOf(header: string): readonly (readonly string[])[] {
  let words: string[] = [];
  let word = "";
  let depth = 0;
  let isQuoted = false;
  const parts: string[][] = [words];
  const endWord = (): void => {
    if (word !== "") words.push(word);
    word = "";
  };
  for (let at = 0; at < header.length; at += 1) {
    const character = header.charAt(at);
    if (character === "\\" && (isQuoted || depth > 0)) {
      at += 1;
      if (isQuoted) word += header.charAt(at);
    } else if (depth > 0) depth += character === "(" ? 1 : character === ")" ? -1 : 0;
    else if (character === '"') isQuoted = !isQuoted;
    else if (isQuoted) word += character;
    else if (character === "(") depth = 1;
    else if (character === ";") {
      endWord();
      words = [];
      parts.push(words);
    } else if (/\s/.test(character)) endWord();
    else word += character;
  }
  endWord();
  return parts;
}

function isBad(result: string): boolean {
  return result === "fail" || result === "softfail" || result === "permerror";
}

function judged(said: Said, sender: string | undefined): Authentication {
  const { spf, dkim, dmarc, header_from, mail_from, dkim_domain } = said;
  const byDmarc = dmarc !== undefined && dmarc !== "none" && dmarc !== "bestguesspass";
  const proved = (byDmarc ? [header_from] : [mail_from && (domainOf(mail_from) ?? mail_from), dkim_domain]).filter(
    isSaid,
  );
  const from = [byDmarc ? undefined : header_from, sender].filter(isSaid);
  const isAligned = proved.length === 0 || from.every((domain) => proved.some((each) => areRelated(each, domain)));
  const isPassed = byDmarc ? dmarc === "pass" : spf === "pass" && dkim === "pass";
  const failed = byDmarc ? isBad(dmarc) : (isBad(spf ?? "") || isBad(dkim ?? "")) && spf !== "pass" && dkim !== "pass";
  return { checked: true, ...said, passed: isPassed && isAligned, failed };
}

function isSaid(text: string | undefined): text is string {
  return text !== undefined && text !== "";
}

/** Relaxed alignment, as far as it goes without a list of public suffixes: one is the other, or a name below it. */
function areRelated(one: string, other: string): boolean {
  return one === other || one.endsWith(`.${other}`) || other.endsWith(`.${one}`);
}
