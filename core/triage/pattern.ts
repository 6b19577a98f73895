import { RE2JS } from "re2js";
import { longestPattern, mostMatching } from "./limits.ts";

const compiled = new Map<string, RE2JS>();
const mostCompiled = 1_000;

/** A regular expression of RE2, which takes time in proportion to the text. @throws where it is none, or too large */
export function patternOf(source: string): RE2JS {
  const known = compiled.get(source);
  if (known !== undefined) return known;
  if (source.length > longestPattern) throw new Error(`the pattern is longer than ${longestPattern} characters`);
  const pattern = RE2JS.compile(source);
  if (compiled.size >= mostCompiled) compiled.clear();
  compiled.set(source, pattern);
  return pattern;
}

/** What one evaluation may still spend on matching: even linear time adds up inside a loop. */
export interface Budget {
  left: number;
}

export function newBudget(): Budget {
  return { left: mostMatching };
}

/** Whether a pattern is found in a text; `false` once the budget is spent, which whoever evaluates has to look at. */
export function matches(text: string, source: string, budget: Budget): boolean {
  if (budget.left < 0) return false;
  const pattern = patternOf(source);
  budget.left -= (text.length + 1) * pattern.programSize();
  return budget.left >= 0 && pattern.matcher(text).find();
}
