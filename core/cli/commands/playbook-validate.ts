import type { Command } from "commander";
import { UserError } from "../../errors.ts";
import { type Cli, type JsonOption, jsonFlag } from "../cli.ts";
import { count } from "../text.ts";

export function playbookValidate(playbook: Command, cli: Cli): void {
  playbook
    .command("validate")
    .description("check playbooks, each mistake with its line and column; needs no gateway")
    .argument("[file...]", "instead of those that ship and those in TW_PLAYBOOKS")
    .option(...jsonFlag)
    .action(async (files: readonly string[], { json }: JsonOption) => {
      const { readLibrary, shownFile } = await import("../playbooks.ts");
      const { mistakeLines } = await import("../../triage/library.ts");
      const { library } = await readLibrary(cli.env, files);
      const asked = library.all.filter(({ file }) => files.length === 0 || files.includes(file));
      if (json === true) {
        cli.out.json({ data: asked.map(({ name, file, mistakes }) => ({ name, file, mistakes })) });
      }
      const problems = asked.flatMap(({ file, mistakes }) => mistakeLines(shownFile(file), mistakes));
      if (problems.length > 0) throw new UserError([count(problems.length, "mistake"), ...problems].join("\n"));
      if (json === true) return;
      const names = asked.map(({ name, playbook: found }) => `${name} ${found?.version}`);
      cli.out.line(`${cli.out.paint("green", "✔")} ${count(asked.length, "playbook")}: ${names.join(", ")}`);
    });
}
