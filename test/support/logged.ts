/**
 * What the gateways of a whole test run have logged, and the secrets that the tests used: kept while the run lasts, and searched
 * at its end. Outside such a run nothing is kept.
 */
import { appendFileSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";

/** Names the folder; set by the run's global setup. */
export const loggedVariable = "THRUWAY_TEST_LOGS";

/** A shorter one is a word that may stand in a line for another reason. */
const shortest = 12;
const secretNames = /secret|password|token|authorization|key$/i;

/** Takes what a gateway printed or logged. */
export function keepLogged(text: string): void {
  keep("log", text);
}

/** Takes the lines of a log in what a command printed, which may show secrets to whoever asked for them. */
export function keepLinesOf(printed: string): void {
  keepLogged(
    printed
      .split("\n")
      .filter((line) => line.startsWith('{"level"'))
      .join("\n"),
  );
}

/** Takes a secret; what is too short to be told from a word is left out. */
export function keepSecrets(...secrets: readonly (string | undefined)[]): void {
  const kept = secrets.filter((secret) => secret !== undefined && secret.length >= shortest);
  keep("secrets", kept.map((secret) => JSON.stringify(secret)).join("\n"));
}

/** Takes the secrets in the body of a request, or in settings: by the names of their fields. */
export function keepSecretsIn(value: unknown, name = ""): void {
  if (typeof value === "string") {
    if (secretNames.test(name)) keepSecrets(value);
  } else if (Array.isArray(value)) for (const each of value) keepSecretsIn(each, name);
  else if (typeof value === "object" && value !== null) {
    for (const [key, each] of Object.entries(value)) keepSecretsIn(each, key);
  }
}

function keep(kind: "log" | "secrets", text: string): void {
  const folder = process.env[loggedVariable];
  if (folder === undefined || text === "") return;
  // A file for each process: test files run beside each other.
  appendFileSync(join(folder, `${process.pid}.${kind}`), text.endsWith("\n") ? text : `${text}\n`);
}

export interface Searched {
  readonly lines: number;
  readonly secrets: number;
  /** Lines that hold one, with the secret that they hold. */
  readonly found: readonly { readonly secret: string; readonly line: string }[];
}

/** Searches everything that was kept in a folder for every secret that was kept there. */
export async function searchLogged(folder: string): Promise<Searched> {
  const names = await readdir(folder);
  const read = async (kind: string): Promise<readonly string[]> => {
    const files = names.filter((name) => name.endsWith(`.${kind}`));
    const texts = await Promise.all(files.map((name) => readFile(join(folder, name), "utf8")));
    return texts.flatMap((text) => text.split("\n")).filter((line) => line !== "");
  };
  const secrets = [...new Set(await read("secrets"))].map((line) => String(JSON.parse(line)));
  const lines = await read("log");
  if (secrets.length === 0) return { lines: lines.length, secrets: 0, found: [] };
  // As they stand in JSON, too: a quote or a line break looks different there.
  const forms = secrets.flatMap((secret) => [secret, JSON.stringify(secret).slice(1, -1)]);
  const any = new RegExp([...new Set(forms)].map((form) => RegExp.escape(form)).join("|"));
  const found = lines.flatMap((line) => {
    const [secret] = any.exec(line) ?? [];
    return secret === undefined ? [] : [{ secret, line }];
  });
  return { lines: lines.length, secrets: secrets.length, found };
}
