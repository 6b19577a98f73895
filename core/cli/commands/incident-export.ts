import type { Command } from "commander";
import type { Cli } from "../cli.ts";
import { connect } from "../client.ts";
import { addIncidentFilters, type IncidentFilters, incidentQueryOf } from "../incident-filters.ts";
import { addTimeOptions } from "../list.ts";

interface Said extends IncidentFilters {
  readonly format: string;
  readonly class?: string;
  readonly since?: string;
  readonly until?: string;
  readonly output?: string;
}

export function incidentExport(incident: Command, cli: Cli): void {
  const command = incident
    .command("export")
    .description("write all incidents that the filters pick, the newest first, one a line")
    .requiredOption("--format <format>", "ocsf, ecs, csv or jsonl")
    .option("--class <class>", "of OCSF: incident_finding (default) or detection_finding")
    .option("--output <file>", "write to this file, once all is there (default: standard output)");
  addTimeOptions(addIncidentFilters(command, cli), cli).action(async (said: Said) => {
    const { format, class: ocsfClass, since, until, output } = said;
    const { runExport } = await import("../export/run.ts");
    await runExport(
      { query: { ...incidentQueryOf(said), since, until, format, class: ocsfClass }, output },
      cli,
      connect(cli.env),
    );
  });
}
