/**
 * Small readers for a mapper. Vendors send numbers as strings, one value where a list was promised, empty strings for
 * absence, and times in six units; these take what comes and say `undefined` rather than throw.
 */
import { type Entity, type EntityRole, type EntityType, type Severity, severities } from "./alert.ts";

/** Text that says something: a trimmed string, or a number as its digits. Empty strings and everything else are absence. */
export function text(value: unknown): string | undefined {
  if (typeof value === "number") return Number.isFinite(value) ? String(value) : undefined;
  if (typeof value !== "string") return undefined;
  const trimmed = value.trim();
  return trimmed === "" ? undefined : trimmed;
}

/** The first of the values that is text, or of a list among them that is. */
export function firstText(...values: readonly unknown[]): string | undefined {
  for (const value of values) {
    const found = Array.isArray(value) ? value.map(text).find((each) => each !== undefined) : text(value);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** All texts of a list, of a single value, or of a comma-joined string (`separator` chooses another; `null` splits nothing). */
export function texts(value: unknown, separator: string | null = ","): readonly string[] {
  const items: readonly unknown[] = Array.isArray(value)
    ? value
    : typeof value === "string" && separator !== null
      ? value.split(separator)
      : [value];
  return items.map(text).filter((item) => item !== undefined);
}

/** A finite number, also from a string of decimal digits; `undefined` for everything else. 0 is a value. */
export function number(value: unknown): number | undefined {
  const found = text(value);
  if (found === undefined || /^0[box]/i.test(found)) return undefined;
  const parsed = Number(found);
  return Number.isFinite(parsed) ? parsed : undefined;
}

/** A plain object to read fields from; anything else gives an empty one. */
export function record(value: unknown): Readonly<Record<string, unknown>> {
  return value !== null && typeof value === "object" && !Array.isArray(value)
    ? (value as Readonly<Record<string, unknown>>)
    : {};
}

/** The objects of a list; anything that is not an object is left out. */
export function records(value: unknown): readonly Readonly<Record<string, unknown>>[] {
  if (!Array.isArray(value)) return [];
  return value.filter((item) => item !== null && typeof item === "object" && !Array.isArray(item)).map(record);
}

/** `"PhishingEmail"` and `"INITIAL-ACCESS"` become `phishing_email` and `initial_access`; letters of any script stay. */
export function snakeCase(value: string): string {
  return value
    .replaceAll(/([\p{Ll}\p{N}])(\p{Lu})/gu, "$1_$2")
    .replaceAll(/[^\p{L}\p{M}\p{N}]+/gu, "_")
    .replaceAll(/^_+|_+$/g, "")
    .toLowerCase();
}

/** `"PhishingEmail"`, `"UNUSUAL_ACTIVITY"` become `Phishing email`, `Unusual activity`: a title for a word that has none. */
export function humanise(value: unknown): string | undefined {
  const words = snakeCase(text(value) ?? "").replaceAll("_", " ");
  return words === "" ? undefined : words.charAt(0).toUpperCase() + words.slice(1);
}

/** A link that may be shown to a person: `http:` or `https:`, else `undefined` (a `javascript:` one is not a link). */
export function link(value: unknown): string | undefined {
  const found = text(value);
  // URL.canParse skips line breaks and tabs.
  return found !== undefined && /^https?:\/\/\P{Cc}+$/iu.test(found) && URL.canParse(found) ? found : undefined;
}

const earliest = Date.UTC(2000, 0, 1);
const latest = Date.UTC(2200, 0, 1);
/** 1601-01-01 to 1970-01-01 in milliseconds: Windows FILETIME counts from the former in units of 100 ns. */
const filetimeOffset = 11_644_473_600_000;

/**
 * A time in any of the forms that security tools send, as ISO 8601 in UTC with milliseconds.
 *
 * Digits are read by their count: up to 11 seconds (with a fraction if need be), 13 ms, 16 µs, 18 Windows FILETIME, 19 ns.
 * Text is read as ISO 8601; where it names no zone it is UTC (Office 365, RecordType 40). 0, the empty string, days
 * that no calendar has, and times before 2000 or after 2199 are absence.
 */
export function instant(value: unknown): string | undefined {
  const found = text(value);
  if (found === undefined) return undefined;
  const milliseconds = /^\d+(\.\d+)?$/.test(found) ? fromDigits(found) : fromIso(found);
  if (milliseconds === undefined || !(milliseconds >= earliest && milliseconds < latest)) return undefined;
  return new Date(milliseconds).toISOString();
}

function fromDigits(digits: string): number | undefined {
  const [whole = "", fraction = ""] = digits.split(".");
  const count = whole.length;
  // Not by a multiplication, which loses a millisecond here and there.
  if (count <= 11) return Number(`${whole}${fraction.slice(0, 3).padEnd(3, "0")}`);
  if (count <= 14) return Number(digits);
  if (count <= 16) return Number(whole.slice(0, -3));
  if (count === 18) return Number(whole.slice(0, -4)) - filetimeOffset;
  if (count === 19) return Number(whole.slice(0, -6));
  return undefined;
}

const isoForm = /^(\d{4}-\d{2}-\d{2})(?:[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?)?\s*(Z|[+-]\d{2}:?\d{2})?$/i;

function fromIso(value: string): number | undefined {
  const form = isoForm.exec(value);
  if (form === null) return undefined;
  const [, date = "", namedZone] = form;
  // Date.parse makes the 2nd of March of a 30th of February.
  const day = new Date(date);
  if (Number.isNaN(day.getTime()) || day.toISOString().slice(0, 10) !== date) return undefined;
  // Date.parse reads a date-time without a zone as local time, and stumbles over more than a millisecond's digits in places.
  const trimmed = value
    .replace(" ", "T")
    .replace(/\s+/g, "")
    .replace(/(\.\d{3})\d+/, "$1");
  const zone = namedZone === undefined ? (trimmed.includes("T") ? "Z" : "") : "";
  const milliseconds = Date.parse(trimmed + zone);
  return Number.isNaN(milliseconds) ? undefined : milliseconds;
}

const severityWords: ReadonlyMap<string, Severity> = new Map([
  ...severities.map((severity) => [severity, severity] as const),
  ["fatal", "critical"],
  ["emergency", "critical"],
  ["severe", "critical"],
  ["major", "high"],
  ["error", "high"],
  ["moderate", "medium"],
  ["warning", "medium"],
  ["warn", "medium"],
  ["minor", "low"],
  ["notice", "low"],
  ["informational", "info"],
  ["information", "info"],
  ["debug", "info"],
] satisfies readonly (readonly [string, Severity])[]);

/** The severity that a common word means, whatever its case; `undefined` for an unknown word, which must never refuse an event. */
export function severityOf(word: unknown): Severity | undefined {
  const found = text(word);
  return found === undefined ? undefined : severityWords.get(found.toLowerCase());
}

/** One entity for each value that is text; a list among the values counts as its items. */
export function entities(type: EntityType, role: EntityRole, ...values: readonly unknown[]): readonly Entity[] {
  return values
    .flat()
    .map(text)
    .filter((value) => value !== undefined)
    .map((value) => ({ type, role, value }));
}

/** Entities without the ones that say the same again, in their order. */
export function distinct(all: readonly Entity[]): readonly Entity[] {
  const seen = new Set<string>();
  return all.filter((entity) => {
    const key = `${entity.type} ${entity.role} ${entity.value}`;
    if (seen.has(key)) return false;
    seen.add(key);
    return true;
  });
}

/** An optional list of an alert: absent where there is nothing in it. */
export function some<T>(list: readonly T[]): readonly T[] | undefined {
  return list.length > 0 ? list : undefined;
}

/** The object without its `undefined` fields, so that optional fields of an alert can be written in one literal. */
export function defined<T extends object>(value: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  const found: Record<string, unknown> = {};
  for (const [key, field] of Object.entries(value)) if (field !== undefined) found[key] = field;
  return found as { [K in keyof T]: Exclude<T[K], undefined> };
}
