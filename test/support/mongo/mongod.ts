/** MongoDB itself, where it is on the machine. */
import { readdirSync } from "node:fs";
import { homedir } from "node:os";
import { basename, join } from "node:path";
import { messageOf } from "../../../core/errors.ts";
import { root } from "../markdown.ts";
import { startChild } from "./child-server.ts";
import type { Found } from "./found.ts";
import { isProgram, printed, programOnPath } from "./programs.ts";

/** Starts one from PATH, or the newest that mongodb-memory-server has downloaded for whatever project. */
export async function mongod(env: NodeJS.ProcessEnv): Promise<Found> {
  const fromPath = programOnPath("mongod", env);
  const candidates = [
    ...(fromPath ? [{ binary: fromPath, from: "from PATH" }] : []),
    ...cached(env).map((binary) => ({ binary, from: "from the cache of mongodb-memory-server" })),
  ];
  const failures: string[] = [];
  for (const { binary, from } of candidates) {
    const version = /db version v(\S+)/.exec((await printed(binary, ["--version"], env)) ?? "")?.[1];
    // Built for another system, say.
    if (version === undefined) {
      failures.push(`${binary} does not run`);
      continue;
    }
    try {
      const server = await startChild(process.execPath, [join(import.meta.dirname, "mongod-main.ts"), binary], env);
      return {
        uri: `mongodb://127.0.0.1:${server.port}/?directConnection=true`,
        name: `mongod ${version} ${from}`,
        [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
      };
    } catch (cause) {
      failures.push(`${binary} did not start: ${messageOf(cause)}`);
    }
  }
  return { reason: failures.join("; ") || "there is no mongod on PATH, nor one that mongodb-memory-server has cached" };
}

/** Newest first. It names them `mongod-<arch>-<system>-<version>`, in one of three folders. */
function cached({ MONGOMS_DOWNLOAD_DIR, HOME = homedir() }: NodeJS.ProcessEnv): readonly string[] {
  const folders = [
    ...(MONGOMS_DOWNLOAD_DIR ? [MONGOMS_DOWNLOAD_DIR] : []),
    join(HOME, ".cache/mongodb-binaries"),
    join(root, "node_modules/.cache/mongodb-memory-server"),
  ];
  const version = (path: string): string => basename(path).split("-").at(-1) ?? "";
  return folders
    .flatMap((folder) => filesIn(folder).map((file) => join(folder, file)))
    .filter((path) => /^mongod-.*\d$/.test(basename(path)) && isProgram(path))
    .toSorted((one, other) => version(other).localeCompare(version(one), "en", { numeric: true }));
}

function filesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
