import type { IncidentChange } from "../incidents/change.ts";
import type { WholeIncident } from "../incidents/incident.ts";
import type { Cli } from "./cli.ts";
import { connect } from "./client.ts";
import { printable } from "./text.ts";

/** What every command that changes an incident takes. */
export interface ChangeOptions {
  readonly why?: string;
  readonly json?: boolean;
}

export const whyOption = ["--why <reason>", "the reason, for the timeline"] as const;
export const incidentArgument = ["<id|number>", "like INC-2026-0001"] as const;

/**
 * Changes an incident, and prints what it is then.
 *
 * @param version that it must still have
 */
export async function changeIncident(
  id: string,
  change: IncidentChange,
  { why, json = false }: ChangeOptions,
  cli: Cli,
  version?: number,
): Promise<void> {
  const path = `/api/incidents/${encodeURIComponent(id)}`;
  const changed = await connect(cli.env).patch<WholeIncident>(path, { ...change, ...(why && { why }) }, version);
  if (json) return cli.out.json(changed);
  const { number, status, severity, verdict, assignee } = changed;
  const state = [status, severity, verdict, assignee && `assigned to ${assignee}`].filter(Boolean).join(", ");
  cli.out.line(`${cli.out.paint("green", "✔")} ${number} is ${printable(state)}`);
}
