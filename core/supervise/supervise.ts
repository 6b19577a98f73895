import { createServer } from "node:net";
import type { Logger } from "pino";
import type { Settings } from "../config/settings.ts";
import { listen } from "../listen.ts";
import { createLog } from "../telemetry/log.ts";
import { type Purpose, runFolder } from "./run-folder.ts";
import { createStalls } from "./stalls.ts";
import { stopSignals } from "./stop-signals.ts";
import { createSwitchboard } from "./switchboard.ts";
import { createTally } from "./tally.ts";
import { type WorkerSlot, workerSlot } from "./worker-slot.ts";

/** A worker that takes longer to stop than it may is ended after that. */
const stopMarginMs = 5_000;

/**
 * Runs a gateway as several processes behind one port, until SIGTERM or SIGINT; a second signal ends all of them at once. This
 * process does next to nothing itself, so that nothing holds it up.
 *
 * @returns the exit code: what the first worker said, where its first start failed
 * @throws {UserError} where the address is taken or not ours
 */
export async function supervise(settings: Settings, workers: number, purpose: Purpose): Promise<number> {
  const { stallTimeoutMs, stopTimeoutMs } = settings;
  const { gateway: log, close: closeLog } = createLog(settings);
  const board = createSwitchboard();
  const server = createServer({ pauseOnConnect: true, noDelay: true }, (socket) => board.add(socket));
  const stalls = createStalls();
  const tally = createTally();
  const ready = new Set<number>();
  let slots: readonly WorkerSlot[] = [];
  const stop = stopSignals(() => {
    for (const slot of slots) slot.kill();
  });
  const port = purpose.listens ? settings.port : settings.workPort;
  const url = port === undefined ? null : await listen(server, { host: settings.host, port });
  slots = Array.from({ length: workers }, (_, worker) =>
    workerSlot(worker, {
      url,
      folder: runFolder(settings, purpose),
      board,
      stalls,
      tally,
      stallTimeoutMs,
      log,
      clock: () => performance.now(),
      onReady() {
        if (ready.size < workers && ready.add(worker).size === workers) {
          log.info({ url, workers }, "All workers have started");
        }
      },
      onStall(stall) {
        for (const slot of slots) slot.tell({ kind: "stall", stall });
      },
    }),
  );
  const watching = watch(slots, stallTimeoutMs);

  // The first goes alone: what is wrong with the settings is then said once.
  const [first, ...others] = slots;
  const failed = await Promise.race([first?.tryStart(), stop.asked]);
  if (failed === undefined) {
    for (const slot of others) slot.start();
    await stop.asked;
  }
  if (url !== null) server.close();
  board.close();
  await stopAll(slots, stopTimeoutMs, log);
  clearInterval(watching);
  stop.forget();
  await closeLog();
  return failed === undefined || failed === "stop" ? 0 : (failed.code ?? 1);
}

async function stopAll(slots: readonly WorkerSlot[], withinMs: number, log: Logger): Promise<void> {
  const stopped = Promise.all(slots.map((slot) => slot.stop()));
  const ending = setTimeout(() => {
    log.error({ within_ms: withinMs }, "Workers did not stop in time");
    for (const slot of slots) slot.kill();
  }, withinMs + stopMarginMs);
  await stopped;
  clearTimeout(ending);
}

/** A supervisor that was itself held up, or stopped by Ctrl-Z, has heard nobody: that is nobody's fault. */
function watch(slots: readonly WorkerSlot[], stallTimeoutMs: number): NodeJS.Timeout {
  const everyMs = Math.min(500, stallTimeoutMs / 4);
  let last = performance.now();
  return setInterval(() => {
    const now = performance.now();
    const excused = now - last > everyMs * 2;
    last = now;
    for (const slot of slots) slot.watch(excused);
  }, everyMs);
}
