import pino, { type Logger } from "pino";
import pretty from "pino-pretty";

/**
 * JSON lines on standard output; on a terminal, lines for people. Standard error stays free for what stops a command.
 *
 * @param level the least grave that is written
 */
export function createLog(level: string): Logger {
  const options: pino.LoggerOptions = { level, base: null, timestamp: pino.stdTimeFunctions.isoTime };
  if (process.stdout.isTTY) {
    return pino(
      options,
      pretty({ colorize: process.env.NO_COLOR === undefined, sync: true, translateTime: "SYS:HH:MM:ss" }),
    );
  }
  return pino(options, pino.destination({ dest: 1, sync: false, minLength: 4_096, periodicFlush: 200 }));
}
