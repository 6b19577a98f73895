import { text } from "node:stream/consumers";
import type { Command } from "commander";
import type { WholeIncident } from "../../incidents/incident.ts";
import { incidentArgument } from "../change-incident.ts";
import { type Cli, type JsonOption, jsonFlag } from "../cli.ts";
import { connect } from "../client.ts";

export function incidentComment(incident: Command, cli: Cli): void {
  const command = incident
    .command("comment")
    .description("say something about an incident")
    .argument(...incidentArgument)
    .argument("[text]", "what to say; else standard input says it")
    .option(...jsonFlag);
  command.action(async (id: string, said: string | undefined, { json }: JsonOption) => {
    if (said === undefined && cli.stdin.isTTY)
      command.error("error: say something, as an argument or on standard input");
    const comment = (said ?? (await text(cli.stdin))).trim();
    const path = `/api/incidents/${encodeURIComponent(id)}/comments`;
    const changed = await connect(cli.env).post<WholeIncident>(path, { comment });
    if (json === true) return cli.out.json(changed);
    cli.out.line(`${cli.out.paint("green", "✔")} ${changed.number} has the comment`);
  });
}
