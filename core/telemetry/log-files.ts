import { mkdirSync, openSync, readdirSync, writeSync } from "node:fs";
import { type FileHandle, mkdir, open, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { isMissing, messageOf } from "../errors.ts";
import { oneAtATime } from "../one-at-a-time.ts";
import { waitAtMost } from "../wait.ts";

/** Where lines wait: at most that many characters, after which a disk that is slow loses lines and holds up nobody. */
const mostWaiting = 4_194_304;
const worthWriting = 16_384;
/** Of one write, so that a file gets longer than it may by no more than that for each process. */
const largestWrite = 65_536;
const writeEveryMs = 200;
/** A disk that does not come back keeps no process from its end. */
const longestFlushMs = 2_000;

export interface LogFilesOptions {
  readonly folder: string;
  /** A file that has as many bytes is followed by the next one. */
  readonly maxBytes: number;
  /** How many files are kept. */
  readonly files: number;
}

/** What a log is kept in. Nothing here throws, waits for a disk or ends a process. */
export interface LogFiles {
  /** @param line with its line break */
  write(line: string): void;
  /** Resolves once everything is written, or cannot be. */
  flush(): Promise<void>;
  close(): Promise<void>;
}

/** The folder of the log's files in a data folder. */
export function logFolder(dataDir: string): string {
  return join(dataDir, "logs");
}

export function logFile(folder: string, number: number): string {
  return join(folder, `${String(number).padStart(8, "0")}.jsonl`);
}

/** The numbers of the files that are there, rising. @throws where the folder cannot be read, unless there is none */
export async function logNumbers(folder: string): Promise<readonly number[]> {
  try {
    return numbersOf(await readdir(folder));
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  }
}

function numbersOf(names: readonly string[]): readonly number[] {
  const numbers = names.flatMap((name) => {
    const [, number] = /^(\d{8,15})\.jsonl$/.exec(name) ?? [];
    return number === undefined ? [] : [Number(number)];
  });
  return numbers.toSorted((a, b) => a - b);
}

/**
 * Appends lines to numbered files that any number of processes share. Each write holds whole lines and goes to the end of the
 * file (`O_APPEND`), so no line gets into another. Whoever finds the file full goes on to the next number, which all others do
 * too; there is nothing to rename, and nobody to agree with.
 *
 * @param complain is told once what is wrong, and again only after it went well in between
 */
export function openLogFiles(
  { folder, maxBytes, files }: LogFilesOptions,
  complain: (problem: string) => void,
): LogFiles {
  const waiting: string[] = [];
  let size = 0;
  let file: { readonly number: number; readonly handle: FileHandle } | undefined;
  let timer: NodeJS.Timeout | undefined;
  let failing = false;
  /** Whether the file ends within a line. */
  let torn = false;

  function write(line: string): void {
    if (size + line.length > mostWaiting) {
      failed("the disk is too slow, lines are left out");
      return;
    }
    if (timer === undefined) start();
    waiting.push(line);
    size += line.length;
    if (size >= worthWriting) void drain();
  }

  function start(): void {
    timer = setInterval(() => void drain(), writeEveryMs).unref();
    process.on("exit", atExit);
  }

  function failed(problem: string): void {
    if (!failing) complain(problem);
    failing = true;
  }

  /** Whole lines for one write. */
  function take(): string {
    let length = 0;
    let count = 0;
    while (count < waiting.length && (count === 0 || length + (waiting[count]?.length ?? 0) <= largestWrite)) {
      length += waiting[count]?.length ?? 0;
      count += 1;
    }
    size -= length;
    return waiting.splice(0, count).join("");
  }

  const drain = oneAtATime(async () => {
    while (waiting.length > 0) {
      const lines = take();
      try {
        const { handle } = await current();
        const bytes = Buffer.from(torn ? `\n${lines}` : lines);
        const { bytesWritten } = await handle.write(bytes);
        torn = bytesWritten < bytes.length;
        if (torn) failed("the disk is full");
        else if (waiting.length === 0) failing = false;
      } catch (error) {
        failed(messageOf(error));
      }
    }
  });

  /** The file that takes more, which another process may have left behind, or somebody removed. */
  async function current(): Promise<{ readonly handle: FileHandle }> {
    if (file !== undefined) {
      const { nlink, size: length } = await file.handle.stat();
      if (nlink > 0 && length < maxBytes) return file;
      const next = nlink > 0 ? file.number + 1 : 1;
      await file.handle.close();
      file = undefined;
      file = await openFrom(next);
    }
    file ??= await openFrom(1);
    return file;
  }

  async function openFrom(least: number): Promise<{ readonly number: number; readonly handle: FileHandle }> {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const numbers = await logNumbers(folder);
    for (let number = Math.max(least, numbers.at(-1) ?? 1); ; number++) {
      const handle = await open(logFile(folder, number), "a", 0o600);
      const { size: length } = await handle.stat();
      if (length < maxBytes) {
        torn = false;
        for (const old of numbers) if (old <= number - files) await rm(logFile(folder, old), { force: true });
        return { number, handle };
      }
      await handle.close();
    }
  }

  /** What a process that ends by an error has not written yet. */
  function atExit(): void {
    if (waiting.length === 0) return;
    try {
      writeSync(file?.handle.fd ?? openLast(folder), `${torn ? "\n" : ""}${waiting.join("")}`);
    } catch {
      // There is nobody left to tell.
    }
  }

  const flush = (): Promise<void> => waitAtMost(longestFlushMs, drain());

  return {
    write,
    flush,
    async close() {
      clearInterval(timer);
      process.off("exit", atExit);
      await flush();
      await file?.handle.close().catch(() => {});
      file = undefined;
    },
  };
}

/** For a process that ends before it has written anything. */
function openLast(folder: string): number {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  return openSync(logFile(folder, numbersOf(readdirSync(folder)).at(-1) ?? 1), "a", 0o600);
}
