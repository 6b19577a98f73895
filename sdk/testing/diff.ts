import { diff } from "node:util";

const around = 2;
const mostLines = 2_000;

/**
 * The lines in which two values differ as JSON: `-` is only in the first, `+` only in the second, with two lines around each
 * difference.
 */
export function differences(expected: unknown, made: unknown): readonly string[] {
  const lines = diff(linesOf(expected), linesOf(made)).map(([side, line]) => ({ side, line }));
  const isNear = (index: number): boolean =>
    lines.slice(Math.max(0, index - around), index + around + 1).some(({ side }) => side !== 0);
  const shown: string[] = [];
  for (const [index, { side, line }] of lines.entries()) {
    if (isNear(index)) shown.push(`${side === 0 ? " " : side > 0 ? "-" : "+"} ${line}`);
    else if (shown.at(-1) !== "  …") shown.push("  …");
  }
  return shown;
}

function linesOf(value: unknown): readonly string[] {
  return (JSON.stringify(value, null, 2) ?? "nothing").split("\n").slice(0, mostLines);
}

/** The path of the first difference between two values, with dots; `undefined` where there is none. */
export function firstDifference(one: unknown, other: unknown, path = ""): string | undefined {
  if (Object.is(one, other)) return undefined;
  if (!isObject(one) || !isObject(other) || Array.isArray(one) !== Array.isArray(other)) return path || "the whole";
  for (const key of new Set([...Object.keys(one), ...Object.keys(other)])) {
    const found = firstDifference(one[key], other[key], path === "" ? key : `${path}.${key}`);
    if (found !== undefined) return found;
  }
  return undefined;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}
