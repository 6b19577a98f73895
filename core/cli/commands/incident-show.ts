import type { Command } from "commander";
import type { Incident } from "../../incidents/incident.ts";
import { type Cli, type JsonOption, jsonFlag } from "../cli.ts";
import { connect } from "../client.ts";
import type { Output } from "../output.ts";
import { printable, severityFormat, statusFormat, timeUtc } from "../text.ts";

/** As the API shows it: with a link to its trace, where there is one. */
type ShownIncident = Incident & { readonly trace_url?: string };

export function incidentShow(incident: Command, cli: Cli): void {
  incident
    .command("show")
    .description("show an incident")
    .argument("<id|number>", "like INC-2026-0001")
    .option(...jsonFlag)
    .action(async (id: string, { json }: JsonOption) => {
      const found = await connect(cli.env).get<ShownIncident>(`/api/incidents/${encodeURIComponent(id)}`);
      if (json === true) return cli.out.json(found);
      await printIncident(found, cli.out);
    });
}

async function printIncident(incident: ShownIncident, out: Output): Promise<void> {
  const { severity, vendor_severity: vendors, status, mitre } = incident;
  const text = (value: string | null): string | null => value && printable(value);
  out.line(out.paint("bold", `${incident.number}  ${printable(incident.title)}`));
  out.line();
  out.fields([
    [
      "severity",
      out.paint(severityFormat[severity], severity) +
        (vendors === null ? "" : ` (the sender's: ${printable(vendors)})`),
    ],
    ["status", out.paint(statusFormat[status], status)],
    ["verdict", incident.verdict],
    ["type", printable(incident.type)],
    ["source", `${incident.source} (${incident.plugin})`],
    ["external id", text(incident.external_id)],
    ["url", text(incident.url)],
    ["tags", text(incident.tags.join(", "))],
    ["assignee", text(incident.assignee)],
    ["alerts", String(incident.occurrences)],
    ["occurred", timeUtc(incident.occurred_at)],
    ["first seen", timeUtc(incident.first_seen_at)],
    ["last seen", timeUtc(incident.last_seen_at)],
    ["received", timeUtc(incident.received_at)],
    ["updated", timeUtc(incident.updated_at)],
    [
      "mitre",
      mitre
        .map(({ id, tactic, technique }) => printable([id, technique ?? tactic].filter(Boolean).join(" ")))
        .join(", "),
    ],
    ["id", incident.id],
    ["deliveries", incident.deliveries.join(", ")],
    ["trace", incident.trace_url ?? incident.trace_id],
  ]);
  if (incident.description !== null) out.line(`\n${printable(incident.description, { lines: true })}`);
  if (incident.entities.length === 0) return;
  out.line();
  await out.table(
    [
      { head: "ENTITY", value: ({ type }) => type },
      { head: "ROLE", value: ({ role }) => role },
      { head: "VALUE", value: ({ value }) => value },
    ],
    incident.entities,
  );
}
