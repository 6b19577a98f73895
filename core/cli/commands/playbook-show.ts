import type { Command } from "commander";
import type { Mistake } from "../../triage/parse.ts";
import { type Cli, type JsonOption, jsonFlag } from "../cli.ts";
import { connect } from "../client.ts";
import { printable } from "../text.ts";

interface ShownPlaybook {
  readonly text: string;
  readonly mistakes: readonly Mistake[];
}

export function playbookShow(playbook: Command, cli: Cli): void {
  playbook
    .command("show")
    .description("show a playbook as it is written, and what is wrong with it")
    .argument("<name>", "like phishing_triage")
    .option(...jsonFlag)
    .action(async (name: string, { json }: JsonOption) => {
      const found = await connect(cli.env).get<ShownPlaybook>(`/api/playbooks/${encodeURIComponent(name)}`);
      if (json === true) return cli.out.json(found);
      cli.out.line(printable(found.text.trimEnd(), { lines: true }));
      for (const { line, column, path, message } of found.mistakes) {
        cli.out.warn(`${name}:${line}:${column}: ${path} ${message}`);
      }
    });
}
