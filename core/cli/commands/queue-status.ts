import { setTimeout as pause } from "node:timers/promises";
import { type Command, Option } from "commander";
import type { QueueStatus } from "../../store/ports.ts";
import { type Cli, jsonFlag } from "../cli.ts";
import { type Api, connect } from "../client.ts";
import { inFigures } from "../progress.ts";
import { stopSignal } from "../stop-signal.ts";
import { count, duration, timeUtc } from "../text.ts";

/** The state of the queue, as the API shows it. */
interface ShownStatus extends QueueStatus {
  readonly oldest_age_seconds: number | null;
  readonly per_second: number;
}

interface Said {
  readonly json?: boolean;
  readonly watch?: boolean;
}

const watchEveryMs = 2_000;

export function queueStatus(queue: Command, cli: Cli): void {
  queue
    .command("status")
    .description("show how much waits in the queue, since when, and how fast it is worked off")
    .addOption(new Option("--watch", "look again every two seconds, until Ctrl-C").conflicts("json"))
    .addOption(new Option(...jsonFlag))
    .action(async ({ json, watch }: Said) => {
      const api = connect(cli.env);
      if (watch === true) return watchQueue(api, cli);
      const status = await api.get<ShownStatus>("/api/queue");
      if (json === true) return cli.out.json(status);
      const { depth, due, oldest_age_seconds: age, per_second: rate } = status;
      cli.out.fields([
        ["waiting", count(depth, "delivery", "deliveries")],
        ["due now", inFigures(due)],
        ["oldest", age === null ? null : `${duration(age)} (received ${timeUtc(status.oldest_received_at)})`],
        ["settled", `${inFigures(status.settled_last_minute)} in the last minute, ${rate.toFixed(2)}/s`],
      ]);
    });
}

async function watchQueue(api: Api, { out, now }: Cli): Promise<void> {
  const stop = stopSignal();
  const line = out.redrawn();
  try {
    while (!stop.isReceived()) {
      const { depth, due, oldest_age_seconds: age, per_second: rate } = await api.get<ShownStatus>("/api/queue");
      const oldest = age === null ? "" : `  oldest ${duration(age)}`;
      const at = now().toISOString().slice(11, 19);
      line.show(`${at}  ${inFigures(depth)} waiting  ${inFigures(due)} due  ${rate.toFixed(2)}/s${oldest}`);
      await Promise.race([pause(watchEveryMs), stop.received]);
    }
  } finally {
    line.end();
    stop.forget();
  }
}
