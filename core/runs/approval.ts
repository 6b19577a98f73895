/** What a run asks a person before it goes on. */
export const approvalStates = ["pending", "granted", "denied", "expired"] as const;
export type ApprovalState = (typeof approvalStates)[number];

/** A question to a person; the run waits for the answer. */
export interface Approval {
  readonly id: string;
  readonly run_id: string;
  readonly step: string;
  readonly incident_id: string;
  readonly incident_number: string;
  readonly playbook: string;
  readonly question: string;
  /** What is done when it is granted, for whoever decides. */
  readonly details: Readonly<Record<string, unknown>>;
  readonly state: ApprovalState;
  readonly created_at: string;
  readonly expires_at: string | null;
  readonly decided_at: string | null;
  readonly decided_by: string | null;
  readonly comment: string | null;
}

/** Whether a question that is pending can be answered so: once its time is up, it has expired, and nobody allows it any more. */
export function mayBeDecided(approval: Approval, state: ApprovalState, at: Date): boolean {
  if (approval.state !== "pending") return false;
  return state === "expired" || !isOver(approval, at);
}

/** Whether the time to answer is up. */
export function isOver({ expires_at }: Approval, at: Date): boolean {
  return expires_at !== null && expires_at <= at.toISOString();
}
