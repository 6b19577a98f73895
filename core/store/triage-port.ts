/** What triage asks of a store: runs and messages that are worked off by a lease, questions to people, playbooks. */
import type { Approval, ApprovalState } from "../runs/approval.ts";
import type { StoredMessage } from "../runs/message.ts";
import type { StoredRun } from "../runs/run.ts";

/** A run that a worker has for as long as its lease lasts. */
export interface ClaimedRun {
  readonly run: StoredRun;
  /** Rises with every claim: it fences off a worker that lost its lease. */
  readonly epoch: number;
  /** How often it was claimed since something of it was written down. */
  readonly attempts: number;
}

export interface ClaimedMessage {
  readonly message: StoredMessage;
  readonly epoch: number;
  readonly attempts: number;
}

export interface Decision {
  readonly state: Exclude<ApprovalState, "pending">;
  readonly by: string;
  readonly comment: string | null;
  readonly at: Date;
}

export interface StoredPlaybook {
  readonly name: string;
  readonly version: string;
  readonly text: string;
  readonly created_at: string;
}

/** Newest first: an approval's id begins with that of its run, which carries its time. */
export interface ApprovalQuery {
  readonly limit: number;
  /** The id that the page before ended with. */
  readonly after?: string;
  readonly state?: readonly ApprovalState[];
}

export interface ApprovalPage {
  readonly data: readonly Approval[];
  readonly next: string | undefined;
}

export interface TriageStore {
  /** Adds a run that is due at once. `false` where there is one of that id. */
  start(run: StoredRun): Promise<boolean>;
  /** Leases up to `limit` runs that are due, the oldest due first. */
  claim(limit: number, now: Date, leaseMs: number): Promise<readonly ClaimedRun[]>;
  /** Writes what became of a claimed run, due again at `due`, `null` for never. `false` where the lease was lost. */
  save(run: StoredRun, epoch: number, due: Date | null): Promise<boolean>;
  /** Prolongs a lease. `false` where it was lost, or the run is over. */
  renew(id: string, epoch: number, due: Date): Promise<boolean>;
  get(id: string): Promise<StoredRun | undefined>;
  /** Of an incident, the newest first; at most 50. */
  runsOf(incidentId: string): Promise<readonly StoredRun[]>;

  /** Asks once: the question of that id as it stands, which is this one where there was none. */
  ask(approval: Approval): Promise<Approval>;
  approval(id: string): Promise<Approval | undefined>;
  approvals(query: ApprovalQuery): Promise<ApprovalPage>;
  /** Decides what is pending, and makes its run due. `undefined` where it is not, or its time is up. */
  decide(id: string, decision: Decision): Promise<Approval | undefined>;

  /** Adds a message that is due at once. `false` where there is one of that id. */
  post(message: StoredMessage): Promise<boolean>;
  /** The channels that have a message that is due. */
  dueChannels(now: Date): Promise<readonly string[]>;
  /** Leases up to `limit` messages of a channel that are due, the oldest due first: so one channel holds up no other. */
  claimMessages(channel: string, limit: number, now: Date, leaseMs: number): Promise<readonly ClaimedMessage[]>;
  /** Writes what became of a claimed message, due again at `due`. `false` where the lease was lost. */
  saveMessage(message: StoredMessage, epoch: number, due: Date | null): Promise<boolean>;
  /** Removes a claimed message. `false` where the lease was lost. */
  removeMessage(id: string, epoch: number): Promise<boolean>;
  messagesOf(incidentId: string): Promise<readonly StoredMessage[]>;

  /** Every version of every playbook, in the order in which they were put. */
  playbooks(): Promise<readonly StoredPlaybook[]>;
  /** A text that is another one after every change of any playbook. Cheap: every gateway asks each second. */
  playbooksRevision(): Promise<string>;
  /** `false` where this version is there already. */
  putPlaybook(playbook: StoredPlaybook): Promise<boolean>;
  /** Removes every version. `false` where there was none. */
  removePlaybook(name: string): Promise<boolean>;
}
