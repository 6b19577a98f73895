import type { Command } from "commander";
import type { Incident } from "../../incidents/incident.ts";
import type { Cli } from "../cli.ts";
import { connect } from "../client.ts";
import { addIncidentFilters, type IncidentFilters, incidentQueryOf } from "../incident-filters.ts";
import { addListOptions, type ListOptions, type Meta, noteMore, readList } from "../list.ts";
import type { Column } from "../output.ts";
import { inFigures } from "../progress.ts";
import { printable, severityFormat, statusFormat, time } from "../text.ts";
import { collectValues } from "../values.ts";

interface Filters extends ListOptions, IncidentFilters {
  readonly facets?: readonly string[];
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
  const command = incident.command("list").description("list incidents, the newest first");
  addIncidentFilters(command, cli)
    .option("--sort <order>", "created, updated, occurred or severity: the newest first, or the gravest")
    .option("--facets <fields>", "count by status, severity, verdict, source, plugin, type, assignee", collectValues);
  addListOptions(command, cli).action(async ({ facets, ...filters }: Filters) => {
    const query = { ...incidentQueryOf(filters), facets };
    const list = await readList<Incident>(connect(cli.env), "/api/incidents", query, filters);
    if (filters.json === true) return cli.out.json(list);
    printCounts(list.meta, cli);
    if (list.data.length === 0) return cli.out.line("No incident.");
    await cli.out.table(incidentColumns, list.data);
    noteMore(list, cli);
  });
}

function printCounts({ facets = {}, counted = 0, complete }: Meta, { out }: Cli): void {
  const lines = Object.entries(facets).map(([name, of]): readonly [string, string] => [
    name,
    Object.entries(of)
      .map(([value, count]) => `${printable(value)} ${inFigures(count)}`)
      .join(", "),
  ]);
  if (lines.length === 0) return;
  out.fields([...lines, ["of", complete === true ? inFigures(counted) : `the newest ${inFigures(counted)}`]]);
  out.line();
}
