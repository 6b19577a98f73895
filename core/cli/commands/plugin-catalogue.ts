import { readFile, writeFile } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import type { Command } from "commander";
import { messageOf, UserError } from "../../errors.ts";
import { type Cli, type JsonOption, jsonFlag } from "../cli.ts";

interface CatalogueOptions extends JsonOption {
  readonly write?: string;
}

export function pluginCatalogue(plugin: Command, cli: Cli): void {
  plugin
    .command("catalogue")
    .description("describe the plugins that TW_PLUGINS lists, in Markdown; needs no gateway")
    .option("--write <page>", "put it into this page, between its marks, instead of printing it")
    .option(...jsonFlag)
    .action(async ({ write, json }: CatalogueOptions) => {
      const { readSettings } = await import("../../config/settings.ts");
      const { catalogueMarkdown, readCatalogue, withCatalogue } = await import("../plugin-kit/catalogue/catalogue.ts");
      const entries = await readCatalogue(readSettings(cli.env).pluginsFile);
      if (json === true) return cli.out.json(entries);
      if (write === undefined) return cli.out.line(catalogueMarkdown(entries, process.cwd()).trimEnd());
      const page = await readPage(write);
      await writeFile(write, withCatalogue(page, catalogueMarkdown(entries, dirname(resolve(write))), write));
      cli.out.line(`${cli.out.paint("green", "✔")} ${write} describes ${entries.map(({ name }) => name).join(", ")}`);
    });
}

async function readPage(file: string): Promise<string> {
  try {
    return await readFile(file, "utf8");
  } catch (cause) {
    throw new UserError(`${file}: cannot be read: ${messageOf(cause)}`, { cause });
  }
}
