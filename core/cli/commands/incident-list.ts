import type { Command } from "commander";
import type { Incident } from "../../incidents/incident.ts";
import type { Cli } from "../cli.ts";
import { connect } from "../client.ts";
import { addListOptions, type ListOptions, noteMore, readList } from "../list.ts";
import type { Column } from "../output.ts";
import { severityFormat, statusFormat, time } from "../text.ts";
import { collectValues } from "../values.ts";

interface Filters extends ListOptions {
  readonly source?: string;
  readonly severity?: readonly string[];
  readonly status?: readonly string[];
  readonly type?: string;
  readonly externalId?: string;
  readonly includeTests?: boolean;
}

export const incidentColumns: readonly Column<Incident>[] = [
  { head: "NUMBER", value: ({ number }) => number, format: () => "bold" },
  { head: "SEVERITY", value: ({ severity }) => severity, format: ({ severity }) => severityFormat[severity] },
  { head: "STATUS", value: ({ status }) => status, format: ({ status }) => statusFormat[status] },
  { head: "SOURCE", value: ({ source }) => source },
  { head: "TYPE", value: ({ type }) => type, optional: true },
  { head: "TITLE", value: ({ title }) => title, flexible: true },
  { head: "ALERTS", value: ({ occurrences }) => String(occurrences), optional: true },
  { head: "CREATED (UTC)", value: ({ created_at }) => time(created_at), optional: true },
];

export function incidentList(incident: Command, cli: Cli): void {
  const command = incident
    .command("list")
    .description("list incidents, the newest first")
    .option("--source <source>", "of this source")
    .option("--severity <severity>", "critical, high, medium, low or info; may be repeated", collectValues)
    .option(
      "--status <status>",
      "new, in_progress, pending_approval, escalated, resolved or closed; may be repeated",
      collectValues,
    )
    .option("--type <type>", "like phishing")
    .option("--external-id <id>", "of the vendor's alert")
    .option("--include-tests", "also those that test events made");
  addListOptions(command, cli).action(async (filters: Filters) => {
    const list = await readList<Incident>(connect(cli.env), "/api/incidents", queryOf(filters), filters);
    if (filters.json === true) return cli.out.json(list);
    if (list.data.length === 0) return cli.out.line("No incident.");
    await cli.out.table(incidentColumns, list.data);
    noteMore(list, cli);
  });
}

function queryOf({
  source,
  severity,
  status,
  type,
  externalId,
  includeTests,
}: Filters): Parameters<typeof readList>[2] {
  return { source, severity, status, type, external_id: externalId, include_tests: includeTests };
}
