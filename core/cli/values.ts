import { InvalidArgumentError } from "commander";

/** Nested values of `--option`. */
export type Options = Readonly<Record<string, unknown>>;

const unitMs: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 };
const isoTime = /^\d{4}-\d{2}-\d{2}(?:T\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?(Z|[+-]\d{2}:?\d{2})?)?$/;

/**
 * A time as a person gives it: how long ago (`90s`, `30m`, `24h`, `7d`, `2w`) or ISO 8601, in UTC where no zone is said.
 *
 * @returns ISO 8601 in UTC with milliseconds
 */
export function parseTime(text: string, now: Date): string {
  const [, amount, unit = ""] = /^(\d{1,6})([smhdw])$/.exec(text) ?? [];
  if (amount !== undefined) return new Date(now.getTime() - Number(amount) * (unitMs[unit] ?? 0)).toISOString();
  const iso = isoTime.exec(text);
  const zoned = iso !== null && text.includes("T") && iso[1] === undefined ? `${text}Z` : text;
  const date = new Date(iso === null ? Number.NaN : zoned);
  if (Number.isNaN(date.getTime())) {
    throw new InvalidArgumentError("Give a duration like 24h or 7d, or a time like 2026-01-15T10:00:00Z.");
  }
  return date.toISOString();
}

export function parseBoolean(text: string): boolean {
  if (text === "true") return true;
  if (text === "false") return false;
  throw new InvalidArgumentError("It is true or false; alone, it means true and stands after the source's name.");
}

export function parseWholeNumber(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new InvalidArgumentError("It is a whole number.");
  return Number(text);
}

/** `100/60`: 100 requests in 60 seconds; `100` alone is per second. */
export function parseRateLimit(text: string): { readonly requests: number; readonly per_seconds: number } {
  const [, requests, seconds = "1"] = /^(\d{1,9})(?:\/(\d{1,9}))?$/.exec(text) ?? [];
  if (requests === undefined) throw new InvalidArgumentError("Give <requests>/<seconds>, like 100/60.");
  return { requests: Number(requests), per_seconds: Number(seconds) };
}

/** `type,entities.host/1h`: alerts that are the same in these fields, within this time of each other. */
export function parseGrouping(text: string): { readonly by: readonly string[]; readonly window: string } {
  const [, by = "", window = ""] = /^([a-z_.,]+)\/(\d+[mhd])$/.exec(text) ?? [];
  if (by === "") throw new InvalidArgumentError("Give <fields>/<time>, like type,entities.host/1h.");
  return { by: by.split(","), window };
}

/** Collects the values of an option that is repeated, or written with commas. */
export function collectValues(text: string, before: readonly string[] = []): readonly string[] {
  return [...before, ...text.split(",").map((each) => each.trim())];
}

/** Collects the values of an option that is repeated; they may hold commas. */
export function collectWhole(text: string, before: readonly string[] = []): readonly string[] {
  return [...before, text];
}

/** Collects `--severity-mapping 5=critical`. */
export function collectPair(
  text: string,
  before: Readonly<Record<string, string>> = {},
): Readonly<Record<string, string>> {
  const [key, value] = splitPair(text);
  return { ...before, [key]: value };
}

/** Collects `--option hmac.header=X-Signature`: dots nest, and a value that is JSON is taken as such. */
export function collectOption(text: string, before: Options = {}): Options {
  const [key, value] = splitPair(text);
  return nest(before, key.split("."), parseValue(value));
}

function splitPair(text: string): readonly [string, string] {
  const at = text.indexOf("=");
  if (at < 1) throw new InvalidArgumentError("Give <name>=<value>.");
  return [text.slice(0, at), text.slice(at + 1)];
}

function nest(into: Options, [key = "", ...rest]: readonly string[], value: unknown): Options {
  if (key === "") throw new InvalidArgumentError("A name between dots is empty.");
  if (rest.length === 0) return { ...into, [key]: value };
  const inner = Object.hasOwn(into, key) ? into[key] : {};
  return { ...into, [key]: nest(isObject(inner) ? inner : {}, rest, value) };
}

/** Digits beyond what a number holds are an id or a token, and stay as they were written. */
function parseValue(text: string): unknown {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "number" && Number.isInteger(value) && !Number.isSafeInteger(value) ? text : value;
  } catch {
    return text;
  }
}

function isObject(value: unknown): value is Options {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
