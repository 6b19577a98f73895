import type { Action, ActionContext } from "@thruway/sdk";
import type { Approval } from "../../runs/approval.ts";
import type { TriagePorts } from "../ports.ts";

/** What the actions of the core reach besides what a plugin's may know. */
export interface CoreContext extends ActionContext {
  readonly ports: TriagePorts;
  readonly incidentId: string;
  /** Who acts, for the timeline: `playbook:phishing_triage`. */
  readonly by: string;
  readonly playbook: string;
  readonly runId: string;
  readonly step: string;
  /** The same whenever this step is begun again: what is done outside under it is done once. */
  readonly key: string;
}

export type CoreAction = Action<CoreContext>;

/** Thrown by an action that cannot go on before somebody has decided. */
export class Waiting extends Error {
  override readonly name = "Waiting";
  readonly approval: Approval;

  constructor(approval: Approval) {
    super(`waits for approval ${approval.id}`);
    this.approval = approval;
  }
}
