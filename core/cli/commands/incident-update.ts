import type { Command } from "commander";
import type { IncidentChange } from "../../incidents/change.ts";
import { type ChangeOptions, changeIncident, incidentArgument, whyOption } from "../change-incident.ts";
import { type Cli, jsonFlag } from "../cli.ts";
import { collectWhole, parseWholeNumber } from "../values.ts";

interface UpdateOptions extends ChangeOptions {
  readonly status?: string;
  readonly severity?: string;
  readonly verdict?: string | false;
  readonly assignee?: string | false;
  readonly title?: string;
  readonly description?: string | false;
  readonly addTag?: readonly string[];
  readonly removeTag?: readonly string[];
  readonly comment?: string;
  readonly ifVersion?: number;
}

export function incidentUpdate(incident: Command, cli: Cli): void {
  const command = incident
    .command("update")
    .description("change what is said of an incident; no later alert changes that")
    .argument(...incidentArgument)
    .option("--status <status>", "new, in_progress, pending_approval, escalated, resolved or closed")
    .option("--severity <severity>", "critical, high, medium, low or info")
    .option("--verdict <verdict>", "like false_positive")
    .option("--no-verdict", "no verdict any more")
    .option("--assignee <name>", "who works on it")
    .option("--no-assignee", "nobody any more")
    .option("--title <title>", "another title")
    .option("--description <text>", "another description")
    .option("--no-description", "no description any more")
    .option("--add-tag <tag>", "may be repeated", collectWhole)
    .option("--remove-tag <tag>", "may be repeated", collectWhole)
    .option("--comment <text>", "what to say about it")
    .option(...whyOption)
    .option("--if-version <version>", "only if it still has this version", parseWholeNumber)
    .option(...jsonFlag);
  command.action(async (id: string, said: UpdateOptions) => {
    const change = changeIn(said);
    if (Object.keys(change).length === 0) {
      command.error("error: name something to change; tw-cli incident update --help lists what there is");
    }
    await changeIncident(id, change, said, cli, said.ifVersion);
  });
}

/** The fields of the API that were said. A negated option (`--no-verdict`) gives `false`. */
function changeIn(said: UpdateOptions): IncidentChange {
  const { status, severity, title, comment } = said;
  const fields = {
    ...{ status, severity, title, comment },
    verdict: orNull(said.verdict),
    assignee: orNull(said.assignee),
    description: orNull(said.description),
    add_tags: said.addTag,
    remove_tags: said.removeTag,
  };
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}

function orNull<T>(value: T | false): T | null {
  return value === false ? null : value;
}
