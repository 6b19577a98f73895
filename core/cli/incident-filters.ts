import type { Command } from "commander";
import type { Cli } from "./cli.ts";
import type { Query } from "./client.ts";
import { collectValues, collectWhole, parseTime } from "./values.ts";

/** Everything on which incidents are filtered, but for the time of their making. */
export interface IncidentFilters {
  readonly search?: string;
  readonly source?: string;
  readonly plugin?: string;
  readonly severity?: readonly string[];
  readonly status?: readonly string[];
  readonly verdict?: readonly string[];
  readonly assignee?: string;
  readonly type?: string;
  readonly tag?: readonly string[];
  readonly entity?: readonly string[];
  readonly externalId?: string;
  readonly updatedSince?: string;
  readonly updatedUntil?: string;
  readonly occurredSince?: string;
  readonly occurredUntil?: string;
  readonly includeTests?: boolean;
}

export function addIncidentFilters(command: Command, cli: Cli): Command {
  const readTime = (text: string): string => parseTime(text, cli.now());
  return command
    .option("--search <words>", "that hold all these words")
    .option("--source <source>", "of this source")
    .option("--plugin <plugin>", "that this plugin understood")
    .option("--severity <severity>", "critical, high, medium, low or info; may be repeated", collectValues)
    .option(
      "--status <status>",
      "new, in_progress, pending_approval, escalated, resolved or closed; may be repeated",
      collectValues,
    )
    .option("--verdict <verdict>", "like false_positive, or none; may be repeated", collectValues)
    .option("--assignee <name>", "that this one works on; none: nobody")
    .option("--type <type>", "like phishing")
    .option("--tag <tag>", "with this tag; may be repeated", collectWhole)
    .option("--entity <entity>", "like 192.0.2.7, or ip:192.0.2.7; may be repeated", collectWhole)
    .option("--external-id <id>", "of the vendor's alert")
    .option("--updated-since <time>", "changed last at or after", readTime)
    .option("--updated-until <time>", "changed last before", readTime)
    .option("--occurred-since <time>", "happened at or after", readTime)
    .option("--occurred-until <time>", "happened before", readTime)
    .option("--include-tests", "also those that test events made");
}

/** As the API wants it. */
export function incidentQueryOf(filters: IncidentFilters): Query {
  const { search, source, plugin, severity, status, verdict, assignee, type, tag, entity } = filters;
  return {
    ...{ search, source, plugin, severity, status, verdict, assignee, type },
    // Their values may hold commas.
    ...{ tag: tag && { each: tag }, entity: entity && { each: entity } },
    external_id: filters.externalId,
    updated_since: filters.updatedSince,
    updated_until: filters.updatedUntil,
    occurred_since: filters.occurredSince,
    occurred_until: filters.occurredUntil,
    include_tests: filters.includeTests,
  };
}
