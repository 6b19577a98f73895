import type { Place, Problem } from "./compile.ts";
import { longestExtends } from "./limits.ts";
import { own } from "./values.ts";

type Raw = Readonly<Record<string, unknown>>;

export interface Extended {
  readonly definition: unknown;
  /** A problem of the whole, as one of the playbook that extends. */
  readonly locate: (problem: Problem) => Problem;
}

/**
 * A playbook with what it extends: variables and triggers add up, a step of the same name takes the place of the one before,
 * other steps come after, its verdict rules come first.
 *
 * @returns what is wrong where there is none of that name, or they extend each other in a circle
 */
export function extended(raw: unknown, find: (name: string) => unknown): Extended | { readonly message: string } {
  const chain = [raw];
  const names = [String(own(raw, "name"))];
  for (let base = own(raw, "extends"); typeof base === "string"; base = own(chain.at(-1), "extends")) {
    if (names.includes(base)) return { message: `extends itself: ${[...names, base].join(" -> ")}` };
    if (names.length > longestExtends) return { message: `extends more than ${longestExtends} playbooks in a row` };
    const found = find(base);
    if (found === undefined) return { message: `there is no playbook "${base}"` };
    chain.push(found);
    names.push(base);
  }
  if (chain.length === 1) return { definition: raw, locate: (problem) => problem };

  const origins = new Map<unknown, Place>();
  for (const [index, step] of stepsOf(raw).entries()) origins.set(step, ["steps", index]);
  for (const [index, rule] of rulesOf(raw).entries()) origins.set(rule, ["verdict", "rules", index]);
  const merged = chain.reduceRight((base, over) => merge(base as Raw, over as Raw));
  const { extends: _, ...definition } = merged as Raw;
  return { definition, locate: (problem) => locate(problem, definition, origins, raw) };
}

function merge(base: Raw, over: Raw): Raw {
  const own = stepsOf(over);
  const named = new Map(own.map((step) => [nameOf(step), step]));
  const inherited = stepsOf(base).map((step) => named.get(nameOf(step) ?? "") ?? step);
  const added = own.filter((step) => !inherited.includes(step));
  const verdict = { ...record(base.verdict), ...record(over.verdict), rules: [...rulesOf(over), ...rulesOf(base)] };
  return {
    ...base,
    ...over,
    triggers: { ...record(base.triggers), ...record(over.triggers) },
    variables: { ...record(base.variables), ...record(over.variables) },
    steps: [...inherited, ...added],
    verdict,
  };
}

/** What stands in the playbook itself is pointed at; what came along is, at the word that brought it. */
function locate(problem: Problem, merged: unknown, origins: ReadonlyMap<unknown, Place>, raw: unknown): Problem {
  const { place } = problem;
  const depth = place[0] === "steps" ? 2 : place[0] === "verdict" && place[1] === "rules" ? 3 : 0;
  let value: unknown = merged;
  for (const key of place.slice(0, Math.max(depth, 1))) value = own(value, String(key));
  if (depth > 0) {
    const origin = origins.get(value);
    if (origin !== undefined) return { ...problem, place: [...origin, ...place.slice(depth)] };
  } else if (place.length === 0 || own(raw, String(place[0])) !== undefined) return problem;
  return { place: ["extends"], message: `${place.join(".")} of what it extends: ${problem.message}` };
}

function stepsOf(raw: unknown): readonly unknown[] {
  const steps = own(raw, "steps");
  return Array.isArray(steps) ? steps : [];
}

function rulesOf(raw: unknown): readonly unknown[] {
  const rules = own(own(raw, "verdict"), "rules");
  return Array.isArray(rules) ? rules : [];
}

function nameOf(step: unknown): string | undefined {
  const name = own(step, "name");
  return typeof name === "string" ? name : undefined;
}

function record(value: unknown): Raw {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Raw) : {};
}
