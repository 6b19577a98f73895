import { randomUUID } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, rename, rm } from "node:fs/promises";

/**
 * A folder that is filled once and kept. It is there only when it is whole: processes that start at once each fill one of
 * their own, and the first to be done gives it the name.
 *
 * @param fill fills the folder whose path it gets
 * @returns `folder`
 */
export async function madeOnce(folder: string, fill: (partial: string) => Promise<void>): Promise<string> {
  if (existsSync(folder)) return folder;
  const partial = `${folder}.${randomUUID()}`;
  await mkdir(partial, { recursive: true });
  try {
    await fill(partial);
    await rename(partial, folder);
  } catch (error) {
    await rm(partial, { recursive: true, force: true });
    // Another process was first: a folder with something in it is not replaced.
    if (!existsSync(folder)) throw error;
  }
  return folder;
}
