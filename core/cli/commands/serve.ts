import type { Command } from "commander";
import type { Cli } from "../cli.ts";

interface ServeOptions {
  readonly host?: string;
  readonly port?: string;
  readonly dataDir?: string;
  readonly config?: string;
}

export function serve(program: Command, cli: Cli): void {
  program
    .command("serve")
    .description("run the gateway until SIGTERM or Ctrl-C")
    .option("--host <address>", "address to listen on, instead of TW_HOST")
    .option("--port <port>", "port to listen on, instead of TW_PORT; 0 takes a free one")
    .option("--data-dir <folder>", "where everything is kept, instead of TW_DATA_DIR")
    .option("--config <file>", "sources and settings, instead of TW_CONFIG")
    .action(async ({ host, port, dataDir, config }: ServeOptions) => {
      const { readSettings } = await import("../../config/settings.ts");
      const { runGateway } = await import("../../main.ts");
      const said = {
        ...(host !== undefined && { TW_HOST: host }),
        ...(port !== undefined && { TW_PORT: port }),
        ...(dataDir !== undefined && { TW_DATA_DIR: dataDir }),
        ...(config !== undefined && { TW_CONFIG: config }),
      };
      await runGateway(readSettings({ ...cli.env, ...said }));
    });
}
