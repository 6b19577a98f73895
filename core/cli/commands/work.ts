import type { Command } from "commander";
import type { Cli } from "../cli.ts";

interface WorkOptions {
  readonly dataDir?: string;
  readonly config?: string;
  readonly workers?: string;
}

export function work(program: Command, cli: Cli): void {
  program
    .command("work")
    .description("work off the queue of a gateway, until SIGTERM or Ctrl-C; takes no webhooks")
    .option("--data-dir <folder>", "the gateway's, instead of TW_DATA_DIR")
    .option("--config <file>", "the gateway's, instead of TW_CONFIG")
    .option("--workers <count>", "how many processes do so, under a supervisor, instead of TW_WORKERS")
    .action(async ({ dataDir, config, workers }: WorkOptions) => {
      const { readSettings } = await import("../../config/settings.ts");
      const { runSupervised } = await import("../run-supervised.ts");
      const said = {
        ...(dataDir !== undefined && { TW_DATA_DIR: dataDir }),
        ...(config !== undefined && { TW_CONFIG: config }),
        ...(workers !== undefined && { TW_WORKERS: workers }),
      };
      const settings = readSettings({ ...cli.env, ...said });
      await runSupervised(settings, cli.env, { listens: false }, async (host) => {
        const { runWorker } = await import("../../main.ts");
        await runWorker(settings, host);
      });
    });
}
