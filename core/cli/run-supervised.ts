import type { Settings } from "../config/settings.ts";
import { alone, type Host } from "../supervise/host.ts";
import type { Purpose } from "../supervise/run-folder.ts";
import { workerHost } from "../supervise/worker-host.ts";

/**
 * Runs something in this process, or as a supervisor of as many processes as the settings say, each of which comes here again
 * as a worker.
 */
export async function runSupervised(
  settings: Settings,
  env: NodeJS.ProcessEnv,
  purpose: Purpose,
  run: (host: Host) => Promise<void>,
): Promise<void> {
  const supervisor = workerHost(settings, env, purpose);
  if (supervisor !== undefined || settings.workers === undefined) {
    await run(supervisor ?? alone);
    return;
  }
  const { supervise } = await import("../supervise/supervise.ts");
  process.exitCode = await supervise(settings, settings.workers, purpose);
}
