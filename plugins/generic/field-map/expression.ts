import { text, texts } from "@thruway/sdk";
import { compileExpression, type Expression, ExpressionError, type Outcome } from "@thruway/sdk/expression";
import { MapError } from "./map-error.ts";
import { follow, type Path, parsePath } from "./path.ts";

/** Where a field of an alert comes from, as it stands in the options of a source. */
export type Source = string | readonly Source[] | PathSource | JsonataSource | { readonly value: Constant };
type PathSource = Ending & { readonly path: string | readonly string[] };
type JsonataSource = Ending & { readonly jsonata: string };
type Constant = string | number | boolean;

/** What becomes of what was found. */
interface Ending {
  /** What the sender's words and numbers mean, whatever their case. */
  readonly lookup?: Readonly<Record<string, Constant>>;
  /** Where nothing was found, or nothing that `lookup` knows. */
  readonly default?: Constant;
}

/** What a field is read from. */
export interface Reading {
  /** The alert: the payload, or the entry of its list that this alert is of. */
  readonly item: unknown;
  readonly payload: unknown;
  /** What became of an expression of the map, for this item. */
  readonly outcome: (expression: Expression) => Outcome;
}

/** What was found: the sender's own texts, and what they mean here. */
export interface Found {
  readonly given: readonly string[];
  readonly means: readonly string[];
}

/** A source that was checked. */
export interface Reader {
  readonly expressions: readonly Expression[];
  /** In words, for a reason: `event.event_type`. */
  readonly label: string;
  /** What is found, as it is: an object, a list. */
  raw(reading: Reading): unknown;
  read(reading: Reading): Found;
}

export interface Reads {
  /** What a text means that no `lookup` is about; `undefined` where it means nothing. Left out, it means itself. */
  readonly meaning?: (found: string) => string | undefined;
  /** What a constant (`value`, `default`, in `lookup`) has to be; says so, or gives `undefined`. */
  readonly refuse?: (constant: string) => string | undefined;
}

const mostAlternatives = 10;
const mostInLookup = 500;
const longestConstant = 1_000;
const nothing: Found = { given: [], means: [] };

/**
 * Reads where a field comes from.
 *
 * @throws {MapError} for what is no source, with what would be one
 */
export function readerOf(source: unknown, reads: Reads = {}): Reader {
  if (typeof source === "string") return pathReader(parsePath(source), source, endingOf({}, reads));
  if (Array.isArray(source)) return firstOf(listed(source).map((each) => within(each, (one) => single(one, reads))));
  if (source === null || typeof source !== "object") {
    throw new MapError('must be a path like "rule.level", a list of them, or an object with path, jsonata or value');
  }
  const { path, jsonata, value, lookup, default: otherwise, ...rest } = source as Readonly<Record<string, unknown>>;
  const [stranger] = Object.keys(rest);
  if (stranger !== undefined) {
    throw new MapError(`has "${stranger}", which is not one of path, jsonata, value, lookup and default`);
  }
  if ([path, jsonata, value].filter((each) => each !== undefined).length !== 1) {
    throw new MapError("must have one of path, jsonata and value, and only one");
  }
  if (value !== undefined) return constantReader(constantOf(value, "value", reads), { lookup, default: otherwise });
  const ending = endingOf({ lookup, default: otherwise }, reads);
  if (jsonata !== undefined) return jsonataReader(jsonata, ending);
  return pathsReader(path, ending);
}

function listed(source: readonly unknown[]): readonly (readonly [unknown, number])[] {
  if (source.length === 0 || source.length > mostAlternatives) {
    throw new MapError(
      `must be a list of 1 to ${mostAlternatives} sources, of which the first that finds something counts`,
    );
  }
  return source.map((each, index) => [each, index]);
}

function single(source: unknown, reads: Reads): Reader {
  if (Array.isArray(source)) throw new MapError("is a list in a list");
  return readerOf(source, reads);
}

/** Says of a mistake which entry of a list it is in. */
function within<T, R>([each, index]: readonly [T, number], read: (one: T) => R): R {
  try {
    return read(each);
  } catch (error) {
    throw error instanceof MapError ? new MapError(`[${index}] ${error.message}`) : error;
  }
}

type End = (texts: readonly string[]) => Found;

function endingOf(
  { lookup, default: otherwise }: { readonly lookup?: unknown; readonly default?: unknown },
  reads: Reads,
): End {
  const table = lookup === undefined ? undefined : tableOf(lookup, reads);
  const fallback = otherwise === undefined ? [] : [constantOf(otherwise, "default", reads)];
  const { meaning } = reads;
  return (given) => {
    const means = given
      .map(
        (each) => table?.get(each.toLowerCase()) ?? (table === undefined || meaning ? own(each, meaning) : undefined),
      )
      .filter((each) => each !== undefined);
    return { given, means: means.length > 0 ? means : fallback };
  };
}

function own(found: string, meaning: Reads["meaning"]): string | undefined {
  return meaning === undefined ? found : meaning(found);
}

function tableOf(lookup: unknown, reads: Reads): ReadonlyMap<string, string> {
  if (lookup === null || typeof lookup !== "object" || Array.isArray(lookup)) {
    throw new MapError('has a "lookup" that is not an object from their words to ours');
  }
  const entries = Object.entries(lookup);
  if (entries.length > mostInLookup) throw new MapError(`has a "lookup" of more than ${mostInLookup} entries`);
  return new Map(
    entries.map(([word, meaning]) => [word.trim().toLowerCase(), constantOf(meaning, `lookup.${word}`, reads)]),
  );
}

function constantOf(value: unknown, name: string, { refuse }: Reads): string {
  const found = typeof value === "boolean" ? String(value) : text(value);
  if (found === undefined || found.length > longestConstant) {
    throw new MapError(
      `has a "${name}" that is not a text, a number or a boolean of 1 to ${longestConstant} characters`,
    );
  }
  const fault = refuse?.(found);
  if (fault !== undefined) throw new MapError(`has the "${name}" "${found}", which ${fault}`);
  return found;
}

function constantReader(value: string, ending: { readonly lookup?: unknown; readonly default?: unknown }): Reader {
  if (ending.lookup !== undefined || ending.default !== undefined) {
    throw new MapError('has a "value" and leaves nothing to "lookup" or "default"');
  }
  const found = { given: [], means: [value] };
  return { expressions: [], label: `"${value}"`, raw: () => value, read: () => found };
}

function pathReader(path: Path, label: string, end: End): Reader {
  const raw = ({ item, payload }: Reading): unknown => follow(path, item, payload);
  return { expressions: [], label, raw, read: (reading) => end(textsOf(raw(reading))) };
}

/** Of several paths the first that finds something; then `lookup` and `default` are about all of them. */
function pathsReader(path: unknown, end: End): Reader {
  if (typeof path === "string") return pathReader(parsePath(path), path, end);
  if (!Array.isArray(path) || !path.every((each) => typeof each === "string")) {
    throw new MapError('has a "path" that is not a text or a list of texts');
  }
  const asFound: End = (given) => ({ given, means: given });
  const readers = listed(path).map((each) =>
    within(each, (one) => pathReader(parsePath(String(one)), String(one), asFound)),
  );
  const first = firstOf(readers);
  return { ...first, read: (reading) => end(first.read(reading).means) };
}

function jsonataReader(source: unknown, end: End): Reader {
  if (typeof source !== "string") throw new MapError('has a "jsonata" that is not a text');
  const expression = compiled(source);
  const raw = ({ outcome }: Reading): unknown => {
    const found = outcome(expression);
    if ("refused" in found) throw new Refused(found.refused);
    return "value" in found ? found.value : undefined;
  };
  return {
    expressions: [expression],
    label: "what it says",
    raw,
    read: (reading) => end(textsOf(raw(reading))),
  };
}

function compiled(source: string): Expression {
  try {
    return compileExpression(source);
  } catch (error) {
    throw error instanceof ExpressionError ? new MapError(`has a "jsonata" that ${error.message}`) : error;
  }
}

/** An expression that says no to a payload, by `$error` or by being too much work. */
export class Refused extends Error {
  override readonly name = "Refused";
}

function firstOf(readers: readonly Reader[]): Reader {
  return {
    expressions: readers.flatMap(({ expressions }) => expressions),
    label: readers[0]?.label ?? "",
    raw(reading) {
      for (const reader of readers) {
        const found = reader.raw(reading);
        if (found !== undefined && found !== null) return found;
      }
      return undefined;
    },
    read(reading) {
      let given: readonly string[] = [];
      for (const reader of readers) {
        const found = reader.read(reading);
        if (found.means.length > 0) return found.given.length > 0 ? found : { ...found, given };
        if (given.length === 0) given = found.given;
      }
      return given.length > 0 ? { ...nothing, given } : nothing;
    },
  };
}

/** Texts, numbers and booleans of a value or of a list; empty ones are absence, and so is an object. */
function textsOf(value: unknown): readonly string[] {
  const items: readonly unknown[] = Array.isArray(value) ? value : [value];
  return items.flatMap((item) => (typeof item === "boolean" ? [String(item)] : texts(item, null)));
}
