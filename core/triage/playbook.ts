/** What a playbook is: as it is written, and as it is run. */
import type { Severity } from "@thruway/sdk";
import type { CoreAction } from "./actions/action.ts";
import type { Expression } from "./expression.ts";
import type { Fill } from "./template.ts";

/** A playbook as its file says it, with what it extends in it; plain JSON. */
export interface Definition {
  readonly name: string;
  readonly version: string;
  readonly description?: string;
  readonly triggers?: Triggers;
  readonly variables?: Readonly<Record<string, unknown>>;
  readonly steps?: readonly StepDefinition[];
  readonly verdict?: VerdictDefinition;
}

export interface Triggers {
  readonly sources?: readonly string[];
  readonly types?: readonly string[];
  readonly severities?: readonly Severity[];
}

export interface StepDefinition {
  readonly name?: string;
  readonly condition?: string;
  readonly action?: string;
  readonly parameters?: Readonly<Record<string, unknown>>;
  readonly output?: string;
  readonly timeout?: string;
  readonly on_error?: "fail" | "continue" | { readonly retry: RetryDefinition; readonly then?: "fail" | "continue" };
  readonly then?: readonly StepDefinition[];
  readonly else?: readonly StepDefinition[];
  readonly parallel?: readonly StepDefinition[];
}

interface RetryDefinition {
  readonly times: number;
  readonly backoff?: string;
}

export interface RuleDefinition {
  readonly when?: string;
  readonly verdict: string;
  readonly confidence?: number;
  readonly reason?: string;
  readonly then?: readonly StepDefinition[];
}

export interface VerdictDefinition {
  readonly rules?: readonly RuleDefinition[];
  readonly otherwise?: string | RuleDefinition;
}

// ---- compiled

export interface Playbook {
  readonly definition: Definition;
  readonly name: string;
  readonly version: string;
  readonly steps: readonly Step[];
  readonly rules: readonly Rule[];
  readonly otherwise: Rule | undefined;
}

interface StepBase {
  /** Its name, or its place: what the journal knows it by. */
  readonly id: string;
  readonly condition: Expression | undefined;
  readonly onError: OnError;
}

export interface OnError {
  readonly retries: number;
  readonly backoffMs: number;
  readonly then: "fail" | "continue";
}

export interface ActionStep extends StepBase {
  readonly kind: "action";
  readonly action: CoreAction;
  readonly parameters: Fill;
  readonly output: string | undefined;
  readonly timeoutMs: number;
}

export interface BranchStep extends StepBase {
  readonly kind: "branch";
  readonly then: readonly Step[];
  readonly else: readonly Step[];
}

export interface ParallelStep extends StepBase {
  readonly kind: "parallel";
  readonly steps: readonly Step[];
}

export type Step = ActionStep | BranchStep | ParallelStep;

export interface Rule {
  readonly id: string;
  /** Absent of the one that stands where no other does. */
  readonly when: Expression | undefined;
  readonly verdict: Fill;
  readonly confidence: number | undefined;
  readonly reason: Fill;
  readonly then: readonly Step[];
}
