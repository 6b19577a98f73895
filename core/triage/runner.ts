/** Runs a playbook: steps in their order, each written down before and after, so that it goes on where it was. */
import { setTimeout as pause } from "node:timers/promises";
import type { Severity, Verdict } from "@thruway/sdk/alert";
import { verdicts } from "@thruway/sdk/alert";
import { messageOf } from "../errors.ts";
import type { Incident } from "../incidents/incident.ts";
import type { RuleRecord, RunVerdict, StepRecord } from "../runs/run.ts";
import { hasSensitive, masked, maskOptions } from "../sources/options.ts";
import { type CoreContext, Waiting } from "./actions/action.ts";
import { longestBackoffMs, longestRunMs } from "./limits.ts";
import type { ActionStep, BranchStep, Playbook, Rule, Step } from "./playbook.ts";
import type { ChangeContext, IncidentChange, TriagePorts } from "./ports.ts";
import { bounded } from "./values.ts";
import { type Given, givenIn, viewOf } from "./view.ts";

/** What a run knows when it begins, or goes on. */
export interface Beginning {
  readonly runId: string;
  readonly playbook: Playbook;
  readonly incident: Incident;
  /** The verdict that it had when the run began. */
  readonly verdictBefore: Verdict | null;
  /** Parsed, the newest first. */
  readonly payloads: readonly unknown[];
  /** What was written down of it before. */
  readonly steps: readonly StepRecord[];
  readonly verdict: RunVerdict | null;
}

/** Where a run is written down; each write is safe before it goes on. @throws where somebody else has the run now */
export interface Journal {
  write(steps: readonly StepRecord[], verdict: RunVerdict | null): Promise<void>;
}

/** @param step its id */
export type Around = <T>(step: string, action: string, work: () => Promise<T>) => Promise<T>;

export interface RunnerDependencies {
  readonly ports: TriagePorts;
  readonly journal: Journal;
  readonly now: () => Date;
  /** Milliseconds that only ever rise. */
  readonly clock: () => number;
  /** Ends the wait before another try, and with it the run for now: what it did is written down. */
  readonly stop?: AbortSignal;
  /** Does what a step does, for whoever traces. */
  readonly around?: Around;
}

export type Ended = {
  readonly state: "done" | "failed" | "waiting";
  readonly reason: string | null;
  readonly steps: readonly StepRecord[];
  readonly verdict: RunVerdict | null;
  /** The severity that the incident has in the end. */
  readonly severity: Severity;
  readonly incident: Incident;
};

/** Runs a playbook from where it was to its end, or to where it has to wait. @throws what the journal throws; `AbortError` once it is stopped */
export async function runPlaybook(beginning: Beginning, deps: RunnerDependencies): Promise<Ended> {
  return new Runner(beginning, deps).run();
}

/** A step failed whose `on_error` says that the run does too. */
class StepFailed extends Error {
  override readonly name = "StepFailed";
}

/** Who writes the run down could not: it is nobody's step that failed. */
class JournalFailed extends Error {
  override readonly name = "JournalFailed";
}

type Went = "on" | "waits";

class Runner {
  readonly #deps: RunnerDependencies;
  readonly #beginning: Beginning;
  readonly #steps: Map<string, StepRecord>;
  readonly #outputs: Record<string, unknown> = {};
  readonly #startedAt: number;
  readonly #by: string;
  readonly #given: Given;
  #incident: Incident;
  #view: Readonly<Record<string, unknown>>;
  #verdict: RunVerdict | null;
  #own: Verdict | null;
  #writing: Promise<void> = Promise.resolve();

  constructor(beginning: Beginning, deps: RunnerDependencies) {
    this.#beginning = beginning;
    this.#deps = deps;
    this.#steps = new Map(beginning.steps.map((step) => [step.id, step]));
    this.#startedAt = deps.clock();
    this.#by = `playbook:${beginning.playbook.name}`;
    this.#incident = beginning.incident;
    this.#given = givenIn(beginning.incident);
    this.#view = viewOf(beginning.incident, beginning.payloads, this.#given);
    this.#verdict = beginning.verdict;
    this.#own = beginning.verdictBefore;
  }

  async run(): Promise<Ended> {
    const { playbook } = this.#beginning;
    try {
      if ((await this.#all(playbook.steps)) === "waits") return this.#ended("waiting", null);
      if ((await this.#judge()) === "waits") return this.#ended("waiting", null);
      return this.#ended("done", null);
    } catch (error) {
      if (error instanceof StepFailed) return this.#ended("failed", error.message);
      throw error instanceof JournalFailed ? error.cause : error;
    }
  }

  #ended(state: Ended["state"], reason: string | null): Ended {
    const incident = this.#incident;
    return {
      state,
      reason,
      steps: [...this.#steps.values()],
      verdict: this.#verdict,
      severity: incident.severity,
      incident,
    };
  }

  async #all(steps: readonly Step[]): Promise<Went> {
    for (const step of steps) if ((await this.#one(step)) === "waits") return "waits";
    return "on";
  }

  async #one(step: Step): Promise<Went> {
    if (step.kind === "branch") return this.#branch(step);
    if (step.kind === "action") return this.#action(step);
    const ends = await Promise.allSettled(step.steps.map((each) => this.#one(each)));
    for (const end of ends) if (end.status === "rejected") throw end.reason;
    return ends.some((end) => end.status === "fulfilled" && end.value === "waits") ? "waits" : "on";
  }

  async #branch(step: BranchStep): Promise<Went> {
    const known = this.#steps.get(step.id);
    let taken = known?.output?.taken;
    if (known === undefined) {
      const since = this.#begin();
      const record = { id: step.id, kind: "branch", action: null, parameters: null, tries: 1 } as const;
      try {
        const asked = async (): Promise<boolean> => step.condition?.evaluate(this.#values()) ?? true;
        const holds = await this.#around(step.id, "condition", asked);
        taken = holds ? "then" : "else";
        const why = `${step.condition?.source} is ${holds}`;
        await this.#write({ ...record, state: "done", why, output: { taken }, ...since() });
      } catch (error) {
        if (error instanceof JournalFailed) throw error;
        await this.#fails({ ...record, state: "failed", why: messageOf(error), output: null, ...since() }, step);
      }
    } else if (known.state === "failed") this.#again(known, step);
    if (taken === "then") return this.#all(step.then);
    return taken === "else" ? this.#all(step.else) : "on";
  }

  async #action(step: ActionStep): Promise<Went> {
    const known = this.#steps.get(step.id);
    if (known?.state === "failed") this.#again(known, step);
    const isOver = known?.state === "done" || known?.state === "skipped" || known?.state === "failed";
    const isHidden = known?.state === "done" && step.action.sensitive.length > 0;
    if (isOver && !isHidden) {
      if (step.output !== undefined && known.output !== null) this.#outputs[step.output] = known.output;
      return "on";
    }
    const since = this.#begin();
    const record = { id: step.id, kind: "action", action: step.action.name } as const;
    const nothing = { parameters: null, output: null, tries: 0 };
    if (known === undefined && step.condition !== undefined) {
      try {
        if (!step.condition.evaluate(this.#values())) {
          const why = `${step.condition.source} is false`;
          await this.#write({ ...record, ...nothing, state: "skipped", why, ...since() });
          return "on";
        }
      } catch (error) {
        if (error instanceof JournalFailed) throw error;
        await this.#fails({ ...record, ...nothing, state: "failed", why: messageOf(error), ...since() }, step);
        return "on";
      }
    }
    return this.#try(step, { ...record, parameters: known?.parameters ?? null }, since);
  }

  async #try(
    step: ActionStep,
    record: Pick<StepRecord, "id" | "kind" | "action" | "parameters">,
    since: () => Pick<StepRecord, "started_at" | "ms">,
  ): Promise<Went> {
    const { retries, backoffMs } = step.onError;
    let parameters: Readonly<Record<string, unknown>> = {};
    for (let tries = 1; ; tries += 1) {
      try {
        parameters = this.#parameters(step, record.parameters);
        const shown = { ...record, parameters: shownParameters(step, parameters) };
        if (tries === 1) await this.#write({ ...shown, state: "begun", why: null, output: null, tries, ...since() });
        const output = await this.#acted(step, parameters);
        if (step.output !== undefined) this.#outputs[step.output] = output;
        const ended = { state: "done", why: null, output: withoutSecrets(output, step), tries } as const;
        await this.#write({ ...shown, ...ended, ...since() });
        return "on";
      } catch (error) {
        if (error instanceof JournalFailed) throw error;
        const failed = { ...record, parameters: shownParameters(step, parameters), output: null, tries, ...since() };
        if (error instanceof Waiting) {
          await this.#write({ ...failed, state: "waiting", why: error.message });
          return "waits";
        }
        if (tries <= retries && this.#isInTime()) {
          const { stop: signal } = this.#deps;
          await pause(Math.min(backoffMs * 2 ** (tries - 1), longestBackoffMs), undefined, { signal });
          continue;
        }
        await this.#fails({ ...failed, state: "failed", why: messageOf(error) }, step);
        return "on";
      }
    }
  }

  /** To wait for somebody is not to fail. */
  async #acted(
    step: ActionStep,
    parameters: Readonly<Record<string, unknown>>,
  ): Promise<Readonly<Record<string, unknown>>> {
    const act = (): Promise<Readonly<Record<string, unknown>> | Waiting> =>
      this.#act(step, parameters).catch((error: unknown) => {
        if (error instanceof Waiting) return error;
        throw error;
      });
    const acted = await this.#around(step.id, step.action.name, act);
    if (acted instanceof Waiting) throw acted;
    return acted;
  }

  #around<T>(step: string, action: string, work: () => Promise<T>): Promise<T> {
    const { around } = this.#deps;
    return around === undefined ? work() : around(step, action, work);
  }

  /** What was begun goes on as it was begun, whatever its templates would say by now; secrets alone are not written down. */
  #parameters(step: ActionStep, begun: StepRecord["parameters"]): Readonly<Record<string, unknown>> {
    const isWhole = begun !== null && !hasSensitive(step.action.parameters);
    const { error, value } = step.action.parameters.validate(isWhole ? begun : step.parameters(this.#values()), {
      errors: { wrap: { label: false } },
    });
    if (error) throw new Error(error.message);
    return value as Readonly<Record<string, unknown>>;
  }

  async #act(
    step: ActionStep,
    parameters: Readonly<Record<string, unknown>>,
  ): Promise<Readonly<Record<string, unknown>>> {
    if (!this.#isInTime()) throw new Error(`the run has taken more than ${longestRunMs / 60_000} minutes`);
    const over = new AbortController();
    const context: CoreContext = {
      ports: this.#ports(),
      incident: this.#view,
      payloads: this.#beginning.payloads,
      now: this.#deps.now(),
      signal: over.signal,
      incidentId: this.#incident.id,
      by: this.#by,
      playbook: this.#beginning.playbook.name,
      runId: this.#beginning.runId,
      step: step.id,
      key: `${this.#beginning.runId}:${step.id}`,
    };
    const late = pause(step.timeoutMs, undefined, { ref: false, signal: over.signal }).then(() => {
      throw new Error(`it took more than ${step.timeoutMs / 1_000} s`);
    });
    try {
      const output = await Promise.race([step.action.run(parameters, context), late]);
      return { ...(bounded(output) as object), ok: true };
    } finally {
      over.abort();
      late.catch(() => {});
    }
  }

  /** The incident is looked at anew after each change. */
  #ports(): TriagePorts {
    const { ports } = this.#deps;
    const change = async (id: string, given: IncidentChange, context: ChangeContext): Promise<Incident> => {
      const changed = await ports.incidents.change(id, given, context);
      if (given.verdict !== undefined) this.#own = given.verdict;
      this.#see(changed);
      return changed;
    };
    return { ...ports, incidents: { get: (id) => ports.incidents.get(id), change } };
  }

  #see(incident: Incident): void {
    this.#incident = incident;
    this.#view = viewOf(incident, this.#beginning.payloads, this.#given);
  }

  // ---- the verdict

  async #judge(): Promise<Went> {
    const { rules, otherwise } = this.#beginning.playbook;
    if (rules.length === 0 && otherwise === undefined) return "on";
    const known = this.#verdict;
    const rule =
      known === null
        ? undefined
        : [...rules, otherwise].find((each) => each?.id === this.#steps.get("verdict")?.action);
    if (known !== null) return rule === undefined ? "on" : this.#all(rule.then);

    const since = this.#begin();
    const asked: RuleRecord[] = [];
    const holding = rules.find((each) => this.#holds(each, asked)) ?? otherwise;
    if (holding === undefined) return "on";
    const record = { id: "verdict", kind: "verdict", action: holding.id, parameters: null, tries: 1 } as const;
    try {
      const verdict = await this.#around(record.id, holding.id, () => this.#apply(holding, asked));
      this.#verdict = verdict;
      const { reason } = verdict;
      await this.#write({ ...record, state: "done", why: reason, output: null, ...since() });
    } catch (error) {
      if (error instanceof JournalFailed) throw error;
      const failed = { ...record, state: "failed", why: messageOf(error), output: null, ...since() } as const;
      await this.#fails(failed, { id: "verdict", onError: { retries: 0, backoffMs: 0, then: "fail" } });
    }
    return this.#all(holding.then);
  }

  /** What cannot be told does not hold; why is written down. */
  #holds(rule: Rule, asked: RuleRecord[]): boolean {
    const when = rule.when?.source ?? null;
    try {
      const holds = rule.when?.evaluate(this.#values()) ?? false;
      asked.push({ when, holds });
      return holds;
    } catch (error) {
      asked.push({ when, holds: false, error: messageOf(error) });
      return false;
    }
  }

  async #apply(rule: Rule, rules: readonly RuleRecord[]): Promise<RunVerdict> {
    const verdict = rule.verdict(this.#values());
    const found = verdicts.find((each) => each === verdict);
    if (found === undefined) throw new Error(`the verdict "${String(verdict)}" is none of ${verdicts.join(", ")}`);
    const reason = String(rule.reason(this.#values()));
    const confidence = rule.confidence ?? null;
    const { incidents } = this.#ports();
    const current = await incidents.get(this.#incident.id);
    const isDecided = current !== undefined && current.verdict !== found && this.#isDecided(current);
    if (!isDecided && current?.verdict !== found) {
      const key = `${this.#beginning.runId}:verdict`;
      const context = { by: this.#by, why: reason, at: this.#deps.now(), key };
      await incidents.change(this.#incident.id, { verdict: found }, context);
    }
    return { verdict: found, confidence, reason, rules, applied: !isDecided };
  }

  /** Somebody gave it another verdict since the run began, or an analyst did before: a machine does not overrule a person. */
  #isDecided({ verdict }: Incident): boolean {
    if (verdict === null) return false;
    const { given_by = "", given_verdict } = this.#given;
    return verdict !== this.#own || (given_by.startsWith("analyst:") && verdict === given_verdict);
  }

  // ---- writing down

  #values(): Readonly<Record<string, unknown>> {
    return { incident: this.#view, variables: this.#beginning.playbook.definition.variables ?? {}, ...this.#outputs };
  }

  #isInTime(): boolean {
    return this.#deps.clock() - this.#startedAt < longestRunMs;
  }

  #begin(): () => Pick<StepRecord, "started_at" | "ms"> {
    const [at, from] = [this.#deps.now().toISOString(), this.#deps.clock()];
    return () => ({ started_at: at, ms: Math.round((this.#deps.clock() - from) * 100) / 100 });
  }

  /** One after the other, since each writes all that there is by then. */
  async #write(step: StepRecord): Promise<void> {
    this.#steps.set(step.id, step);
    const written = this.#writing.then(() => this.#deps.journal.write([...this.#steps.values()], this.#verdict));
    this.#writing = written.catch(() => {});
    try {
      await written;
    } catch (cause) {
      throw new JournalFailed("the run could not be written down", { cause });
    }
  }

  async #fails(record: StepRecord, step: Pick<Step, "id" | "onError">): Promise<void> {
    await this.#write(record);
    this.#again(record, step);
  }

  /** @throws {StepFailed} where the run does not go on after it */
  #again({ why }: StepRecord, { id, onError }: Pick<Step, "id" | "onError">): void {
    if (onError.then === "fail") throw new StepFailed(`step "${id}" failed: ${why}`);
  }
}

/** Secrets masked, and no larger than what is kept of any value. */
function shownParameters(
  { action }: ActionStep,
  parameters: Readonly<Record<string, unknown>>,
): Readonly<Record<string, unknown>> {
  return bounded(maskOptions(action.parameters, parameters)) as Readonly<Record<string, unknown>>;
}

function withoutSecrets(output: Readonly<Record<string, unknown>>, { action }: ActionStep): StepRecord["output"] {
  return Object.fromEntries(
    Object.entries(output).map(([name, value]) => [name, action.sensitive.includes(name) ? masked : value]),
  );
}
