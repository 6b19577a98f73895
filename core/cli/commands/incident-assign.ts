import type { Command } from "commander";
import { type ChangeOptions, changeIncident, incidentArgument, whyOption } from "../change-incident.ts";
import { type Cli, jsonFlag } from "../cli.ts";

export function incidentAssign(incident: Command, cli: Cli): void {
  const command = incident
    .command("assign")
    .description("say who works on an incident")
    .argument(...incidentArgument)
    .argument("[name]", "of the analyst")
    .option("--nobody", "take it away from whoever has it")
    .option(...whyOption)
    .option(...jsonFlag);
  command.action(async (id: string, name: string | undefined, said: ChangeOptions & { readonly nobody?: boolean }) => {
    if ((name === undefined) === (said.nobody !== true)) command.error("error: name an analyst, or add --nobody");
    await changeIncident(id, { assignee: name ?? null }, said, cli);
  });
}
