/** Conditions: CEL, checked against the types of what there is, and bounded before it runs. */
import { type ASTNode, Environment } from "@marcbachmann/cel-js";
import { messageOf } from "../errors.ts";
import { inTime } from "./in-time.ts";
import { deepestMacros, longestLoopMs, mostItems, mostMapsInARow, mostNodes } from "./limits.ts";
import { type Budget, matches, newBudget, patternOf } from "./pattern.ts";
import { conform, recordShapes, type Shape } from "./values.ts";

/** What is wrong with an expression, and where in it. */
export interface ExpressionFault {
  readonly message: string;
  readonly at: number;
}

export interface Expression {
  readonly source: string;
  /** @param values of the names in scope, absent where they are not there. @throws with a sentence where it has no value */
  evaluate(values: Readonly<Record<string, unknown>>): boolean;
}

/** The names that an expression or a template can say, with their shapes. */
export type Scope = Readonly<Record<string, Shape>>;

/** `matches` of the library backtracks; it becomes this one, by RE2. */
const linear = "thruwayMatches";
/** Set for as long as an evaluation lasts, which nothing interrupts. */
let budget: Budget = newBudget();

const root = new Environment({
  unlistedVariablesAreDyn: false,
  homogeneousAggregateLiterals: false,
  enableOptionalTypes: true,
  limits: { maxAstNodes: mostNodes, maxDepth: 30, maxListElements: mostItems, maxMapEntries: 50, maxCallArguments: 8 },
});
root.registerFunction(`string.${linear}(string): bool`, (text: string, pattern: string) =>
  matches(text, pattern, budget),
);
for (const [name, fields] of Object.entries(recordShapes)) {
  root.registerType(name, { fields });
}

const environments = new WeakMap<Scope, Environment>();

function environmentOf(scope: Scope): Environment {
  const known = environments.get(scope);
  if (known !== undefined) return known;
  const environment = root.clone();
  for (const [name, shape] of Object.entries(scope)) {
    if (typeof shape === "string") environment.registerVariable(name, shape);
    else environment.registerVariable({ name, schema: shape });
  }
  environments.set(scope, environment);
  return environment;
}

/** Compiles a condition. An unknown name, a wrong type and what could run for ever are faults here, not at night. */
export function compileExpression(source: string, scope: Scope): Expression | ExpressionFault {
  try {
    const parsed = environmentOf(scope).parse(source);
    const fault = refuse(parsed.ast, scope, 0);
    if (fault !== undefined) return fault;
    const { valid, type, error } = parsed.check();
    if (!valid) return { message: summaryOf(error, scope), at: error?.range?.start ?? 0 };
    if (type !== "bool" && type !== "dyn") {
      return { message: `must be true or false, and is ${article(type)}`, at: 0 };
    }
    const run = hasLoop(parsed.ast)
      ? (context: Readonly<Record<string, unknown>>): unknown => inTime(longestLoopMs, () => parsed({ ...context }))
      : parsed;
    return { source, evaluate: (values) => evaluate(run, scope, values) };
  } catch (error) {
    const range = typeof error === "object" && error !== null && "range" in error ? error.range : undefined;
    const at = (range as { readonly start?: number } | undefined)?.start ?? 0;
    return { message: summaryOf(error, scope), at };
  }
}

/** What was conformed once stays as it is: a view or an output is not changed, but replaced. */
const conformed = new WeakMap<object, { readonly shape: Shape; readonly value: unknown }>();

function conformOnce(value: unknown, shape: Shape): unknown {
  if (typeof value !== "object" || value === null) return conform(value, shape);
  const known = conformed.get(value);
  if (known?.shape === shape) return known.value;
  const made = conform(value, shape);
  conformed.set(value, { shape, value: made });
  return made;
}

function evaluate(
  parsed: (context: Record<string, unknown>) => unknown,
  scope: Scope,
  values: Readonly<Record<string, unknown>>,
): boolean {
  const context = Object.fromEntries(
    Object.entries(scope).map(([name, shape]) => [name, conformOnce(values[name], shape)]),
  );
  budget = newBudget();
  let result: unknown;
  try {
    result = parsed(context);
  } catch (error) {
    throw new Error(summaryOf(error, scope), { cause: error });
  }
  // Not thrown where it is spent: CEL lets an error count for nothing beside a value that decides.
  if (budget.left < 0) throw new Error("its regular expressions have more text to look at than they may");
  if (typeof result !== "boolean") throw new Error(`is ${article(typeof result)}, and neither true nor false`);
  return result;
}

const macros = new Set(["all", "exists", "exists_one", "map", "filter"]);
/** Inside of another: those that give one truth value, so that what they make cannot grow. */
const innerMacros = new Set(["all", "exists", "exists_one"]);

/** What the type checker does not mind: what makes the work grow beyond the size of the expression and of its lists. */
function refuse(node: ASTNode, scope: Scope, depth: number): ExpressionFault | undefined {
  const fault = (message: string): ExpressionFault => ({ message, at: node.range.start });
  if (node.op === "call" && node.args[0] === "has") return refuseHas(node.args[1][0], scope, fault);
  if (node.op !== "rcall") return firstFault(childrenOf(node), scope, depth);

  const [name, receiver, parameters] = node.args;
  if (name === "bind") return fault("cel.bind is not available; give the value a name by a step's output");
  if (name === "matches") {
    const [pattern] = parameters;
    if (pattern?.op !== "value" || typeof pattern.args !== "string") {
      return fault("the pattern of matches() must be a text that stands in the playbook");
    }
    try {
      patternOf(pattern.args);
    } catch (error) {
      return { message: `the pattern of matches() is none of RE2: ${messageOf(error)}`, at: pattern.range.start };
    }
    (node.args as unknown as string[])[0] = linear;
  }
  if (name === "split" && isMadeOnTheSpot(receiver)) return fault("split() needs a text that is there");
  if (name === "join" && parameters.some(({ op }) => op !== "value")) {
    return fault("what join() puts in between must be a text that stands in the playbook");
  }
  if (name === "map" && mapsInARow(node) > mostMapsInARow) {
    return fault(`map() of what map() made is not available more than ${mostMapsInARow} times in a row`);
  }
  if (!macros.has(name) || parameters.length < 2) return firstFault([receiver, ...parameters], scope, depth);
  if (depth > 0 && !innerMacros.has(name)) {
    return fault(`${name}() inside another loop is not available; use exists() or all() there`);
  }
  if (depth >= deepestMacros) return fault(`loops are nested more than ${deepestMacros} deep`);
  if (isMadeOnTheSpot(receiver)) {
    return fault(`${name}() needs a list that is there, like incident.tags, or one that map() or filter() made`);
  }
  return refuse(receiver, scope, depth) ?? firstFault(parameters, scope, depth + 1);
}

function mapsInARow(node: ASTNode): number {
  if (node.op !== "rcall" || !macros.has(node.args[0])) return 0;
  return mapsInARow(node.args[1]) + (node.args[0] === "map" ? 1 : 0);
}

function hasLoop(node: ASTNode): boolean {
  const isLoop = node.op === "rcall" && (macros.has(node.args[0]) || node.args[0] === "join");
  return isLoop || childrenOf(node).some(hasLoop);
}

function firstFault(nodes: readonly ASTNode[], scope: Scope, depth: number): ExpressionFault | undefined {
  for (const node of nodes) {
    const fault = refuse(node, scope, depth);
    if (fault !== undefined) return fault;
  }
  return undefined;
}

function childrenOf(node: ASTNode): readonly ASTNode[] {
  const args: readonly unknown[] = Array.isArray(node.args) ? node.args.flat(2) : [node.args];
  return args.filter((each): each is ASTNode => typeof each === "object" && each !== null && "op" in each);
}

/** A list that an operator or a function makes of texts can be as long as they are. */
function isMadeOnTheSpot(node: ASTNode): boolean {
  if (node.op === "rcall") return !macros.has(node.args[0]);
  return !["id", ".", ".?", "[]", "[?]", "list"].includes(node.op);
}

/** `has()` of what is always there would always be true, which nobody means. */
function refuseHas(
  asked: ASTNode | undefined,
  scope: Scope,
  fault: (message: string) => ExpressionFault,
): ExpressionFault | undefined {
  const path: string[] = [];
  let node = asked;
  while (node !== undefined && (node.op === "." || node.op === ".?")) {
    path.unshift(node.args[1]);
    node = node.args[0];
  }
  if (node?.op !== "id") return undefined;
  path.unshift(node.args);
  let shape: Shape | undefined = scope;
  for (const field of path) {
    if (typeof shape !== "object") return undefined;
    shape = Object.hasOwn(shape, field) ? shape[field] : undefined;
  }
  if (shape === undefined) return undefined;
  const name = path.join(".");
  return fault(`${name} is always there, empty where there is none; compare it, as in ${name} != ""`);
}

function summaryOf(error: unknown, scope: Scope): string {
  const summary =
    typeof error === "object" && error !== null && "summary" in error ? String(error.summary) : messageOf(error);
  const unknown = /^Unknown variable: (.*)$/.exec(summary)?.[1];
  if (unknown === undefined)
    return summary.replace(/^No such key: /, "there is no field ").replaceAll(linear, "matches");
  return `there is no "${unknown}" here; there are: ${Object.keys(scope).join(", ")}`;
}

function article(type: string | undefined): string {
  return `a value of type ${type ?? "unknown"}`;
}
