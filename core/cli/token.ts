import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { adminTokenFile } from "../config/keyring.ts";
import { messageOf, UserError } from "../errors.ts";

export interface FoundToken {
  readonly token: string;
  /** Where it was found, for messages; never the token. */
  readonly from: string;
}

const checkout = resolve(import.meta.dirname, "../..");

/** Where a gateway on this machine may have left its admin token, the likeliest first. */
export function tokenFolders(
  env: NodeJS.ProcessEnv,
  cwd: string = process.cwd(),
  home: string = checkout,
): readonly string[] {
  const folders = [resolve(cwd, "data"), resolve(home, "data")];
  const named = env.TW_DATA_DIR;
  return [...new Set(named ? [resolve(cwd, named), ...folders] : folders)];
}

/**
 * The API token: `TW_API_KEY`, else the admin token of a gateway on this machine.
 *
 * @throws {UserError} that says where it was looked for, and what to do
 */
export function findToken(env: NodeJS.ProcessEnv, folders: readonly string[] = tokenFolders(env)): FoundToken {
  const given = env.TW_API_KEY?.trim();
  if (given) return checked({ token: given, from: "TW_API_KEY" });
  for (const folder of folders) {
    const file = join(folder, adminTokenFile);
    const token = readIfThere(file);
    if (token) return checked({ token, from: file });
  }
  throw new UserError(
    `No API token: TW_API_KEY is not set and there is no ${adminTokenFile} in ${folders.join(" or ")}. Is the gateway running? start it with: tw-cli serve`,
  );
}

function readIfThere(file: string): string | undefined {
  try {
    return readFileSync(file, "utf8").trim();
  } catch (cause) {
    if (cause instanceof Error && "code" in cause && (cause.code === "ENOENT" || cause.code === "ENOTDIR"))
      return undefined;
    throw new UserError(`The API token cannot be read: ${messageOf(cause)}; set TW_API_KEY`, { cause });
  }
}

/** What no header can carry is no token of ours; saying so here keeps it out of a library's message. */
function checked(found: FoundToken): FoundToken {
  if (/^[\x21-\x7e]+$/.test(found.token)) return found;
  throw new UserError(`${found.from} does not hold an API token; they look like tw_<6>_<32>`);
}
