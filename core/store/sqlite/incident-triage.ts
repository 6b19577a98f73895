/** What triage has to do with the table of incidents. */
import type { IncidentRef } from "../../incidents/incident.ts";
import { newRun } from "../../runs/run.ts";
import type { Database } from "./database.ts";
import type { PackedDraft } from "./packed.ts";
import { startRun } from "./triage.ts";

/** The run that starts with an incident has its id, so that there is one however often this is asked for. */
export function startWith(db: Database, { incident_id, incident_number }: IncidentRef, draft: PackedDraft): void {
  const { playbook } = JSON.parse(draft.triage ?? "{}") as { playbook: string | null };
  const { created_at } = JSON.parse(draft.json) as { created_at: string };
  startRun(db, newRun({ id: incident_id, incident_id, incident_number, playbook, asked_by: "auto", created_at }));
}

/** The newest run of an incident in a statement, in short. One that is not begun is short itself. @param table of the incident */
export function newestRun(table: string): string {
  return `(SELECT coalesce(short, run) FROM triage_runs WHERE rowid =
    (SELECT max(rowid) FROM triage_runs WHERE incident = ${table}.id))`;
}

/** What belongs to an incident goes with it. */
export function pruneTriage(db: Database, incident: string): void {
  for (const table of ["triage_runs", "approvals", "outbox"])
    db.run(`DELETE FROM ${table} WHERE incident = ?`, incident);
}
