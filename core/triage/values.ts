import type { OutputShape } from "@thruway/sdk";
import { deepestValue, longestValue, mostItems, mostValues } from "./limits.ts";

/** What conditions know of a value: the fields of an object with theirs, or a type. */
export type Shape = string | { readonly [field: string]: Shape };

/**
 * A copy of a value as JSON has it, cut to the bounds: lists, texts, depth and the number of values in all. Nothing of its
 * prototype comes along, and the keys that could reach one do not either.
 */
export function bounded(value: unknown): unknown {
  let left = mostValues;
  const copy = (from: unknown, depth: number): unknown => {
    left -= 1;
    if (left < 0 || depth > deepestValue) return undefined;
    if (typeof from === "string") return from.slice(0, longestValue);
    if (typeof from === "number") return Number.isFinite(from) ? from : String(from);
    if (typeof from === "bigint") return Number.isSafeInteger(Number(from)) ? Number(from) : String(from);
    if (typeof from === "boolean" || from === null) return from;
    if (typeof from !== "object") return undefined;
    if (Array.isArray(from)) {
      return from
        .slice(0, mostItems)
        .map((item) => copy(item, depth + 1))
        .filter((item) => item !== undefined);
    }
    const to: Record<string, unknown> = {};
    for (const [key, field] of Object.entries(from)) {
      if (forbidden.has(key)) continue;
      const copied = copy(field, depth + 1);
      if (copied !== undefined) to[key] = copied;
    }
    return to;
  };
  return copy(value, 0) ?? null;
}

const forbidden = new Set(["__proto__", "prototype", "constructor"]);

/** An own field of an object, or an item of a list; `undefined` for anything that is inherited or not there. */
export function own(value: unknown, key: string): unknown {
  if (typeof value !== "object" || value === null) return undefined;
  if (Array.isArray(value)) return /^\d{1,6}$/.test(key) ? (value as readonly unknown[])[Number(key)] : undefined;
  return Object.hasOwn(value, key) ? (value as Readonly<Record<string, unknown>>)[key] : undefined;
}

/**
 * A value as a condition reads it: every field of its shape is there, empty, zero or false where it was absent, so that no
 * condition fails at night over one that is missing. Whole numbers are CEL's integers.
 */
export function conform(value: unknown, shape: Shape): unknown {
  if (typeof shape === "object") {
    return Object.fromEntries(Object.entries(shape).map(([field, of]) => [field, conform(own(value, field), of)]));
  }
  if (shape.startsWith("list<")) {
    const of = shape.slice("list<".length, -1);
    const items: readonly unknown[] = Array.isArray(value) ? value.slice(0, mostItems) : [];
    const record = recordShapes[of];
    return items
      .filter((item) => record !== undefined || of === "dyn" || typeof item === of)
      .map((item) => conform(item, record ?? of));
  }
  switch (shape) {
    case "bool":
      return value === true;
    case "string":
      return textOf(value).slice(0, longestValue);
    case "int":
      return typeof value === "number" && Number.isFinite(value) ? BigInt(Math.trunc(value)) : 0n;
    case "double":
      return typeof value === "number" && Number.isFinite(value) ? value : 0;
    default:
      return dynamic(value ?? null);
  }
}

/** Types of the items of lists. */
export const recordShapes: Readonly<Record<string, OutputShape>> = {
  Entity: { type: "string", role: "string", value: "string" },
  Mitre: { id: "string", tactic: "string", technique: "string" },
};

/** Maps and not objects: one with a field named `constructor` is no value to CEL. @param value bounded already */
function dynamic(value: unknown): unknown {
  if (typeof value === "number") return Number.isSafeInteger(value) ? BigInt(value) : value;
  if (Array.isArray(value)) return value.map(dynamic);
  if (typeof value !== "object" || value === null) return value;
  return new Map(Object.entries(value).map(([key, field]) => [key, dynamic(field)]));
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value : typeof value === "number" ? String(value) : "";
}
