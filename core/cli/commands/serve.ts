import type { Command } from "commander";
import type { Cli } from "../cli.ts";

interface ServeOptions {
  readonly host?: string;
  readonly port?: string;
  readonly dataDir?: string;
  readonly config?: string;
  readonly work: boolean;
  readonly workers?: string;
}

export function serve(program: Command, cli: Cli): void {
  program
    .command("serve")
    .description("run the gateway until SIGTERM or Ctrl-C")
    .option("--host <address>", "address to listen on, instead of TW_HOST")
    .option("--port <port>", "port to listen on, instead of TW_PORT; 0 takes a free one")
    .option("--data-dir <folder>", "where everything is kept, instead of TW_DATA_DIR")
    .option("--config <file>", "sources and settings, instead of TW_CONFIG")
    .option("--no-work", "leave the queue to `tw-cli work`, instead of TW_WORK")
    .option("--workers <count>", "how many processes take webhooks, under a supervisor, instead of TW_WORKERS")
    .action(async ({ host, port, dataDir, config, work, workers }: ServeOptions) => {
      const { readSettings } = await import("../../config/settings.ts");
      const { runSupervised } = await import("../run-supervised.ts");
      const said = {
        ...(host !== undefined && { TW_HOST: host }),
        ...(port !== undefined && { TW_PORT: port }),
        ...(dataDir !== undefined && { TW_DATA_DIR: dataDir }),
        ...(config !== undefined && { TW_CONFIG: config }),
        ...(!work && { TW_WORK: "false" }),
        ...(workers !== undefined && { TW_WORKERS: workers }),
      };
      const settings = readSettings({ ...cli.env, ...said });
      await runSupervised(settings, cli.env, { listens: true }, async (host) => {
        const { runGateway } = await import("../../main.ts");
        await runGateway(settings, host);
      });
    });
}
