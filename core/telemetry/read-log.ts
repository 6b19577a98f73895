import { type FileHandle, open } from "node:fs/promises";
import { isMissing } from "../errors.ts";
import { logFile, logNumbers } from "./log-files.ts";
import type { LogLine, Matches } from "./log-filter.ts";

/** A place between two lines. */
export interface Place {
  /** The number of a file. */
  readonly file: number;
  /** In bytes. */
  readonly offset: number;
}

export interface BackPage {
  /** The newest first. */
  readonly data: readonly LogLine[];
  /** Where older ones end; `undefined` where there are none. A page may be short, or empty, and still have one. */
  readonly next: Place | undefined;
  /** Where the newest line ended. */
  readonly end: Place;
}

export interface OnPage {
  /** As they were written. */
  readonly data: readonly LogLine[];
  /** Where the next page begins. */
  readonly next: Place;
}

export interface Wanted {
  readonly limit: number;
  readonly matches: Matches;
}

const chunkBytes = 65_536;
/** Read for one page, so that a filter that finds little takes a gateway no longer than a few deliveries do. */
const mostBytes = 8_388_608;
/** No line of ours is as long. */
const longestLine = 1_048_576;
/** Lines of several processes are this far from the order of their times, at most. */
const disorderMs = 5_000;
/** A file that was followed by another may get lines of a process that has not noticed yet. */
const settledMs = 1_000;

const lineBreak = 0x0a;

/**
 * Reads the log from its end, or from a place, towards its beginning.
 *
 * @param since ISO 8601; where lines get older, reading ends
 */
export async function readBack(
  folder: string,
  {
    limit,
    matches,
    before,
    since,
  }: Wanted & { readonly before?: Place | undefined; readonly since?: string | undefined },
): Promise<BackPage> {
  const end = await endOf(folder);
  const data: LogLine[] = [];
  const tooOld = since === undefined ? "" : new Date(Date.parse(since) - disorderMs).toISOString();
  let read = 0;
  for await (const { lines, bytes } of chunksBefore(folder, before ?? end)) {
    for (const { text, place } of lines) {
      const line = parse(text);
      if (line === undefined) continue;
      if (timeOf(line) < tooOld) return { data: inOrder(data), next: undefined, end };
      if (!matches(line)) continue;
      data.push(line);
      if (data.length === limit) return { data: inOrder(data), next: place, end };
    }
    read += bytes;
    const last = lines.at(-1);
    if (read >= mostBytes && last !== undefined) return { data: inOrder(data), next: last.place, end };
  }
  return { data: inOrder(data), next: undefined, end };
}

/** Reads the log from a place on, as far as it has been written. A place that is no more is where the log begins now. */
export async function readOn(
  folder: string,
  { limit, matches, after, now }: Wanted & { readonly after: Place; readonly now: Date },
): Promise<OnPage> {
  const data: LogLine[] = [];
  let place = after;
  let read = 0;
  const numbers = await logNumbers(folder);
  const last = numbers.at(-1);
  if (last === undefined || place.file > last) place = { file: numbers[0] ?? 1, offset: 0 };
  for (const file of numbers.filter((number) => number >= place.file)) {
    if (file !== place.file) place = { file, offset: 0 };
    const handle = await openIfThere(folder, file);
    if (handle === undefined) continue;
    try {
      const { size, mtimeMs } = await handle.stat();
      if (place.offset > size) place = { file, offset: 0 };
      while (place.offset < size) {
        const bytes = await readWhole(handle, place.offset, size);
        if (bytes.length === 0) break;
        const from = place.offset;
        for (const { text, end } of linesIn(bytes)) {
          place = { file, offset: from + end };
          const line = parse(text);
          if (line !== undefined && matches(line)) data.push(line);
          if (data.length === limit) return { data, next: place };
        }
        read += bytes.length;
        if (read >= mostBytes) return { data, next: place };
      }
      if (now.getTime() - mtimeMs < settledMs) break;
    } finally {
      await handle.close();
    }
  }
  return { data, next: place };
}

/** Where the last whole line ends. */
async function endOf(folder: string): Promise<Place> {
  const file = (await logNumbers(folder)).at(-1);
  const handle = file === undefined ? undefined : await openIfThere(folder, file);
  if (file === undefined || handle === undefined) return { file: file ?? 1, offset: 0 };
  try {
    for (let to = (await handle.stat()).size; to > 0; ) {
      const from = Math.max(0, to - chunkBytes);
      const found = (await readRange(handle, from, to)).lastIndexOf(lineBreak);
      if (found >= 0) return { file, offset: from + found + 1 };
      to = from;
    }
    return { file, offset: 0 };
  } finally {
    await handle.close();
  }
}

interface Chunk {
  /** The newest first. */
  readonly lines: readonly { readonly text: string; readonly place: Place }[];
  readonly bytes: number;
}

async function* chunksBefore(folder: string, before: Place): AsyncGenerator<Chunk> {
  for (const file of (await logNumbers(folder)).toReversed()) {
    if (file > before.file) continue;
    const handle = await openIfThere(folder, file);
    if (handle === undefined) continue;
    try {
      const { size } = await handle.stat();
      yield* chunksOf(handle, file, file === before.file ? Math.min(before.offset, size) : size);
    } finally {
      await handle.close();
    }
  }
}

/** A file from its end to its beginning. What follows its last line break is no whole line. */
async function* chunksOf(handle: FileHandle, file: number, end: number): AsyncGenerator<Chunk> {
  let rest: Buffer = Buffer.alloc(0);
  for (let to = end; to > 0; ) {
    const from = Math.max(0, to - chunkBytes);
    const bytes = Buffer.concat([await readRange(handle, from, to), rest]);
    // Where no line begins in it, more is needed; a line that is too long to be one of ours is let go.
    const first = from === 0 ? 0 : bytes.indexOf(lineBreak) + 1;
    const isWithin = from > 0 && first === 0;
    rest = isWithin && bytes.length <= longestLine ? bytes : bytes.subarray(0, first);
    const lines = isWithin ? [] : linesIn(bytes.subarray(first));
    yield {
      lines: lines.map(({ text, start }) => ({ text, place: { file, offset: from + first + start } })).toReversed(),
      bytes: to - from,
    };
    to = from;
  }
}

interface WholeLine {
  readonly text: string;
  readonly start: number;
  /** Behind its line break. */
  readonly end: number;
}

/** By bytes: what was torn may not be UTF-8. */
function linesIn(bytes: Buffer): readonly WholeLine[] {
  const lines: WholeLine[] = [];
  for (let start = 0, found = bytes.indexOf(lineBreak); found >= 0; found = bytes.indexOf(lineBreak, start)) {
    lines.push({ text: bytes.toString("utf8", start, found), start, end: found + 1 });
    start = found + 1;
  }
  return lines;
}

/** From a place to the end of the last whole line of a chunk, or of a line that is longer. */
async function readWhole(handle: FileHandle, from: number, size: number): Promise<Buffer> {
  for (let length = chunkBytes; ; length *= 4) {
    const to = Math.min(size, from + length);
    const bytes = await readRange(handle, from, to);
    const found = bytes.lastIndexOf(lineBreak);
    if (found >= 0 || to === size || length > longestLine) return bytes.subarray(0, found + 1);
  }
}

async function readRange(handle: FileHandle, from: number, to: number): Promise<Buffer> {
  const bytes = Buffer.allocUnsafe(to - from);
  const { bytesRead } = await handle.read(bytes, 0, bytes.length, from);
  return bytes.subarray(0, bytesRead);
}

/** A file that was removed since it was listed is as good as none. */
async function openIfThere(folder: string, file: number): Promise<FileHandle | undefined> {
  try {
    return await open(logFile(folder, file), "r");
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

/** What was torn by a full disk is no line. */
function parse(text: string): LogLine | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? (value as LogLine) : undefined;
  } catch {
    return undefined;
  }
}

function timeOf({ time }: LogLine): string {
  return typeof time === "string" ? time : "";
}

/** Several processes write at their own pace. */
function inOrder(lines: readonly LogLine[]): readonly LogLine[] {
  return lines.toSorted((a, b) => (timeOf(a) < timeOf(b) ? 1 : Number(timeOf(a) > timeOf(b)) * -1));
}
