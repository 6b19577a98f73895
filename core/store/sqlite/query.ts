import type { Page } from "../ports.ts";

type Value = string | number | readonly string[] | undefined;

/**
 * A WHERE of the conditions that have a value: `["source = ?", x]`, or a column and a list of which one must match. A list of
 * several is kept away from the indexes (by the `+`): sorting what they find costs more than walking the ids in order.
 */
export function conditions(all: readonly (readonly [string, Value])[]): {
  readonly where: string;
  readonly values: readonly (string | number)[];
} {
  const parts: string[] = [];
  const values: (string | number)[] = [];
  for (const [condition, value] of all) {
    if (value === undefined) continue;
    if (typeof value === "object") {
      parts.push(value.length === 1 ? `${condition} = ?` : `+${condition} IN (${value.map(() => "?").join(", ")})`);
      values.push(...value);
    } else {
      parts.push(condition);
      values.push(value);
    }
  }
  return { where: parts.length === 0 ? "" : `WHERE ${parts.join(" AND ")}`, values };
}

/** A page of rows of which one more than `limit` was asked for. */
export function page<T extends { readonly id: string }>(rows: readonly T[], limit: number): Page<T> {
  const data = rows.slice(0, limit);
  return { data, next: rows.length > limit ? data.at(-1)?.id : undefined };
}

/** The smallest UUID of version 7 of a moment: its first 48 bits are milliseconds since 1970. */
export function earliestId(iso: string): string {
  const hex = Math.max(0, Date.parse(iso)).toString(16).padStart(12, "0");
  return `${hex.slice(0, 8)}-${hex.slice(8)}-0000-0000-000000000000`;
}
