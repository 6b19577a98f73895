/** From what a playbook says to what is run: everything that it names is looked up and checked here. */

import { verdicts } from "@thruway/sdk/alert";
import type joi from "joi";
import { durationMs } from "../duration.ts";
import type { CoreAction } from "./actions/action.ts";
import { compileExpression, type Expression, type Scope } from "./expression.ts";
import { defaultTimeoutMs, mostSteps } from "./limits.ts";
import type { Definition, OnError, Playbook, Rule, RuleDefinition, Step, StepDefinition } from "./playbook.ts";
import { playbookSchema } from "./shape.ts";
import { compileTemplates, type Fill } from "./template.ts";
import { own, type Shape } from "./values.ts";
import { incidentShape } from "./view.ts";

/** Where in a playbook: `["steps", 2, "condition"]`. */
export type Place = readonly (string | number)[];

export interface Problem {
  readonly place: Place;
  readonly message: string;
  /** Characters into the text that stands there. */
  readonly at?: number;
  /** Set where it is the name of the field that is wrong, and not what stands there. */
  readonly isName?: boolean;
}

export type Actions = ReadonlyMap<string, CoreAction>;

export type Compiled = { readonly playbook: Playbook } | { readonly problems: readonly Problem[] };

/** Joi's own words name a pattern clumsily. */
const validating: joi.ValidationOptions = {
  abortEarly: false,
  errors: { wrap: { label: false } },
  messages: { "string.pattern.name": "{#label} must be {#name}" },
};

/** Compiles a playbook, with what it extends in it already; every mistake is reported. */
export function compile(definition: unknown, actions: Actions): Compiled {
  const problems: Problem[] = [];
  const { error, value } = playbookSchema.validate(definition, validating);
  for (const { path, message, context, type } of error?.details ?? []) {
    const label = context?.label ?? "";
    const said = message.startsWith(`${label} `) ? message.slice(label.length + 1) : message;
    const unknown = type === "object.unknown" ? `"${String(path.at(-1))}" is not known here` : said;
    problems.push({ place: path, message: unknown, isName: type === "object.unknown" });
  }
  const playbook = new Compiler(actions, problems).playbook(value);
  return problems.length > 0 ? { problems } : { playbook };
}

/** Goes through a playbook in the order of its steps; what the schema has refused already is stepped over. */
class Compiler {
  readonly #actions: Actions;
  readonly #problems: Problem[];
  readonly #ids = new Map<string, Place>();
  readonly #outputs = new Map<string, string>();
  #steps = 0;

  constructor(actions: Actions, problems: Problem[]) {
    this.#actions = actions;
    this.#problems = problems;
  }

  playbook(definition: unknown): Playbook {
    let scope: Scope = { incident: incidentShape, variables: variablesShape(own(definition, "variables")) };
    const [steps, after] = this.steps(own(definition, "steps"), ["steps"], scope);
    scope = after;
    const verdict = own(definition, "verdict");
    const rules = listOf(own(verdict, "rules")).map((rule, index) =>
      this.rule(rule, `verdict.rules.${index}`, ["verdict", "rules", index], scope),
    );
    const otherwise = own(verdict, "otherwise");
    const last = typeof otherwise === "string" ? { verdict: otherwise } : otherwise;
    const place = ["verdict", "otherwise"];
    const verdictPlace = typeof otherwise === "string" ? place : undefined;
    return {
      definition: definition as Definition,
      name: String(own(definition, "name")),
      version: String(own(definition, "version")),
      steps,
      rules,
      otherwise: last === undefined ? undefined : this.rule(last, "verdict.otherwise", place, scope, verdictPlace),
    };
  }

  steps(given: unknown, place: Place, scope: Scope): readonly [readonly Step[], Scope] {
    let now = scope;
    const steps: Step[] = [];
    for (const [index, step] of listOf(given).entries()) {
      if (typeof step !== "object" || step === null || this.#steps > mostSteps) continue;
      const [compiled, after] = this.#step(step, [...place, index], now);
      if (compiled !== undefined) steps.push(compiled);
      now = after;
    }
    return [steps, now];
  }

  #step(step: StepDefinition, place: Place, scope: Scope): readonly [Step | undefined, Scope] {
    this.#steps += 1;
    if (this.#steps === mostSteps + 1) this.#fault(place, `there are more than ${mostSteps} steps`);
    const id = this.#id(step.name, place);
    const condition = this.#condition(step.condition, [...place, "condition"], scope);
    const base = { id, condition, onError: onErrorOf(step.on_error) };
    if (step.parallel !== undefined) return this.#parallel(step.parallel, base, [...place, "parallel"], scope);
    if (step.action !== undefined) return this.#action(step, base, place, scope);
    const [then, afterThen] = this.steps(step.then, [...place, "then"], scope);
    const [otherwise, afterElse] = this.steps(step.else, [...place, "else"], afterThen);
    return [{ ...base, kind: "branch", then, else: otherwise }, afterElse];
  }

  /** Steps beside each other do not see what the others give. */
  #parallel(given: unknown, base: Omit<Step, "kind">, place: Place, scope: Scope): readonly [Step | undefined, Scope] {
    let after = scope;
    const steps: Step[] = [];
    for (const [index, step] of listOf(given).entries()) {
      if (typeof step !== "object" || step === null) continue;
      const [compiled, seen] = this.#step(step, [...place, index], scope);
      if (compiled !== undefined) steps.push(compiled);
      after = { ...after, ...seen };
    }
    return [{ id: base.id, condition: undefined, onError: base.onError, kind: "parallel", steps }, after];
  }

  #action(
    step: StepDefinition,
    base: Omit<Step, "kind">,
    place: Place,
    scope: Scope,
  ): readonly [Step | undefined, Scope] {
    const action = this.#actions.get(String(step.action));
    if (action === undefined) {
      const there = [...this.#actions.keys()].toSorted().join(", ");
      this.#fault([...place, "action"], `there is no action "${String(step.action)}"; there are: ${there}`);
      return [undefined, this.#withOutput(step, place, scope, "dyn")];
    }
    const parameters = this.#parameters(step.parameters ?? {}, action, [...place, "parameters"], scope);
    const timeoutMs = typeof step.timeout === "string" ? durationMs(step.timeout) : undefined;
    const compiled: Step = {
      ...base,
      kind: "action",
      action,
      parameters,
      output: step.output,
      timeoutMs: timeoutMs ?? defaultTimeoutMs,
    };
    return [compiled, this.#withOutput(step, place, scope, { ...action.output, ok: "bool" })];
  }

  #withOutput({ output }: StepDefinition, place: Place, scope: Scope, shape: Shape): Scope {
    if (typeof output !== "string") return scope;
    const at = [...place, "output"];
    if (output === "incident" || output === "variables") this.#fault(at, `"${output}" is what it is called already`);
    else if (this.#outputs.has(output))
      this.#fault(at, `"${output}" is the output of another step, ${this.#outputs.get(output)}`);
    else this.#outputs.set(output, place.join("."));
    return { ...scope, [output]: shape };
  }

  #parameters(given: unknown, action: CoreAction, place: Place, scope: Scope): Fill {
    const { fill, faults, templated } = compileTemplates(given, scope, undefined, segmentsOf(action));
    for (const { path, message } of faults) this.#fault([...place, ...path], message);
    const { error } = action.parameters.validate(given, validating);
    for (const detail of error?.details ?? []) {
      // What a template makes is checked when it is made.
      if (isTemplated(detail.path, templated)) continue;
      const isName = detail.type === "object.unknown";
      this.#problems.push({ place: [...place, ...detail.path], message: parameterMessage(detail, action), isName });
    }
    return fill;
  }

  rule(given: unknown, id: string, place: Place, scope: Scope, verdictPlace: Place = [...place, "verdict"]): Rule {
    const rule = given as RuleDefinition;
    const verdict = this.#text(own(rule, "verdict"), verdictPlace, scope);
    const said = own(rule, "verdict");
    const isLiteral = typeof said === "string" && !said.includes("{{");
    if (isLiteral && !(verdicts as readonly string[]).includes(said)) {
      this.#fault(verdictPlace, `must be one of ${verdicts.join(", ")}`);
    }
    const [then] = this.steps(own(rule, "then"), [...place, "then"], scope);
    const confidence = own(rule, "confidence");
    return {
      id,
      when: this.#condition(own(rule, "when"), [...place, "when"], scope),
      verdict,
      confidence: typeof confidence === "number" ? confidence : undefined,
      // A verdict does not fail over what its reason lacks.
      reason: this.#text(own(rule, "reason") ?? "no rule fits", [...place, "reason"], scope, "(none)"),
      then,
    };
  }

  #text(given: unknown, place: Place, scope: Scope, absent?: string): Fill {
    const { fill, faults } = compileTemplates(given, scope, absent);
    for (const { message } of faults) this.#fault(place, message);
    return fill;
  }

  #condition(given: unknown, place: Place, scope: Scope): Expression | undefined {
    if (typeof given !== "string") return undefined;
    const compiled = compileExpression(given, scope);
    if ("evaluate" in compiled) return compiled;
    this.#problems.push({ place, message: compiled.message, at: compiled.at });
    return undefined;
  }

  #id(name: unknown, place: Place): string {
    const id = typeof name === "string" ? name : place.join(".");
    const other = this.#ids.get(id);
    if (other !== undefined) this.#fault([...place, "name"], `"${id}" is the name of another step, ${other.join(".")}`);
    this.#ids.set(id, place);
    return id;
  }

  #fault(place: Place, message: string): void {
    this.#problems.push({ place, message });
  }
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function onErrorOf(given: unknown): OnError {
  const retry = own(given, "retry");
  const times = own(retry, "times");
  const backoff = own(retry, "backoff");
  return {
    retries: typeof times === "number" ? times : 0,
    backoffMs: durationMs(typeof backoff === "string" ? backoff : "1s") ?? 0,
    then: given === "continue" || own(given, "then") === "continue" ? "continue" : "fail",
  };
}

/** The parameters of an action that are paths of an address. */
function segmentsOf({ parameters }: CoreAction): readonly string[] {
  const keys: Readonly<Record<string, joi.Description>> = parameters.describe().keys ?? {};
  const isPath = ({ metas = [] }: joi.Description): boolean =>
    (metas as readonly { readonly segments?: boolean }[]).some(({ segments }) => segments === true);
  return Object.keys(keys).filter((name) => isPath(keys[name] as joi.Description));
}

function isTemplated(path: Place, templated: ReadonlySet<string>): boolean {
  const key = path.join(".");
  return [...templated].some((each) => key === each || key.startsWith(`${each}.`) || each.startsWith(`${key}.`));
}

function parameterMessage({ type, message, path, context }: joi.ValidationErrorItem, action: CoreAction): string {
  if (type === "object.unknown") {
    const there = Object.keys(action.parameters.describe().keys ?? {}).join(", ");
    return `${action.name} has no parameter "${String(path.at(-1))}"; it takes: ${there === "" ? "none" : there}`;
  }
  const label = context?.label ?? "";
  return message.startsWith(`${label} `) && path.length > 0
    ? `${String(path.at(-1))} ${message.slice(label.length + 1)}`
    : message;
}

function variablesShape(given: unknown): Shape {
  if (typeof given !== "object" || given === null) return {};
  return Object.fromEntries(Object.entries(given).map(([name, value]) => [name, shapeOf(value)]));
}

/** A list of texts is one of texts; one of several kinds of things holds anything. */
function shapeOf(value: unknown): Shape {
  if (Array.isArray(value)) {
    return value.every((item) => typeof item === "string") ? "list<string>" : "list<dyn>";
  }
  if (typeof value === "boolean") return "bool";
  if (typeof value === "number") return Number.isInteger(value) ? "int" : "double";
  return "string";
}
