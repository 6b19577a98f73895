/** Payloads as no vendor sends them: real ones with fields dropped, replaced and added. */
import * as fc from "fast-check";

type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/** Names that lead to a prototype, or that a library takes for its own. */
export const treacherousNames = [
  ...["constructor", "prototype", "toString", "valueOf", "hasOwnProperty", "length", "name", "then", "toJSON"],
  ...["_jsonata_lambda", "_jsonata_function", "sequence", "thunk", "ignored", "pointers"],
] as const;

function nested(depth: number): Json {
  let value: Json = "deep";
  for (let level = 0; level < depth; level++) value = level % 2 === 0 ? [value] : { value };
  return value;
}

/** Values of every wrong type and size. */
const oddValues: readonly Json[] = [
  ...[null, "", "  ", true, false, 0, -1, 0.5, 1e308, 1e21, -9_007_199_254_740_991],
  ...["9007199254740993", "1".repeat(400), "1768381964", "1e400", "NaN", "0x10", "undefined", "null"],
  ...[
    "x".repeat(20_000),
    "\u0000",
    "\ud800",
    "\u202e\u{1f600}",
    "javascript:alert(1)",
    "https://",
    "$where",
    "$\u007ba}",
  ],
  ...["2026-02-30T00:00:00Z", "0000-00-00", "T9999 - ", "TA0001", "a,,b", "a@b@c", "$src$", "<NA>"],
  ...[[], [[]], [null], ["", null, 5, {}], [["a", ["b"]]], {}, { value: {} }, nested(50)],
  Array.from({ length: 300 }, (_, index) => index),
];

const oddValue = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom(...oddValues) },
  { weight: 1, arbitrary: fc.jsonValue({ maxDepth: 3 }) as fc.Arbitrary<Json> },
);

interface Mutation {
  readonly kind: "drop" | "replace" | "wrap" | "add" | "swap";
  readonly at: number;
  readonly other: number;
  readonly name: string;
  readonly value: Json;
}

const mutation: fc.Arbitrary<Mutation> = fc.record({
  kind: fc.constantFrom("drop", "replace", "wrap", "add", "swap"),
  at: fc.nat(),
  other: fc.nat(),
  name: fc.oneof(
    fc.constantFrom(...treacherousNames),
    fc.string({ maxLength: 8 }).filter((name) => name !== "__proto__"),
  ),
  value: oddValue,
});

/** A payload after up to eight mutations, anywhere in it. */
export function mutated(payload: unknown): fc.Arbitrary<unknown> {
  return fc.array(mutation, { minLength: 1, maxLength: 8 }).map((mutations) => {
    const root: Container = { payload: structuredClone(payload) };
    for (const each of mutations) apply(each, root);
    return root.payload;
  });
}

type Container = Record<string, unknown>;

/** Every place in a tree, as its container and its key. */
function places(root: Container): readonly (readonly [Container, string])[] {
  const found: (readonly [Container, string])[] = [];
  const rest = [root];
  for (let container = rest.pop(); container !== undefined; container = rest.pop()) {
    for (const [key, value] of Object.entries(container)) {
      found.push([container, key]);
      if (value !== null && typeof value === "object") rest.push(value as Container);
    }
  }
  return found;
}

function apply({ kind, at, other, name, value }: Mutation, root: Container): void {
  const all = places(root);
  const [container, key] = all[at % all.length] ?? [root, "payload"];
  const [second, secondKey] = all[other % all.length] ?? [container, key];
  const found = container[key];
  switch (kind) {
    case "drop":
      if (container !== root) delete container[key];
      break;
    case "replace":
      container[key] = structuredClone(value);
      break;
    case "wrap":
      container[key] = [found];
      break;
    case "add":
      if (Array.isArray(found)) found.push(structuredClone(value));
      else if (found !== null && typeof found === "object") Object.assign(found, { [name]: structuredClone(value) });
      break;
    case "swap":
      container[key] = structuredClone(second[secondKey]);
      break;
  }
}
