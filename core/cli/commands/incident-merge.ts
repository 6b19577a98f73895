import type { Command } from "commander";
import type { WholeIncident } from "../../incidents/incident.ts";
import { type ChangeOptions, incidentArgument, whyOption } from "../change-incident.ts";
import { type Cli, jsonFlag } from "../cli.ts";
import { connect } from "../client.ts";

export function incidentMerge(incident: Command, cli: Cli): void {
  incident
    .command("merge")
    .description("merge an incident into another one, which then shows what both hold")
    .argument(...incidentArgument)
    .argument("<into>", "the other one")
    .option(...whyOption)
    .option(...jsonFlag)
    .action((id: string, into: string, said: ChangeOptions) => place(id, "merge", { into }, said, cli));
}

export function incidentSplit(incident: Command, cli: Cli): void {
  incident
    .command("split")
    .description("take a merged incident out again, as if it had never been merged")
    .argument(...incidentArgument)
    .option(...whyOption)
    .option(...jsonFlag)
    .action((id: string, said: ChangeOptions) => place(id, "split", {}, said, cli));
}

async function place(
  id: string,
  how: "merge" | "split",
  body: { readonly into?: string },
  { why, json = false }: ChangeOptions,
  cli: Cli,
): Promise<void> {
  const path = `/api/incidents/${encodeURIComponent(id)}/${how}`;
  const placed = await connect(cli.env).post<WholeIncident>(path, { ...body, ...(why && { why }) });
  if (json) return cli.out.json(placed);
  const where = placed.merged_into === null ? "is by itself" : `is merged into ${placed.merged_into.incident_number}`;
  cli.out.line(`${cli.out.paint("green", "✔")} ${placed.number} ${where}`);
}
