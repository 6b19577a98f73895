import { unwatchFile, watchFile } from "node:fs";
import type { Logger } from "pino";
import { messageOf, UserError } from "../errors.ts";
import type { Sweeper } from "../retention/sweep.ts";
import type { Sources } from "../sources/sources.ts";
import { feedsIn, type Outside, readOutside } from "../triage/outside.ts";
import { readConfigFile, takeConfig } from "./config-file.ts";
import type { Settings } from "./settings.ts";

const pollEveryMs = 1_000;

/** Who takes over what a file says. */
export interface ConfigTakers {
  readonly sources: Sources;
  readonly sweeper: Pick<Sweeper, "keep">;
  /** Takes over which services and channels there are. */
  readonly reach: (outside: Outside) => Promise<void>;
  readonly log: Logger;
}

export interface ConfigWatch {
  close(): void;
}

/**
 * Takes over what the configuration file says, at the start and whenever the file changes. A file that is wrong stops the
 * start; later it is logged and what was there before goes on.
 *
 * @throws {UserError} at the start, with every problem and its line
 */
export async function watchConfig(
  settings: Settings,
  env: NodeJS.ProcessEnv,
  { sources, sweeper, reach, log }: ConfigTakers,
): Promise<ConfigWatch> {
  const file = settings.configFile;

  async function take(mayBeAbsent: boolean): Promise<void> {
    if (mayBeAbsent && !(await exists(file))) return;
    const config = await readConfigFile(file, env);
    const { problems, retention, outside } = takeConfig(config, sources);
    if (problems.length > 0) throw new UserError(problems.join("\n"));
    sweeper.keep(retention);
    await reach(outside);
    log.info({ file, sources: config.sources.size }, "Configuration file read");
  }

  await take(!settings.configFileNamed);
  // Polled: editors and orchestrators replace files in ways that watching a file descriptor misses.
  watchFile(file, { interval: pollEveryMs, persistent: false }, (now, before) => {
    if (now.mtimeMs === before.mtimeMs && now.ino === before.ino) return;
    take(false).catch((error: unknown) => {
      log.error({ file, problem: messageOf(error) }, "Configuration file was not taken; the one before stays in force");
    });
  });
  return { close: () => unwatchFile(file) };
}

/** Whether the configuration file has a feed, as far as it can be read: what is wrong with it is said when it is taken. */
export async function readFeeds({ configFile: file }: Settings, env: NodeJS.ProcessEnv): Promise<boolean> {
  if (!(await exists(file))) return false;
  try {
    const outside = readOutside((await readConfigFile(file, env)).triage);
    return "value" in outside && feedsIn(outside.value).length > 0;
  } catch (error) {
    if (error instanceof UserError) return false;
    throw error;
  }
}

async function exists(file: string): Promise<boolean> {
  const { access } = await import("node:fs/promises");
  return access(file).then(
    () => true,
    () => false,
  );
}
