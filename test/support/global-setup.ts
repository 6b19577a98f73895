/** For `--test-global-setup` of the whole suite: one MongoDB server, and a search of all that was logged, for secrets. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { loggedVariable, searchLogged } from "./logged.ts";
import { globalSetup as startMongo, globalTeardown as stopMongo } from "./mongo/global-setup.ts";

let folder: string | undefined;

export async function globalSetup(): Promise<void> {
  folder = await mkdtemp(join(tmpdir(), "thruway-test-logged-"));
  process.env[loggedVariable] = folder;
  await startMongo();
}

/** Fails the run where a line of a log holds a secret. */
export async function globalTeardown(): Promise<void> {
  await stopMongo();
  if (folder === undefined) return;
  const { lines, secrets, found } = await searchLogged(folder);
  await rm(folder, { recursive: true, force: true });
  process.stderr.write(`Searched ${lines} lines of logs for ${secrets} secrets of the tests: found ${found.length}\n`);
  for (const { secret, line } of found.slice(0, 20)) process.stderr.write(`  ${secret} stands in: ${line}\n`);
  if (found.length === 0) return;
  // A teardown that throws after its first `await` leaves Node's runner waiting for ever.
  process.on("exit", () => {
    process.exitCode = 1;
  });
}
