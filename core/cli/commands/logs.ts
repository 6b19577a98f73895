import { existsSync } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";
import { isLoopback } from "@thruway/sdk";
import { type Command, InvalidArgumentError, Option } from "commander";
import { messageOf, UserError } from "../../errors.ts";
import { logFolder } from "../../telemetry/log-files.ts";
import { FilterError, type LineFilters, type LogLine, levels, lineMatcher } from "../../telemetry/log-filter.ts";
import { readBack, readOn } from "../../telemetry/read-log.ts";
import type { Cli } from "../cli.ts";
import { type Api, ApiError, connect, type Query, Unreachable } from "../client.ts";
import { shownLine } from "../log-line.ts";
import { type StopSignal, stopSignal } from "../stop-signal.ts";
import { tokenFolders } from "../token.ts";
import { parseTime, parseWholeNumber } from "../values.ts";

interface Said extends LineFilters {
  readonly tail?: number;
  readonly follow?: boolean;
  readonly json?: boolean;
}

/** A page of the log, the newest first, or in the order of its lines where it is what came next. */
interface Page<Place> {
  readonly data: readonly LogLine[];
  /** Where older ones end. */
  readonly older: Place | undefined;
  /** Where what comes next begins. */
  readonly end: Place;
}

/** Where the log is read: from a gateway, or from its files. */
interface LogReader<Place> {
  back(limit: number, before: Place | undefined): Promise<Page<Place>>;
  /** Waits for lines, but not for long. */
  on(after: Place, stop: AbortSignal): Promise<Page<Place>>;
}

const presetTail = 100;
const largestPage = 200;
const waitSeconds = 20;
const retryEveryMs = 1_000;
const lookEveryMs = 200;

export function logs(program: Command, cli: Cli): void {
  program
    .command("logs")
    .description("show the log of a gateway, the newest line last")
    .option("--filter <filter>", "a topic, like webhook, or conditions: 'source=edr and level>=warn'", parseFilter)
    .option(
      "--tail <count>",
      "the last so many lines (default: 100, or with --since all of that time)",
      parseWholeNumber,
    )
    .option("--follow", "go on with what is logged from now on, until Ctrl-C")
    .option("--since <time>", "at or after: how long ago (10m, 2h, 7d) or ISO 8601", (text) =>
      parseTime(text, cli.now()),
    )
    .addOption(new Option("--level <level>", "this grave or graver").choices(Object.keys(levels)))
    .option("--source <source>", "of this source")
    .option("--json", "print the lines as they are, a JSON object each")
    .action(async (said: Said) => {
      const stop = stopSignal();
      try {
        await show(said, cli, stop);
      } finally {
        stop.forget();
      }
    });
}

function parseFilter(text: string): string {
  try {
    lineMatcher({ filter: text });
    return text;
  } catch (error) {
    if (error instanceof FilterError) throw new InvalidArgumentError(`It is not understood: ${error.message}.`);
    throw error;
  }
}

async function show(said: Said, cli: Cli, stop: StopSignal): Promise<void> {
  try {
    await print(remote(connect(cli.env), said), said, cli, stop);
  } catch (error) {
    const folder = error instanceof Unreachable ? localFolder(cli.env) : undefined;
    if (folder === undefined) throw error;
    cli.out.note(`No gateway answers here; reading its files in ${folder}`);
    try {
      await print(local(folder, said, cli.now), said, cli, stop);
    } catch (cause) {
      throw new UserError(`The log in ${folder} cannot be read: ${messageOf(cause)}`, { cause });
    }
  }
}

async function print<Place>(reader: LogReader<Place>, said: Said, { out }: Cli, stop: StopSignal): Promise<void> {
  const {
    tail = said.since === undefined ? presetTail : Number.POSITIVE_INFINITY,
    follow = false,
    json = false,
  } = said;
  const print = (line: LogLine): void => out.line(json ? JSON.stringify(line) : shownLine(line, out));
  const { lines, end } = await lastLines(reader, tail, stop);
  for (const line of lines.toReversed()) print(line);
  if (!follow) {
    if (lines.length === 0 && !json) out.line("No line.");
    return;
  }
  const stopped = new AbortController();
  void stop.received.then(() => stopped.abort());
  let after = end;
  let lost = false;
  while (!stop.isReceived()) {
    try {
      const page = await reader.on(after, stopped.signal);
      for (const line of page.data) print(line);
      after = page.end;
      lost = false;
    } catch (error) {
      if (stop.isReceived()) return;
      if (!(error instanceof Unreachable || (error instanceof ApiError && passes(error)))) throw error;
      if (!lost) out.note("The gateway does not answer; waiting for it");
      lost = true;
      await Promise.race([pause(retryEveryMs), stop.received]);
    }
  }
}

/** Too many follow it already, or it is being stopped or started. */
function passes({ status }: ApiError): boolean {
  return status === 429 || status >= 500;
}

async function lastLines<Place>(
  reader: LogReader<Place>,
  tail: number,
  stop: StopSignal,
): Promise<{ readonly lines: readonly LogLine[]; readonly end: Place }> {
  const lines: LogLine[] = [];
  let { data, older, end } = await reader.back(Math.max(1, Math.min(tail, largestPage)), undefined);
  const first = end;
  for (;;) {
    lines.push(...data.slice(0, tail - lines.length));
    if (lines.length >= tail || older === undefined || stop.isReceived()) return { lines, end: first };
    ({ data, older, end } = await reader.back(Math.min(tail - lines.length, largestPage), older));
  }
}

interface Answer {
  readonly data: readonly LogLine[];
  readonly meta: { readonly next_cursor: string | null; readonly end_cursor: string };
}

function remote(api: Api, { level, source, since, filter }: Said): LogReader<string> {
  const filters: Query = { level, source, filter };
  const ask = async (query: Query, stop?: AbortSignal): Promise<Page<string>> => {
    const { data, meta } = await api.get<Answer>("/api/logs", { ...filters, ...query }, stop);
    return { data, older: meta.next_cursor ?? undefined, end: meta.end_cursor };
  };
  return {
    back: (limit, cursor) => ask({ since, limit, cursor }),
    on: (after, stop) => ask({ after, limit: largestPage, wait: waitSeconds }, stop),
  };
}

function local(folder: string, said: Said, now: () => Date): LogReader<Parameters<typeof readOn>[1]["after"]> {
  const { level, source, since, filter } = said;
  const matches = lineMatcher({ level, source, since, filter });
  return {
    async back(limit, before) {
      const { data, next, end } = await readBack(folder, { limit, matches, before, since });
      return { data, older: next, end };
    },
    async on(after) {
      const { data, next } = await readOn(folder, { limit: largestPage, matches, after, now: now() });
      if (data.length === 0) await pause(lookEveryMs);
      return { data, older: undefined, end: next };
    },
  };
}

/** Where a gateway of this machine keeps its log, if it is one of this machine that was asked. */
function localFolder(env: NodeJS.ProcessEnv): string | undefined {
  const asked = URL.parse(env.TW_API_URL || "http://localhost");
  if (asked === null || !isLoopback(asked.hostname)) return undefined;
  return tokenFolders(env)
    .map(logFolder)
    .find((folder) => existsSync(folder));
}
