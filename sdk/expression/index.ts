/**
 * `@thruway/sdk/expression`: JSONata (https://jsonata.org) for mappers. It is synchronous, bounded, and gives the same for the
 * same input; "JSONata runs in a realm of its own" in docs/adr says how.
 */
import { threadCpuUsage } from "node:process";
import type { JsonataOptions } from "jsonata";
import { openRealm, type Realm, RealmTimeout } from "./realm.ts";

/** An expression that was examined; made by `compileExpression` only. */
export interface Expression {
  readonly source: string;
  /** Whether it names `$payload`, so that the whole payload has to come along. */
  readonly readsPayload: boolean;
  /** Whether it names `$now` or `$millis`, which are the time of receipt. */
  readonly readsClock: boolean;
}

/** An expression that cannot be used; the message says what is wrong with it and, where that is known, where. */
export class ExpressionError extends Error {
  override readonly name = "ExpressionError";
}

/**
 * What became of an expression: a value (JSON, `undefined` for nothing), a failure such as `$lowercase` of a number, or a
 * refusal: of too much work, or by the expression's own `$error`.
 */
export type Outcome = { readonly value?: unknown } | { readonly failed: string } | { readonly refused: string };

export interface Evaluation {
  readonly expressions: readonly Expression[];
  /** What each expression is evaluated for, `$` inside it. */
  readonly items: readonly unknown[];
  /** `$payload` inside an expression; the item itself where it is left out. */
  readonly payload?: unknown;
  /** `$now()` and `$millis()`. */
  readonly receivedAt: Date;
}

/** Longer ones belong into a plugin. */
export const longestExpression = 2_000;
/** For all that one delivery asks for, so that no map stops the intake for longer. */
export const timeoutMs = 100;

/** Functions of JSONata that an expression may call. */
const offered: ReadonlySet<string> = new Set([
  ...["abs", "append", "assert", "average", "boolean", "ceil", "clone", "contains", "count", "decodeUrl"],
  ...["decodeUrlComponent", "distinct", "each", "encodeUrl", "encodeUrlComponent", "error", "exists", "filter"],
  ...["floor", "formatBase", "formatInteger", "formatNumber", "fromMillis", "join", "keys", "length", "lookup"],
  ...["lowercase", "map", "max", "merge", "millis", "min", "not", "now", "number", "pad", "parseInteger", "power"],
  ...["reduce", "replace", "reverse", "round", "sift", "single", "sort", "split", "spread", "sqrt", "string"],
  ...["substring", "substringAfter", "substringBefore", "sum", "toMillis", "trim", "type", "uppercase", "zip"],
]);

/** Functions of JSONata that it may not call, with the reason. */
const withheld: ReadonlyMap<string, string> = new Map([
  ["eval", "would run what a sender writes"],
  ["random", "gives something else each time"],
  ["shuffle", "gives something else each time"],
  ["match", "needs a regular expression"],
  // They reach for a browser or for Node, and the realm has neither.
  ["base64encode", "is not offered here"],
  ["base64decode", "is not offered here"],
]);

/** Variables that are always there: `$`, `$$` and the whole payload. */
const given: ReadonlySet<string> = new Set(["", "$", "payload"]);

const bounds = {
  stack: 500,
  sequence: 10_000,
  padding: 1_000,
  output: 1_000_000,
  depth: 64,
  compiled: 1_000,
  withheld: [...withheld.keys()],
} as const satisfies JsonataOptions & Record<string, unknown>;

let realm: Realm | undefined;

const mostTries = 5;

/** One realm for all, opened when it is first needed: most sources have no expression. */
function ask(question: unknown): unknown {
  for (let tries = 1; ; tries += 1) {
    realm ??= openRealm(bounds);
    const before = threadCpuUsage();
    try {
      return realm.ask(question, timeoutMs);
    } catch (error) {
      if (!(error instanceof RealmTimeout)) throw error;
      // It was left in the middle of something.
      realm = undefined;
      const { user, system } = threadCpuUsage(before);
      // On a busy machine it may have waited for most of its time, and that says nothing about the question.
      if ((user + system) / 1_000 > timeoutMs / 2 || tries === mostTries) throw error;
    }
  }
}

interface Unreadable {
  readonly error: { readonly position?: number; readonly message: string };
}

interface Facts {
  readonly variables: readonly { readonly name: string; readonly position: number }[];
  readonly bound: readonly string[];
  readonly regexAt?: number;
}

/**
 * Examines an expression.
 *
 * @throws {ExpressionError} for one that is no JSONata, that is too long, or that uses what is not offered: regular expressions
 *   (JavaScript's can be made to run for hours by what they are matched with), functions that are not deterministic, and names
 *   that nobody defines
 */
export function compileExpression(source: string): Expression {
  if (source.length > longestExpression) {
    throw new ExpressionError(`is longer than ${longestExpression} characters`);
  }
  const { variables, bound, regexAt } = factsOf(source);
  if (regexAt !== undefined) {
    throw new ExpressionError(`has a regular expression${at(regexAt)}; compare with a text instead`);
  }
  for (const { name, position } of variables) {
    const reason = withheld.get(name);
    if (reason !== undefined) throw new ExpressionError(`calls $${name}${at(position)}, which ${reason}`);
    if (!offered.has(name) && !given.has(name) && !bound.includes(name)) {
      throw new ExpressionError(`names $${name}${at(position)}, which is nothing that it defines or JSONata has`);
    }
  }
  const reads = (...names: readonly string[]): boolean => variables.some(({ name }) => names.includes(name));
  return { source, readsPayload: reads("payload"), readsClock: reads("now", "millis") };
}

function factsOf(source: string): Facts {
  const found = examined(source);
  if (!("error" in found)) return found;
  throw new ExpressionError(`is not JSONata${at(found.error.position)}: ${found.error.message}`);
}

function examined(source: string): Facts | Unreadable {
  try {
    return ask({ examine: { source } }) as Facts | Unreadable;
  } catch (error) {
    if (error instanceof RealmTimeout) throw new ExpressionError("takes too long to read");
    throw error;
  }
}

function at(position: number | undefined): string {
  return position === undefined ? "" : ` at character ${position}`;
}

/**
 * Evaluates each expression for each item.
 *
 * @returns a row for each item, with an outcome for each expression, in their orders
 * @throws {RealmTimeout} where it takes more than `timeoutMs`, all together
 */
export function evaluateExpressions(evaluation: Evaluation): readonly (readonly Outcome[])[] {
  const { expressions, items, payload, receivedAt } = evaluation;
  if (expressions.length === 0) return items.map(() => []);
  const rootNeeded = payload !== undefined && expressions.some(({ readsPayload }) => readsPayload);
  return ask({
    evaluate: {
      now: receivedAt.getTime(),
      items: items.map((item) => JSON.stringify(item) ?? "null"),
      ...(rootNeeded && { payload: JSON.stringify(payload) }),
      expressions: expressions.map(({ source }) => source),
    },
  }) as readonly (readonly Outcome[])[];
}

export { RealmTimeout } from "./realm.ts";
