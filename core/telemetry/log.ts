import pino, { type Logger } from "pino";
import pretty from "pino-pretty";

/** Several processes may write to one pipe: up to here (PIPE_BUF of Linux) no other's line gets into one of this. */
const longestWrite = 4_096;
const worthWriting = 3_072;

/**
 * JSON lines on standard output; on a terminal, lines for people. Standard error stays free for what stops a command.
 *
 * @param level the least grave that is written
 * @param base stands in every line
 */
export function createLog(level: string, base: Readonly<Record<string, unknown>> = {}): Logger {
  const options: pino.LoggerOptions = { level, base: { ...base }, timestamp: pino.stdTimeFunctions.isoTime };
  if (process.stdout.isTTY) {
    return pino(
      options,
      pretty({ colorize: process.env.NO_COLOR === undefined, sync: true, translateTime: "SYS:HH:MM:ss" }),
    );
  }
  return pino(
    options,
    pino.destination({ dest: 1, sync: false, minLength: worthWriting, maxWrite: longestWrite, periodicFlush: 200 }),
  );
}

/** Resolves once everything that was logged is written. */
export function flushed(log: Logger): Promise<void> {
  return new Promise((resolve) => {
    log.flush(() => resolve());
  });
}
