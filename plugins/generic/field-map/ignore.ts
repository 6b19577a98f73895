import { text } from "@thruway/sdk";
import type { Expression } from "@thruway/sdk/expression";
import { type Reader, type Reading, readerOf, type Source } from "./expression.ts";
import { MapError } from "./map-error.ts";

/** What is understood and makes no incident: `{ path: action, is: [installation, resolved] }`. */
export type Condition = Exclude<Source, string | readonly unknown[]> & {
  /** Where one of these is found; `true` where neither this nor `is_not` is said. */
  readonly is?: string | number | boolean | readonly (string | number | boolean)[];
  /** Where none of these is found, also where nothing is. */
  readonly is_not?: string | number | boolean | readonly (string | number | boolean)[];
  /** What the sender is told; else what was found. */
  readonly reason?: string;
};

export interface Ignorer {
  readonly expressions: readonly Expression[];
  /** Why an alert is ignored; `undefined` where it is not. */
  reason(reading: Reading): string | undefined;
}

const mostWords = 100;
const longestReason = 200;

/** @throws {MapError} for what is no condition */
export function ignorerOf(condition: unknown): Ignorer {
  if (condition === null || typeof condition !== "object" || Array.isArray(condition)) {
    throw new MapError('must be an object like { path: "action", is: "resolved" }');
  }
  const { is, is_not: isNot, reason, ...source } = condition as Readonly<Record<string, unknown>>;
  if (is !== undefined && isNot !== undefined)
    throw new MapError('has "is" and "is_not"; only one of them can be meant');
  if (reason !== undefined && (text(reason) ?? "").length > longestReason) {
    throw new MapError(`has a "reason" of more than ${longestReason} characters`);
  }
  const reader = readerOf(source);
  const told = text(reason);
  const finds = isNot === undefined ? oneOf(wordsOf(is ?? true, "is")) : noneOf(wordsOf(isNot, "is_not"));
  return {
    expressions: reader.expressions,
    reason(reading) {
      const found = finds(reader.read(reading).means);
      return found === undefined ? undefined : (told ?? said(reader, found));
    },
  };
}

function said({ label }: Reader, found: string): string {
  return `${label} is ${found}`.slice(0, longestReason);
}

function oneOf(words: ReadonlySet<string>): (found: readonly string[]) => string | undefined {
  return (found) => found.find((each) => words.has(each.toLowerCase()));
}

function noneOf(words: ReadonlySet<string>): (found: readonly string[]) => string | undefined {
  return (found) => (oneOf(words)(found) === undefined ? (found[0] ?? "not there") : undefined);
}

function wordsOf(value: unknown, name: string): ReadonlySet<string> {
  const items: readonly unknown[] = Array.isArray(value) ? value : [value];
  const words = items.map((item) => (typeof item === "boolean" ? String(item) : text(item)));
  if (words.length === 0 || words.length > mostWords || !words.every((word) => word !== undefined)) {
    throw new MapError(`has an "${name}" that is not a text, or a list of 1 to ${mostWords} of them`);
  }
  return new Set(words.map((word) => word.toLowerCase()));
}
