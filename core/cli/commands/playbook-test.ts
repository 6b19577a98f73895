import type { Command } from "commander";
import { type Cli, type JsonOption, jsonFlag } from "../cli.ts";

export function playbookTest(playbook: Command, cli: Cli): void {
  playbook
    .command("test")
    .description("run the scenarios of playbooks and show what was judged right; needs no gateway")
    .argument("[suite...]", "files of scenarios, instead of those in the folders tests beside the playbooks")
    .option(...jsonFlag)
    .action(async (suites: readonly string[], { json = false }: JsonOption) => {
      const { runSuites } = await import("../scenarios/run.ts");
      await runSuites(suites, json, cli);
    });
}
