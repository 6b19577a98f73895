import { readFile } from "node:fs/promises";
import { text } from "node:stream/consumers";
import { messageOf, UserError } from "../errors.ts";
import type { Cli } from "./cli.ts";

/** The three places that a secret can come from; at most one is named. */
export interface SecretPlaces {
  readonly value: string | undefined;
  readonly stdin: boolean | undefined;
  readonly file: string | undefined;
}

/**
 * Reads a secret from where it is said to be; one line break at the end of a file or of standard input is not part of it.
 *
 * @throws {UserError} where it cannot be read or nothing is there
 */
export async function readSecret({ value, stdin, file }: SecretPlaces, cli: Cli): Promise<string | undefined> {
  if (value !== undefined) return value;
  if (stdin === true) {
    if (cli.stdin.isTTY) cli.out.note("Type the secret, then Enter and Ctrl-D:");
    return withoutLineBreak(await text(cli.stdin), "Standard input");
  }
  if (file === undefined) return undefined;
  try {
    return withoutLineBreak(await readFile(file, "utf8"), file);
  } catch (cause) {
    if (cause instanceof UserError) throw cause;
    throw new UserError(`${file}: cannot be read: ${messageOf(cause)}`, { cause });
  }
}

function withoutLineBreak(content: string, from: string): string {
  const secret = content.replace(/\r?\n$/, "");
  if (secret === "") throw new UserError(`${from} holds no secret`);
  return secret;
}
