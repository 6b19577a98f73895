import { randomUUID } from "node:crypto";
import { createWriteStream } from "node:fs";
import { realpath, rename, rm, stat } from "node:fs/promises";
import { messageOf, UserError } from "../../errors.ts";

/** Where an export goes. */
export interface Sink {
  readonly stream: NodeJS.WritableStream;
  /** Once everything is in it. */
  keep?(): Promise<void>;
  /** When something went wrong. */
  discard?(): Promise<void>;
}

/** As a person is told of it: the path that they said, and not the one that is written to. */
export function cannotWrite(path: string, cause: unknown): UserError {
  const [reason = ""] = messageOf(cause).split(",");
  return new UserError(`Cannot write ${path}: ${reason}`, { cause });
}

/** Incidents name victims: nobody but their owner reads the file. */
const mode = 0o600;

/**
 * A file that appears, or is replaced, when everything is in it; what breaks off leaves no half behind. A pipe or a device is
 * written to as it is.
 *
 * @throws {UserError} where nothing can be written there
 */
export async function toFile(path: string): Promise<Sink> {
  const target = await realpath(path).catch(() => path);
  const found = await stat(target).catch(() => undefined);
  if (found?.isDirectory() === true) throw new UserError(`Cannot write ${path}: it is a folder; name a file`);
  const isSpecial = found !== undefined && !found.isFile();
  const part = isSpecial ? target : `${target}.${randomUUID().slice(0, 8)}.part`;
  const stream = createWriteStream(part, { mode });
  try {
    await new Promise<void>((resolve, reject) => void stream.once("open", () => resolve()).once("error", reject));
  } catch (cause) {
    throw cannotWrite(path, cause);
  }
  if (isSpecial) return { stream };
  return { stream, keep: () => rename(part, target), discard: () => rm(part, { force: true }) };
}
