import pino, { type Logger } from "pino";
import pretty from "pino-pretty";
import { type LogFiles, logFolder, openLogFiles } from "./log-files.ts";
import { redact } from "./redact.ts";

/** What a line is about; every line has one. `audit` is what people change, `webhook` what becomes of a delivery. */
export const topics = ["gateway", "webhook", "triage", "audit", "store"] as const;

export type Topic = (typeof topics)[number];

/** A logger for each topic, and none without one. */
export interface Log extends Readonly<Record<Topic, Logger>> {
  /** Resolves once everything is written. */
  readonly close: () => Promise<void>;
}

/** The settings of a process that its log minds. */
export interface LogSettings {
  readonly dataDir: string;
  readonly logLevel: string;
  /** A file of the log that has as many bytes is followed by the next one. */
  readonly logFileMaxBytes: number;
  /** How many files of the log are kept; 0 for none. */
  readonly logFiles: number;
}

/** Where lines go, each with its line break. */
export interface Destination {
  write(line: string): unknown;
  flush?(written: () => void): void;
}

/** Several processes may write to one pipe: up to here (PIPE_BUF of Linux) no other's line gets into one of this. */
const longestWrite = 4_096;
const worthWriting = 3_072;

/**
 * JSON lines on standard output, on a terminal lines for people, and JSON lines in files of the data folder: without secrets,
 * both. Standard error stays free for what stops a command.
 *
 * @param base stands in every line
 * @param output instead of standard output
 */
export function createLog(
  settings: LogSettings,
  base: Readonly<Record<string, unknown>> = {},
  output: Destination = standardOutput(),
): Log {
  const files = settings.logFiles === 0 ? undefined : openFiles(settings);
  const everywhere: Required<Destination> = {
    write(line) {
      const safe = redact(line);
      output.write(safe);
      files?.write(safe);
    },
    flush: (written) => void flushAll(output, files).then(written),
  };
  const root = pino(
    {
      level: settings.logLevel,
      base: { ...base },
      timestamp: pino.stdTimeFunctions.isoTime,
      serializers: { err: shownError },
    },
    everywhere,
  );
  const loggers = Object.fromEntries(topics.map((topic) => [topic, root.child({ topic })])) as Record<Topic, Logger>;
  return {
    ...loggers,
    async close() {
      await flushed(root);
      await files?.close();
    },
  };
}

/** Resolves once everything that was logged is written. */
export function flushed(log: Logger): Promise<void> {
  return new Promise((resolve) => {
    log.flush(() => resolve());
  });
}

function standardOutput(): Destination {
  if (process.stdout.isTTY) {
    return pretty({ colorize: process.env.NO_COLOR === undefined, sync: true, translateTime: "SYS:HH:MM:ss" });
  }
  return pino.destination({
    dest: 1,
    sync: false,
    minLength: worthWriting,
    maxWrite: longestWrite,
    periodicFlush: 200,
  });
}

function openFiles({ dataDir, logFileMaxBytes: maxBytes, logFiles: files }: LogSettings): LogFiles {
  const folder = logFolder(dataDir);
  return openLogFiles({ folder, maxBytes, files }, (problem) => {
    process.stderr.write(`The log cannot be kept in ${folder}: ${problem}; the gateway goes on\n`);
  });
}

async function flushAll(output: Destination, files: LogFiles | undefined): Promise<void> {
  await Promise.all([
    new Promise<void>((resolve) => {
      if (output.flush === undefined) resolve();
      else output.flush(resolve);
    }),
    files?.flush(),
  ]);
}

/** A driver's errors carry whole documents along; what a person needs is said in words. */
function shownError(error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  const { type, message, stack, code } = pino.stdSerializers.err(error);
  return { type, message, stack, ...(code !== undefined && { code }) };
}
