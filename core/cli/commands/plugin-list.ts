import type { Command } from "commander";
import { type Cli, type JsonOption, jsonFlag } from "../cli.ts";
import { connect } from "../client.ts";
import type { List } from "../list.ts";
import type { Column } from "../output.ts";
import type { ListedPlugin } from "../presets.ts";

const columns: readonly Column<ListedPlugin>[] = [
  { head: "PLUGIN", value: ({ name }) => name, format: () => "bold" },
  { head: "FOR", value: ({ title }) => title },
  { head: "OPTIONS", value: ({ options }) => options.join(", ") || "-", optional: true },
  { head: "SENDERS PROVE THEMSELVES BY", value: ({ signature }) => signature, flexible: true },
];

export function pluginList(plugin: Command, cli: Cli): void {
  plugin
    .command("list")
    .description("list the installed plugins")
    .option(...jsonFlag)
    .action(async ({ json }: JsonOption) => {
      const list = await connect(cli.env).get<List<ListedPlugin>>("/api/plugins");
      if (json === true) return cli.out.json(list);
      await cli.out.table(columns, list.data);
    });
}
