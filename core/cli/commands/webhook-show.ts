import type { Command } from "commander";
import type { SourceView } from "../../sources/sources.ts";
import { type Cli, type JsonOption, jsonFlag } from "../cli.ts";
import { connect } from "../client.ts";
import { count, printable, timeUtc } from "../text.ts";

export function webhookShow(webhook: Command, cli: Cli): void {
  webhook
    .command("show")
    .description("show a source; its secrets are never shown")
    .argument("<source>")
    .option(...jsonFlag)
    .action(async (name: string, { json }: JsonOption) => {
      const api = connect(cli.env);
      const source = await api.get<SourceView>(`/api/webhooks/${encodeURIComponent(name)}`);
      if (json === true) return cli.out.json(source);
      const { rate_limit: rate, grouping, secrets, tolerance_seconds: tolerance } = source;
      cli.out.fields([
        ["source", source.source],
        ["state", source.enabled ? "enabled" : "disabled"],
        ["problem", source.problem],
        ["address", `${api.url}/api/webhooks/${source.source}`],
        ["plugin", source.plugin],
        ["signature", source.signature],
        ["secrets", secrets.map(({ created_at }) => `set ${timeUtc(created_at)}`).join(", ") || "none"],
        ["tolerance", tolerance === null ? null : count(tolerance, "second")],
        ["auto-triage", source.auto_triage ? "yes" : "no"],
        ["playbook", source.playbook],
        ["default severity", source.default_severity],
        ["severity mapping", pairs(source.severity_mapping)],
        ["options", pairs(source.options)],
        ["processing", source.processing],
        ["rate limit", rate === null ? null : `${count(rate.requests, "request")} in ${rate.per_seconds} s`],
        ["grouping", grouping ? `${grouping.by.join(", ")} within ${grouping.window}` : null],
        ["kept by", source.origin === "file" ? "the configuration file; it is changed there" : "the API"],
        ["created", timeUtc(source.created_at)],
        ["updated", timeUtc(source.updated_at)],
      ]);
    });
}

function pairs(values: Readonly<Record<string, unknown>>): string {
  return Object.entries(values)
    .map(([name, value]) => printable(`${name}=${typeof value === "string" ? value : JSON.stringify(value)}`))
    .join(", ");
}
