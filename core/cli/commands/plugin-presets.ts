import type { Command } from "commander";
import { type Cli, type JsonOption, jsonFlag } from "../cli.ts";
import { connect } from "../client.ts";
import type { List } from "../list.ts";
import type { Column } from "../output.ts";
import type { ListedPlugin, ListedPreset } from "../presets.ts";

type Row = ListedPreset & { readonly plugin: string };

const columns: readonly Column<Row>[] = [
  { head: "PRESET", value: ({ name }) => name, format: () => "bold" },
  { head: "FOR", value: ({ title }) => title },
  { head: "PLUGIN", value: ({ plugin }) => plugin, optional: true },
  { head: "SENDERS PROVE THEMSELVES BY", value: ({ signature }) => signature, flexible: true },
];

export function pluginPresets(plugin: Command, cli: Cli): void {
  plugin
    .command("presets")
    .description("list the presets: settings for products without a plugin")
    .option(...jsonFlag)
    .action(async ({ json }: JsonOption) => {
      const { data, meta } = await connect(cli.env).get<List<ListedPlugin>>("/api/plugins");
      const rows = data.flatMap(({ name, presets }) => presets.map((preset) => ({ ...preset, plugin: name })));
      if (json === true) return cli.out.json({ data: rows, meta });
      await cli.out.table(columns, rows);
    });
}
