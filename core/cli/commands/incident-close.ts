import type { Verdict } from "@thruway/sdk";
import type { Command } from "commander";
import type { Status } from "../../incidents/incident.ts";
import { type ChangeOptions, changeIncident, incidentArgument, whyOption } from "../change-incident.ts";
import { type Cli, jsonFlag } from "../cli.ts";

interface CloseOptions extends ChangeOptions {
  readonly verdict?: Verdict;
  readonly comment?: string;
}

export function incidentResolve(incident: Command, cli: Cli): void {
  end(incident, cli, "resolve", "resolved", "say that what had to be done about an incident is done");
}

export function incidentClose(incident: Command, cli: Cli): void {
  end(incident, cli, "close", "closed", "close an incident: nothing is left to do");
}

function end(incident: Command, cli: Cli, name: string, status: Status, description: string): void {
  incident
    .command(name)
    .description(description)
    .argument(...incidentArgument)
    .option("--verdict <verdict>", "what it was, like false_positive")
    .option("--comment <text>", "what to say about it")
    .option(...whyOption)
    .option(...jsonFlag)
    .action(async (id: string, { verdict, comment, ...said }: CloseOptions) => {
      const change = { status, ...(verdict && { verdict }), ...(comment && { comment }) };
      await changeIncident(id, change, said, cli);
    });
}
