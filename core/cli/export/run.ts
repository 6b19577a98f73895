import { pipeline } from "node:stream/promises";
import { UserError } from "../../errors.ts";
import type { Cli } from "../cli.ts";
import type { Api, Query } from "../client.ts";
import { inFigures } from "../progress.ts";
import { Interrupted, stopSignal } from "../stop-signal.ts";
import { cannotWrite, type Sink, toFile } from "./to-file.ts";

export interface Export {
  /** Filters, and the format. */
  readonly query: Query;
  /** A file; standard output where there is none. */
  readonly output: string | undefined;
}

/** What ends the line of an incident, and stands nowhere else: a cell of the gateway's CSV has no CR. */
const lineEnd = { csv: 0x0d, others: 0x0a } as const;

/**
 * Writes an export as it comes, no faster than it can be written.
 *
 * @throws {UserError} where it breaks off, or cannot be written
 * @throws {Interrupted} after Ctrl-C
 */
export async function runExport({ query, output }: Export, cli: Cli, api: Api): Promise<void> {
  const isCsv = query.format === "csv";
  const end = isCsv ? lineEnd.csv : lineEnd.others;
  const isWatched = process.stderr.isTTY && (output !== undefined || cli.out.raw.isTTY !== true);
  const progress = isWatched ? cli.out.progress("Exporting") : undefined;
  // CSV has a line of names before them.
  let lines = isCsv ? -1 : 0;

  async function* counted(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    try {
      for await (const chunk of source) {
        for (const byte of chunk) if (byte === end) lines += 1;
        progress?.update(Math.max(0, lines));
        yield chunk;
      }
    } catch (cause) {
      throw new UserError(`The gateway broke the export off after ${incidents(lines)}; its log says why`, { cause });
    }
  }

  const stop = stopSignal();
  const stopping = new AbortController();
  void stop.received.then(() => stopping.abort());
  let sink: Sink | undefined;
  try {
    const body = await api.stream("/api/incidents/export", query, stopping.signal);
    sink = output === undefined ? { stream: cli.out.raw } : await toFile(output);
    const options = { end: output !== undefined, signal: stopping.signal };
    await pipeline(counted(body), sink.stream, options);
    await sink.keep?.();
  } catch (error) {
    // What is not read would hold the connection, and so this process.
    stopping.abort();
    await sink?.discard?.();
    if (!stop.isReceived()) {
      if (output === undefined && isClosed(error)) return;
      throw output === undefined ? error : explained(error, output);
    }
  } finally {
    progress?.end();
    stop.forget();
  }
  if (stop.isReceived()) {
    cli.out.note(`Stopped after ${incidents(lines)}${output === undefined ? "" : "; no file was written"}.`);
    throw new Interrupted("The export was stopped");
  }
  if (output !== undefined) cli.out.note(`${incidents(lines)} written to ${output}`);
}

function incidents(lines: number): string {
  return `${inFigures(Math.max(0, lines))} ${lines === 1 ? "incident" : "incidents"}`;
}

/** Whether whoever read it has read enough: `… | head`. */
function isClosed(error: unknown): boolean {
  return ["EPIPE", "ERR_STREAM_PREMATURE_CLOSE"].includes(codeOf(error));
}

/** What the file system says has a code, and is for the user to mend. */
function explained(error: unknown, output: string): unknown {
  const isOurs = error instanceof UserError || codeOf(error) === "";
  return isOurs ? error : cannotWrite(output, error);
}

function codeOf(error: unknown): string {
  return error instanceof Error && !("status" in error) && "code" in error ? String(error.code) : "";
}
