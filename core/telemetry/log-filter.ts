import pino from "pino";
import { topics } from "./log.ts";

/** A line of the log, parsed. */
export type LogLine = Readonly<Record<string, unknown>>;

export type Matches = (line: LogLine) => boolean;

/** What is wrong with a filter, and where. */
export class FilterError extends Error {
  override readonly name = "FilterError";
}

export const longestFilter = 1_000;
const deepest = 20;

/** The levels that a line may have, by their names. */
export const levels: Readonly<Record<string, number>> = pino.levels.values;

/** What a list of lines is narrowed by. */
export interface LineFilters {
  /** The least grave level, by its name. */
  readonly level?: string | undefined;
  readonly source?: string | undefined;
  /** ISO 8601, itself included. */
  readonly since?: string | undefined;
  /** ISO 8601, itself left out. */
  readonly until?: string | undefined;
  /** As `parseFilter` reads it. */
  readonly filter?: string | undefined;
}

/** @throws {FilterError} */
export function lineMatcher({ level, source, since, until, filter }: LineFilters): Matches {
  const least = levels[level ?? ""] ?? 0;
  const [from, to] = [since, until].map((time) => time && new Date(time).toISOString());
  const passes = filter === undefined ? () => true : parseFilter(filter);
  return (line) =>
    (source === undefined || line.source === source) &&
    Number(line.level) >= least &&
    (!from || String(line.time) >= from) &&
    (!to || String(line.time) < to) &&
    passes(line);
}

interface Token {
  readonly kind: "(" | ")" | "operator" | "quoted" | "word" | "end";
  readonly text: string;
  /** Of its first character, from 1 on. */
  readonly at: number;
}

type Compare = (found: unknown, wanted: string) => boolean;

const operators: Readonly<Record<string, Compare>> = {
  "=": (found, wanted) => asText(found) === wanted,
  "!=": (found, wanted) => asText(found) !== wanted,
  ">=": (found, wanted) => order(found, wanted) >= 0,
  "<=": (found, wanted) => order(found, wanted) <= 0,
  ">": (found, wanted) => order(found, wanted) > 0,
  "<": (found, wanted) => order(found, wanted) < 0,
  "~": (found, wanted) => asText(found).toLowerCase().includes(wanted.toLowerCase()),
};

const token = /\s*(?:(?<paren>[()])|(?<operator>[!<>]=|[=<>~])|"(?<quoted>(?:[^"\\]|\\.)*)"|(?<word>[^\s()=<>~"!]+))/y;

/**
 * Reads a filter: a topic, a comparison (`source=edr`, `level>=warn`, `err.message~timeout`), or several with `and`, `or`, `not`
 * and parentheses. A line that has no such field matches no comparison; of a list, one entry is enough.
 *
 * @throws {FilterError} that says in one line what is wrong and at which character
 */
export function parseFilter(text: string): Matches {
  if (text.length > longestFilter) throw new FilterError(`a filter has at most ${longestFilter} characters`);
  const tokens = tokensOf(text);
  let next = 0;
  let depth = 0;

  const peek = (): Token => tokens[next] as Token;
  const isWord = (word: string): boolean => peek().kind === "word" && peek().text.toLowerCase() === word;

  function either(): Matches {
    let left = both();
    while (isWord("or")) {
      next += 1;
      const [first, second] = [left, both()];
      left = (line) => first(line) || second(line);
    }
    return left;
  }

  function both(): Matches {
    let left = one();
    while (isWord("and")) {
      next += 1;
      const [first, second] = [left, one()];
      left = (line) => first(line) && second(line);
    }
    return left;
  }

  function one(): Matches {
    depth += 1;
    if (depth > deepest) throw wrong(peek(), `it is nested deeper than ${deepest} times`);
    const found = isWord("not") ? not() : peek().kind === "(" ? inner() : condition();
    depth -= 1;
    return found;
  }

  function not(): Matches {
    next += 1;
    const matches = one();
    return (line) => !matches(line);
  }

  function inner(): Matches {
    const open = peek();
    next += 1;
    const matches = either();
    if (peek().kind !== ")") throw wrong(open, "this parenthesis is not closed");
    next += 1;
    return matches;
  }

  function condition(): Matches {
    const field = peek();
    if (field.kind !== "word") throw wrong(field, "a topic or a field is missing");
    next += 1;
    const operator = peek();
    if (operator.kind !== "operator") return topic(field);
    next += 1;
    const value = peek();
    if (value.kind !== "word" && value.kind !== "quoted")
      throw wrong(value, `a value is missing after ${operator.text}`);
    next += 1;
    return comparison(field.text, operators[operator.text] as Compare, value);
  }

  const matches = either();
  if (peek().kind !== "end") throw wrong(peek(), "and or or is missing before it");
  return matches;
}

function tokensOf(text: string): readonly Token[] {
  const tokens: Token[] = [];
  token.lastIndex = 0;
  for (let from = 0; text.slice(from).trim() !== ""; from = token.lastIndex) {
    const rest = from + (text.slice(from).length - text.slice(from).trimStart().length);
    const { paren, operator, quoted, word } = token.exec(text)?.groups ?? {};
    if (paren === "(" || paren === ")") tokens.push({ kind: paren, text: paren, at: rest + 1 });
    else if (operator !== undefined) tokens.push({ kind: "operator", text: operator, at: rest + 1 });
    else if (quoted !== undefined)
      tokens.push({ kind: "quoted", text: quoted.replaceAll(/\\(.)/g, "$1"), at: rest + 1 });
    else if (word !== undefined) tokens.push({ kind: "word", text: word, at: rest + 1 });
    else
      throw new FilterError(
        `at character ${rest + 1}: ${text[rest] === '"' ? "this quote is not closed" : "this is not understood"}`,
      );
  }
  return [...tokens, { kind: "end", text: "", at: text.length + 1 }];
}

function topic({ text, at }: Token): Matches {
  if ((topics as readonly string[]).includes(text)) return (line) => line.topic === text;
  throw new FilterError(
    `at character ${at}: "${text}" is no topic (they are ${topics.join(", ")}); a comparison is <field>=<value>`,
  );
}

function comparison(field: string, compare: Compare, value: Token): Matches {
  const wanted = field === "level" ? levelOf(value) : value.text;
  const path = field.split(".");
  return (line) => {
    const found = valueAt(line, path);
    if (found === undefined || found === null) return false;
    return Array.isArray(found) ? found.some((each) => compare(each, wanted)) : compare(found, wanted);
  };
}

function levelOf({ text, at }: Token): string {
  const named = levels[text.toLowerCase()];
  if (named !== undefined) return String(named);
  if (/^\d{1,3}$/.test(text)) return text;
  throw new FilterError(`at character ${at}: "${text}" is no level; they are ${Object.keys(levels).join(", ")}`);
}

function valueAt(line: LogLine, path: readonly string[]): unknown {
  let found: unknown = line;
  for (const name of path) {
    if (typeof found !== "object" || found === null || !Object.hasOwn(found, name)) return undefined;
    found = (found as LogLine)[name];
  }
  return found;
}

function asText(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}

/** Numbers by their size, everything else as text, which is right for times. */
function order(found: unknown, wanted: string): number {
  const [left, right] = [asText(found), wanted];
  const [a, b] = [Number(left), Number(right)];
  if (left !== "" && right !== "" && !Number.isNaN(a) && !Number.isNaN(b)) return a - b;
  return left < right ? -1 : Number(left > right);
}

function wrong({ text, at, kind }: Token, problem: string): FilterError {
  const where = kind === "end" ? "at its end" : `at character ${at}, "${text}"`;
  return new FilterError(`${where}: ${problem}`);
}
