/** Payloads as no vendor sends them: samples with fields dropped, replaced, added, repeated and nested. */
import { oneOf, type Random, randomOf } from "./random.ts";

/** A body that a mutated payload makes. */
export interface Mutant {
  readonly body: Uint8Array;
  /** What was done, one line each: `event.Severity: dropped`. */
  readonly changes: readonly string[];
}

const mostChanges = 4;

/**
 * Makes `count` mutants of a payload, the same ones for the same seed. They are bodies and not values, so that what the parser
 * makes of them reaches the plugin: digits beyond 2^53 as text, and nothing of what the parser refuses.
 */
export function* mutants(payload: unknown, seed: number, count: number): Generator<Mutant> {
  const random = randomOf(seed);
  const text = JSON.stringify(payload);
  for (let made = 0; made < count; made++) {
    const root: Container = { payload: JSON.parse(text) };
    const changes = Array.from({ length: 1 + Math.floor(random() * mostChanges) }, () => change(root, random));
    yield { body: Buffer.from(written(root.payload)), changes };
  }
}

type Container = Record<string, unknown>;

interface Place {
  readonly container: Container;
  readonly key: string;
  readonly path: string;
}

/** Replaces what stands at a place; the result says how, for a person. */
type Change = (place: Place, all: readonly [Place, ...Place[]], random: Random) => string;

function change(root: Container, random: Random): string {
  const all = placesIn(root);
  const place = oneOf(all, random);
  return `${place.path}: ${oneOf(changes, random)(place, all, random)}`;
}

const changes: readonly [Change, ...Change[]] = [
  drop,
  replace,
  replace,
  replace,
  wrap,
  repeat,
  nest,
  retype,
  swap,
  add,
];

function drop({ container, key }: Place): string {
  if (Array.isArray(container)) container.splice(Number(key), 1);
  else Reflect.deleteProperty(container, key);
  return "dropped";
}

function replace(place: Place, _all: readonly Place[], random: Random): string {
  const [what, value] = oneOf(oddValues, random);
  put(place, cloned(value));
  return `replaced by ${what}`;
}

function wrap(place: Place, _all: readonly Place[], random: Random): string {
  const inList = random() < 0.5;
  put(place, inList ? [valueAt(place)] : { value: valueAt(place) });
  return inList ? "put into a list" : "put into an object";
}

function repeat(place: Place): string {
  const text = JSON.stringify(valueAt(place)) ?? "null";
  const times = Math.max(2, Math.min(200, Math.floor(mostRepeated / text.length)));
  put(place, JSON.parse(`[${Array.from({ length: times }, () => text).join(",")}]`));
  return `repeated ${times} times in a list`;
}

/** In characters: enough to show what does not scale, and little enough to be quick. */
const mostRepeated = 20_000;

function nest(place: Place, _all: readonly Place[], random: Random): string {
  // Some of them are deeper than the parser allows.
  const depth = 10 + Math.floor(random() * 60);
  put(place, nested(depth, valueAt(place)));
  return `nested ${depth} levels deep`;
}

function nested(depth: number, inner: unknown): unknown {
  let value = inner;
  for (let level = 0; level < depth; level++) value = level % 2 === 0 ? [value] : { value };
  return value;
}

/** What other senders write for the same: a number as text, a text as a number, an object as text, a list as its first. */
function retype(place: Place): string {
  const value = valueAt(place);
  if (typeof value === "string") {
    const number = Number(value);
    put(place, value !== "" && Number.isFinite(number) ? number : value.length);
    return "a number instead of a text";
  }
  if (Array.isArray(value) && value.length > 0) {
    put(place, value[0]);
    return "its first instead of the list";
  }
  put(place, JSON.stringify(value) ?? "");
  return "a text instead";
}

function swap(place: Place, all: readonly [Place, ...Place[]], random: Random): string {
  const other = oneOf(all, random);
  put(place, cloned(valueAt(other)));
  return `replaced by what stands at ${other.path}`;
}

function add(place: Place, _all: readonly Place[], random: Random): string {
  const found = valueAt(place);
  const [what, value] = oneOf(oddValues, random);
  if (Array.isArray(found)) {
    found.push(cloned(value));
    return `${what} added`;
  }
  const name = oneOf(treacherousNames, random);
  const container = isContainer(found) ? found : {};
  put(place, container);
  put({ container, key: name, path: "" }, cloned(value));
  return `a field "${name}" added, ${what}`;
}

/** Names that lead to a prototype, that an object has already, or that a mapper's own results use. */
const treacherousNames: readonly [string, ...string[]] = [
  ...(["__proto__", "constructor", "prototype", "toString", "valueOf", "hasOwnProperty"] as const),
  ...(["length", "then", "toJSON", "ignored", "pointers", "type", "title", ""] as const),
];

type Odd = readonly [what: string, value: unknown];

/** As it is written in a body, since no number of JavaScript's is that large: `written` takes the quotes away. */
const rawMark = "\u0001raw:";
const raw = (digits: string): Odd => [`the number ${shortened(digits)}`, `${rawMark}${digits}`];
const text = (value: string): Odd => [`the text ${shortened(JSON.stringify(value))}`, value];

const oddValues: readonly [Odd, ...Odd[]] = [
  ["null", null],
  ["true", true],
  ["false", false],
  ...[0, -1, 0.5, 1e308, 5e-324, 4_294_967_296, -9_007_199_254_740_991].map((number): Odd => [String(number), number]),
  ...["9007199254740993", "1719309930613520072", "-99999999999999999999", "1".repeat(400), "1e400", "-1e400"].map(raw),
  ...["", " ", "\n", "\u0000", "\ud800", "\u202e", "\u{1f600}", "x".repeat(20_000), "a,,b", "a@b@c", "[", "$where"].map(
    text,
  ),
  ...["null", "undefined", "NaN", "0x10", "1e400", "18446744073709551615", "__proto__", "constructor"].map(text),
  ...["javascript:alert(1)", "https://", "https://\ud83d", "T1059", "TA0001", "T9999 - "].map(text),
  ...["2026-02-30T25:61:61Z", "0000-00-00", "0001-01-01T00:00:00Z", "99999-01-01", "1768381964"].map(text),
  ["an empty list", []],
  ["a list of an empty list", [[]]],
  ["a list of anything", [null, "", 5, {}, ["a"]]],
  ["a list of 300 numbers", Array.from({ length: 300 }, (_, index) => index)],
  ["an empty object", {}],
  ["an object", { value: {} }],
  ['an object with a "prototype" below its "constructor"', { constructor: { prototype: { polluted: true } } }],
  ['an object with a "constructor" that is text', { constructor: "x" }],
];

function placesIn(root: Container): readonly [Place, ...Place[]] {
  const found: [Place, ...Place[]] = [{ container: root, key: "payload", path: "the payload" }];
  const rest = [...found];
  for (let place = rest.pop(); place !== undefined; place = rest.pop()) {
    const value = valueAt(place);
    if (!isContainer(value)) continue;
    const before = place.container === root ? "" : `${place.path}.`;
    for (const key of Object.keys(value)) {
      const inner = { container: value, key, path: `${before}${key}` };
      found.push(inner);
      rest.push(inner);
    }
  }
  return found;
}

function isContainer(value: unknown): value is Container {
  return typeof value === "object" && value !== null;
}

function valueAt({ container, key }: Place): unknown {
  return Object.getOwnPropertyDescriptor(container, key)?.value;
}

/** By its descriptor: a plain assignment to `__proto__` changes the prototype and adds no field. */
function put({ container, key }: Place, value: unknown): void {
  Object.defineProperty(container, key, { value, enumerable: true, configurable: true, writable: true });
}

/** Of what could be changed. */
function cloned(value: unknown): unknown {
  return isContainer(value) ? structuredClone(value) : value;
}

function written(payload: unknown): string {
  return (JSON.stringify(payload) ?? "").replaceAll(/"\\u0001raw:([^"]*)"/g, "$1");
}

function shortened(value: string): string {
  return value.length <= 40 ? value : `${value.slice(0, 20)}… (${value.length} characters)`;
}
