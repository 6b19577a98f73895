import type { Command } from "commander";
import type { SourceView } from "../../sources/sources.ts";
import { type Cli, type JsonOption, jsonFlag } from "../cli.ts";
import { connect } from "../client.ts";
import type { List } from "../list.ts";
import type { Column } from "../output.ts";
import { time } from "../text.ts";

const columns: readonly Column<SourceView>[] = [
  { head: "SOURCE", value: ({ source }) => source, format: () => "bold" },
  { head: "PLUGIN", value: ({ plugin }) => plugin },
  {
    head: "STATE",
    value: ({ enabled }) => (enabled ? "enabled" : "disabled"),
    format: ({ enabled }) => (enabled ? "green" : "dim"),
  },
  { head: "AUTO-TRIAGE", value: ({ auto_triage }) => (auto_triage ? "yes" : "no") },
  { head: "PLAYBOOK", value: ({ playbook }) => playbook ?? "-", flexible: true },
  { head: "KEPT BY", value: ({ origin }) => origin, optional: true },
  { head: "UPDATED (UTC)", value: ({ updated_at }) => time(updated_at), optional: true },
];

export function webhookList(webhook: Command, cli: Cli): void {
  webhook
    .command("list")
    .description("list the registered sources")
    .option(...jsonFlag)
    .action(async ({ json }: JsonOption) => {
      const list = await connect(cli.env).get<List<SourceView>>("/api/webhooks");
      if (json === true) return cli.out.json(list);
      if (list.data.length > 0) return cli.out.table(columns, list.data);
      cli.out.line("No source is registered yet. Add one with: tw-cli webhook add <source> --secret-stdin");
    });
}
