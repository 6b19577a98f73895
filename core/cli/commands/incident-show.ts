import type { Command } from "commander";
import type { FieldChange, TimelineEntry, WholeIncident } from "../../incidents/incident.ts";
import { playbookOf, type TriageView, triageLine } from "../../runs/run.ts";
import { type Cli, type JsonOption, jsonFlag } from "../cli.ts";
import { connect } from "../client.ts";
import type { Output } from "../output.ts";
import { printable, severityFormat, statusFormat, time, timeUtc } from "../text.ts";
import { printSteps, timeOrDash } from "../why.ts";

/** As the API shows it: with a link to its trace, where there is one. */
export type ShownIncident = WholeIncident & { readonly trace_url?: string };

export function incidentShow(incident: Command, cli: Cli): void {
  incident
    .command("show")
    .description("show an incident")
    .argument("<id|number>", "like INC-2026-0001")
    .option("--why", "show instead how it was triaged: each run, step by step, with its reasons")
    .option(...jsonFlag)
    .action(async (id: string, { json, why }: JsonOption & { readonly why?: boolean }) => {
      if (why === true) {
        const triage = await connect(cli.env).get<TriageView>(`/api/incidents/${encodeURIComponent(id)}/triage`);
        if (json === true) cli.out.json(triage);
        else printTriage(triage, cli.out);
        return;
      }
      const found = await connect(cli.env).get<ShownIncident>(`/api/incidents/${encodeURIComponent(id)}`);
      if (json === true) return cli.out.json(found);
      await printIncident(found, cli.out);
    });
}

function printTriage({ incident_number: number, runs, notifications }: TriageView, out: Output): void {
  if (runs.length === 0) out.line(`${number} was not triaged.`);
  for (const run of runs) {
    const { state, reason, asked_by, started_at, steps, verdict } = run;
    out.line(`${out.paint("bold", `${number}  ${playbookOf(run)}`)}  ${state}, ${asked_by}, ${timeOrDash(started_at)}`);
    if (reason !== null) out.line(`  ${printable(reason)}`);
    printSteps(steps, verdict, out);
    out.line();
  }
  for (const { channel, text, state, sent_at, reason } of notifications) {
    const when = sent_at === null ? printable(reason ?? "") : timeOrDash(sent_at);
    out.line(`notification to ${channel}: ${state} ${when}: ${printable(text)}`);
  }
}

export async function printIncident(incident: ShownIncident, out: Output): Promise<void> {
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
    ["triage", text(incident.triage && triageLine(incident.triage))],
    ["type", printable(incident.type)],
    ["source", `${incident.source} (${incident.plugin})`],
    ["external id", text(incident.external_id)],
    ["url", text(incident.url)],
    ["tags", text(incident.tags.join(", "))],
    ["assignee", text(incident.assignee)],
    ["alerts", String(incident.occurrences)],
    ["follows", incident.previous?.incident_number],
    ["merged into", incident.merged_into?.incident_number],
    ["holds", incident.merged.map(({ incident_number }) => incident_number).join(", ")],
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
    ["version", String(incident.version)],
    ["deliveries", incident.deliveries.join(", ")],
    ["trace", incident.trace_url ?? incident.trace_id],
  ]);
  if (incident.description !== null) out.line(`\n${printable(incident.description, { lines: true })}`);
  if (incident.entities.length > 0) {
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
  if (incident.timeline.length === 0) return;
  out.line();
  for (const entry of incident.timeline) out.line(lineOf(entry, out));
}

/** `2026-01-15 10:00:00  analyst:admin  status new → closed (Known sender)`, and a comment below it. */
function lineOf({ at, by, why, changes, comment }: TimelineEntry, out: Output): string {
  const what = changes.map(changeOf).join("; ");
  const head = `${out.paint("dim", time(at))}  ${out.paint("bold", printable(by))}  ${what}${why === null ? "" : ` (${printable(why)})`}`;
  const said = comment === null ? [] : printable(comment, { lines: true }).split("\n");
  return [head.trimEnd(), ...said.map((line) => `    ${line}`)].join("\n");
}

function changeOf({ field, from, to }: FieldChange): string {
  return printable(`${field} ${shown(from)} → ${shown(to)}`);
}

function shown(value: unknown): string {
  if (Array.isArray(value)) return value.join(", ") || "none";
  return typeof value === "string" ? value : "none";
}
