import type { Command } from "commander";
import { type Cli, jsonFlag } from "../cli.ts";

interface Said {
  readonly from: string;
  readonly to?: string;
  readonly json?: boolean;
}

export function storeCopy(store: Command, cli: Cli): void {
  store
    .command("copy")
    .description("copy an embedded store into MongoDB, and compare both; the gateway must not run; can be gone on with")
    .requiredOption("--from <store>", "sqlite:<file>")
    .option("--to <store>", "mongodb://<host>/<database>, empty (default: TW_STORE_URL)")
    .option(...jsonFlag)
    .action(async ({ from, to = cli.env.TW_STORE_URL, json = false }: Said, command: Command) => {
      if (to === undefined || to === "") throw command.error("error: say where to by --to, or by TW_STORE_URL");
      const { runCopy } = await import("../store/copy.ts");
      await runCopy({ from, to, json }, cli);
    });
}
