import { durationMs } from "../../duration.ts";
import type { Approval } from "../../runs/approval.ts";
import { type CoreContext, Waiting } from "./action.ts";

export const longestWaitMs = 30 * 86_400_000;

/**
 * Asks a person, once for each step, however often it is begun.
 *
 * @returns what was decided. @throws {Waiting} where nothing is decided yet
 */
export async function approved(
  question: string,
  details: Readonly<Record<string, unknown>>,
  expires: string,
  context: CoreContext,
): Promise<Approval> {
  const { ports, now, key, runId, step, playbook, incidentId, by, incident } = context;
  const expiresAt = new Date(now.getTime() + (durationMs(expires) ?? longestWaitMs));
  const approval = await ports.approvals.ask({
    id: key,
    run_id: runId,
    step,
    incident_id: incidentId,
    incident_number: String(incident.number),
    playbook,
    question,
    details,
    state: "pending",
    created_at: now.toISOString(),
    expires_at: expiresAt.toISOString(),
    decided_at: null,
    decided_by: null,
    comment: null,
  });
  if (approval.state !== "pending") {
    if (incident.status === "pending_approval") {
      const why = `${approval.state} by ${approval.decided_by}`;
      const about = { by, at: now, why, key: `${key}:decided` };
      await ports.incidents.change(incidentId, { status: "in_progress" }, about);
    }
    return approval;
  }
  if (incident.status !== "pending_approval") {
    await ports.incidents.change(incidentId, { status: "pending_approval" }, { by, at: now, why: question, key });
  }
  throw new Waiting(approval);
}
