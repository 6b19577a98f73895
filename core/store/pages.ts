import type { Page } from "./ports.ts";

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
