import { join, relative } from "node:path";
import type { Command } from "commander";
import { type Cli, type JsonOption, jsonFlag } from "../cli.ts";
import type { Written } from "../plugin-kit/new/write-plugin.ts";

interface NewOptions extends JsonOption {
  readonly dir?: string;
  readonly title?: string;
}

export function pluginNew(plugin: Command, cli: Cli): void {
  plugin
    .command("new")
    .description("write a plugin that works, with samples and a README: in a checkout a folder, elsewhere a package")
    .argument("<name>", "what sources name it by: lower-case letters, digits and hyphens")
    .option("--dir <folder>", "where to write it (default: plugins/<name> of the checkout, else <name>)")
    .option("--title <title>", "what people call it (default: of its name)")
    .option(...jsonFlag)
    .action(async (name: string, { json, ...wanted }: NewOptions) => {
      const { writePlugin } = await import("../plugin-kit/new/write-plugin.ts");
      const written = await writePlugin({ name, ...wanted }, process.cwd());
      if (json === true) cli.out.json(written);
      else printWritten(written, cli);
    });
}

function printWritten({ name, title, folder, files, listed_in: list }: Written, { out }: Cli): void {
  const path = relative(process.cwd(), folder) || ".";
  out.line(`${out.paint("green", "✔")} ${title} is written:\n`);
  for (const file of files) out.line(`  ${join(path, file)}`);
  const steps =
    list === null
      ? [`cd ${path} && npm install`, "tw-cli plugin check .", `tw-cli plugin dev . --source ${name}`]
      : [`tw-cli plugin check ${path}`, `tw-cli plugin dev ${path} --source ${name}`];
  if (list !== null) out.line(`\n${relative(process.cwd(), list)} names it.`);
  out.line(`\nNext, put a body that the sender really sends into ${join(path, "samples")}, and:\n`);
  for (const step of steps) out.line(`  ${step}`);
}
