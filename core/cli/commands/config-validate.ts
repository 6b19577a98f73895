import { relative } from "node:path";
import type { Command } from "commander";
import { UserError } from "../../errors.ts";
import { type Cli, type JsonOption, jsonFlag } from "../cli.ts";
import { count } from "../text.ts";

export function configValidate(config: Command, cli: Cli): void {
  config
    .command("validate")
    .description("check the configuration file as a start would; needs no gateway")
    .argument("[file]", "instead of TW_CONFIG, or webhook_config.yaml here")
    .option(...jsonFlag)
    .action(async (file: string | undefined, { json }: JsonOption) => {
      const { readSettings } = await import("../../config/settings.ts");
      const { checkConfigFile } = await import("../../config/config-file.ts");
      const settings = readSettings({ ...cli.env, ...(file !== undefined && { TW_CONFIG: file }) });
      const check = await checkConfigFile(settings, cli.env);
      const { problems, sources } = check;
      const shown = file ?? relative(process.cwd(), check.file);
      if (json === true) cli.out.json(check);
      if (problems.length > 0) {
        throw new UserError([`${shown} has ${count(problems.length, "problem")}`, ...problems].join("\n"));
      }
      if (json === true) return;
      const names = sources.length === 0 ? "" : `: ${sources.join(", ")}`;
      cli.out.line(`${cli.out.paint("green", "✔")} ${shown} is valid, with ${count(sources.length, "source")}${names}`);
    });
}
