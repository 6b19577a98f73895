import type { Command } from "commander";
import { type Cli, type JsonOption, jsonFlag } from "../cli.ts";
import { connect } from "../client.ts";
import type { List } from "../list.ts";
import type { Column } from "../output.ts";
import { printable } from "../text.ts";

/** A playbook as the list of the API has it. */
export interface ListedPlaybook {
  readonly name: string;
  readonly version: string | null;
  readonly description: string | null;
  readonly origin: string;
  readonly triggers: Readonly<Record<string, readonly string[]>>;
  readonly mistakes: number;
}

const columns: readonly Column<ListedPlaybook>[] = [
  { head: "PLAYBOOK", value: ({ name }) => name, format: () => "bold" },
  { head: "VERSION", value: ({ version }) => version ?? "-" },
  { head: "FROM", value: ({ origin }) => origin, optional: true },
  {
    head: "MISTAKES",
    value: ({ mistakes }) => (mistakes === 0 ? "-" : String(mistakes)),
    format: ({ mistakes }) => (mistakes === 0 ? undefined : "red"),
  },
  { head: "DESCRIPTION", value: ({ description }) => printable(description ?? ""), flexible: true },
];

export function playbookList(playbook: Command, cli: Cli): void {
  playbook
    .command("list")
    .description("list the playbooks")
    .option(...jsonFlag)
    .action(async ({ json }: JsonOption) => {
      const list = await connect(cli.env).get<List<ListedPlaybook>>("/api/playbooks");
      if (json === true) return cli.out.json(list);
      await cli.out.table(columns, list.data);
    });
}
