/** What is stored of a triage run, step by step: it reads as an explanation. Names stand on the wire, times are ISO 8601. */
import type { Verdict } from "@thruway/sdk/alert";
import type { StoredMessage } from "./message.ts";

/** `queued` until a worker has ended it, also while one is at it; `waiting` for an approval. */
export const runStates = ["queued", "waiting", "done", "failed"] as const;
export type RunState = (typeof runStates)[number];

export const stepStates = ["begun", "waiting", "done", "skipped", "failed"] as const;
export type StepState = (typeof stepStates)[number];

export interface StepRecord {
  readonly id: string;
  readonly kind: "action" | "branch" | "verdict";
  readonly action: string | null;
  readonly state: StepState;
  /** Why it was skipped or failed, what it waits for, which way a branch went. */
  readonly why: string | null;
  /** Sensitive ones masked. */
  readonly parameters: Readonly<Record<string, unknown>> | null;
  readonly output: Readonly<Record<string, unknown>> | null;
  readonly tries: number;
  readonly started_at: string;
  readonly ms: number;
}

/** A rule that was asked, in its order. */
export interface RuleRecord {
  readonly when: string | null;
  readonly holds: boolean;
  /** Why it could not be told. */
  readonly error?: string;
}

export interface RunVerdict {
  readonly verdict: Verdict;
  readonly confidence: number | null;
  readonly reason: string;
  readonly rules: readonly RuleRecord[];
  /** Whether the incident got it: not where somebody decided otherwise meanwhile. */
  readonly applied: boolean;
}

export interface Run {
  readonly id: string;
  readonly incident_id: string;
  readonly incident_number: string;
  /** The one that the source or whoever asked names; once it has begun, the one that was chosen. */
  readonly playbook: string | null;
  readonly version: string | null;
  /** `auto`, or who asked for it. */
  readonly asked_by: string;
  readonly state: RunState;
  /** How often a worker has begun or gone on with it. */
  readonly attempts: number;
  readonly created_at: string;
  readonly started_at: string | null;
  readonly ended_at: string | null;
  readonly steps: readonly StepRecord[];
  readonly verdict: RunVerdict | null;
  /** Why it failed, or did nothing. */
  readonly reason: string | null;
}

/** A run as the store has it: what is not shown besides. */
export interface StoredRun extends Run {
  /** The playbook as it was when the run began: a run ends as it has begun, whatever becomes of the file. */
  readonly plan: object | null;
  /** The verdict that the incident had then. */
  readonly verdict_before: Verdict | null;
}

/** What an incident says of its newest run. */
export interface TriageSummary {
  readonly run_id: string;
  readonly playbook: string | null;
  readonly version: string | null;
  readonly state: RunState;
  /** That the run came to, whether or not the incident got it. */
  readonly verdict: Verdict | null;
  readonly confidence: number | null;
  /** Of the verdict; of a run that failed or did nothing, why. */
  readonly reason: string | null;
  readonly ended_at: string | null;
}

/** What `GET /api/incidents/:id/triage` says: why an incident is what it is. */
export interface TriageView {
  readonly incident_id: string;
  readonly incident_number: string;
  /** The newest first. */
  readonly runs: readonly Run[];
  readonly notifications: readonly Omit<StoredMessage, "data" | "body">[];
}

/** A run as it may be shown. */
export function shownRun({ plan: _, verdict_before: __, ...run }: StoredRun): Run {
  return run;
}

/** A run in short. */
export function summaryOf({ id, playbook, version, state, verdict, reason, ended_at }: Run): TriageSummary {
  return {
    run_id: id,
    playbook,
    version,
    state,
    verdict: verdict?.verdict ?? null,
    confidence: verdict?.confidence ?? null,
    reason: reason ?? verdict?.reason ?? null,
    ended_at,
  };
}

/** `phishing_triage 1: true_positive (0.95), done` */
export function triageLine(run: TriageSummary): string {
  const { verdict, confidence, reason, state } = run;
  const sure = confidence === null ? "" : ` (${confidence})`;
  const result = verdict === null ? reason : `${verdict}${sure}`;
  return `${playbookOf(run)}${result === null ? "" : `: ${result}`}, ${state}`;
}

/** `phishing_triage 1` */
export function playbookOf({ playbook, version }: Pick<Run, "playbook" | "version">): string {
  return playbook === null ? "no playbook" : `${playbook} ${version ?? ""}`.trim();
}

/** A run without what makes it long. Stores keep it beside the whole one, so that lists of incidents read no more than this. */
export function shortRun(run: StoredRun): StoredRun {
  return { ...run, steps: [], verdict: run.verdict && { ...run.verdict, rules: [] }, plan: null };
}

/** A run of which nothing has happened yet. */
export function newRun(
  given: Pick<Run, "id" | "incident_id" | "incident_number" | "playbook" | "asked_by" | "created_at">,
): StoredRun {
  return {
    ...given,
    version: null,
    state: "queued",
    attempts: 0,
    started_at: null,
    ended_at: null,
    steps: [],
    verdict: null,
    reason: null,
    plan: null,
    verdict_before: null,
  };
}
