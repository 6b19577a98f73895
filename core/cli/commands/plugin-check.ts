import type { Command } from "commander";
import { UserError } from "../../errors.ts";
import { type Cli, type JsonOption, jsonFlag } from "../cli.ts";
import type { CheckedPlugin } from "../plugin-kit/check/check-plugin.ts";
import { count } from "../text.ts";
import { collectOption, type Options, parseWholeNumber } from "../values.ts";

interface CheckOptions extends JsonOption {
  readonly update?: boolean;
  readonly seed?: number;
  readonly option?: Options;
}

export function pluginCheck(plugin: Command, cli: Cli): void {
  plugin
    .command("check")
    .description("prove plugins by their samples, and say what to mend; needs no gateway")
    .argument("<path...>", "a plugin's folder or module, or an installed package")
    .option("--update", "write down what the samples become, then check")
    .option("--seed <number>", "chooses other mutated payloads (default: 1)", parseWholeNumber)
    .option("--option <name=value>", "an option of the source, as of webhook add; may be repeated", collectOption)
    .option(...jsonFlag)
    .action(async (paths: readonly string[], { json, option, ...said }: CheckOptions) => {
      const { checkPlugin } = await import("../plugin-kit/check/check-plugin.ts");
      const { reportTo, silent } = await import("../plugin-kit/check/report.ts");
      const listener = json === true ? silent : reportTo(cli);
      const checked: CheckedPlugin[] = [];
      for (const [index, path] of paths.entries()) {
        if (index > 0 && json !== true) cli.out.line();
        checked.push(await checkPlugin(path, { ...said, ...(option && { options: option }) }, process.cwd(), listener));
      }
      if (json === true) cli.out.json(checked);
      conclude(checked, json === true, cli);
    });
}

function conclude(checked: readonly CheckedPlugin[], quiet: boolean, { out }: Cli): void {
  const all = checked.flatMap(({ checks }) => checks);
  const failed = all.filter(({ ok }) => !ok).length;
  if (failed > 0) throw new UserError(`${failed} of ${count(all.length, "check")} failed`);
  if (!quiet)
    out.line(`\n${out.paint("green", "✔")} ${all.length === 1 ? "1 check" : `All ${all.length} checks`} passed`);
}
