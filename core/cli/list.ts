import type { Command } from "commander";
import { type Cli, jsonFlag } from "./cli.ts";
import type { Api, Query } from "./client.ts";
import { parseTime, parseWholeNumber } from "./values.ts";

/** A page as the API gives it. */
export interface List<T> {
  readonly data: readonly T[];
  readonly meta: Meta;
}

/** What stands beside the entries: where the next page begins, and counts where they were asked for. */
export interface Meta {
  readonly next_cursor: string | null;
  readonly facets?: Readonly<Record<string, Readonly<Record<string, number>>>>;
  readonly counted?: number;
  readonly complete?: boolean;
}

/** What every list takes. */
export interface ListOptions {
  readonly since?: string;
  readonly until?: string;
  readonly limit?: number;
  readonly cursor?: string;
  readonly all?: boolean;
  readonly json?: boolean;
}

const largestPage = 200;

export function addListOptions(command: Command, cli: Cli): Command {
  return addTimeOptions(command, cli)
    .option("--limit <count>", "how many at most, 1 to 200 (default: 50)", parseWholeNumber)
    .option("--cursor <cursor>", "go on where the list before ended")
    .option("--all", "follow the cursors to the end")
    .option(...jsonFlag);
}

/** `--since` and `--until`, read as ISO 8601. */
export function addTimeOptions(command: Command, cli: Cli): Command {
  const readTime = (text: string): string => parseTime(text, cli.now());
  return command
    .option("--since <time>", "at or after: how long ago (30m, 24h, 7d) or ISO 8601", readTime)
    .option("--until <time>", "before: the same", readTime);
}

/** Reads one page, or all of them as one. */
export async function readList<T>(
  api: Api,
  path: string,
  filters: Query,
  { since, until, limit, cursor, all = false }: ListOptions,
): Promise<List<T>> {
  const query = { ...filters, since, until, limit: limit ?? (all ? largestPage : undefined) };
  const first = await api.get<List<T>>(path, { ...query, cursor });
  if (!all) return first;
  const data = [...first.data];
  for (let next = first.meta.next_cursor; next !== null; ) {
    const page = await api.get<List<T>>(path, { ...query, cursor: next });
    data.push(...page.data);
    next = page.meta.next_cursor;
  }
  return { data, meta: { ...first.meta, next_cursor: null } };
}

/** Says on standard error that there is more. */
export function noteMore({ meta }: List<unknown>, cli: Cli): void {
  if (meta.next_cursor !== null) cli.out.note(`There are more: add --all, or --cursor ${meta.next_cursor}`);
}
