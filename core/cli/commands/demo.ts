import { type Command, Option } from "commander";
import { type Cli, jsonFlag } from "../cli.ts";
import type { DemoOptions } from "../demo/run.ts";

export function demo(program: Command, cli: Cli): void {
  program
    .command("demo")
    .description("start a throw-away gateway, send it a signed sample of everything, and show what becomes of it")
    .option("--once", "end after that instead of staying up until Ctrl-C")
    .addOption(new Option(...jsonFlag).implies({ once: true }))
    .action(async (options: DemoOptions) => {
      const { runDemo } = await import("../demo/run.ts");
      await runDemo(options, cli);
    });
}
