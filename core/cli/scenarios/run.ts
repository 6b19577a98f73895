import { join } from "node:path";
import { type Verdict, verdicts } from "@thruway/sdk/alert";
import { readSettings } from "../../config/settings.ts";
import { UserError } from "../../errors.ts";
import { mistakeLines, shippedPlaybooks } from "../../triage/library.ts";
import { filesIn } from "../../triage/lists.ts";
import { type Outcome, parseSuite, runScenario } from "../../triage/scenarios.ts";
import type { Cli } from "../cli.ts";
import type { Column } from "../output.ts";
import { readLibrary, readText, shownFile } from "../playbooks.ts";
import { count } from "../text.ts";

interface SuiteOutcome {
  readonly playbook: string;
  readonly file: string;
  readonly outcomes: readonly Outcome[];
}

/**
 * Runs suites and prints each scenario that went wrong, and what was judged as what.
 *
 * @throws {UserError} for a suite that cannot be read, and at the end where a scenario went wrong
 */
export async function runSuites(files: readonly string[], json: boolean, cli: Cli): Promise<void> {
  const there = await readLibrary(cli.env, []);
  const asked = files.length > 0 ? files : await suitesThere(cli.env);
  const suites = await Promise.all(asked.map((file) => runSuite(file, there, cli)));
  const all = suites.flatMap(({ outcomes }) => outcomes);
  const wrong = all.filter(({ faults }) => faults.length > 0);
  if (json) cli.out.json({ data: suites.map(shown) });
  else for (const suite of suites) await print(suite, cli);
  if (wrong.length > 0) throw new UserError(`${wrong.length} of ${count(all.length, "scenario")} went wrong`);
  if (!json) cli.out.line(`${cli.out.paint("green", "✔")} ${count(all.length, "scenario")} as expected`);
}

async function suitesThere(env: NodeJS.ProcessEnv): Promise<readonly string[]> {
  const folders = new Set([shippedPlaybooks, readSettings(env).playbooksDir]);
  const found = await Promise.all([...folders].map((folder) => filesIn(join(folder, "tests"), [".yaml", ".yml"])));
  return found.flat();
}

async function runSuite(
  file: string,
  { library, plugins }: Awaited<ReturnType<typeof readLibrary>>,
  cli: Cli,
): Promise<SuiteOutcome> {
  const suite = parseSuite(await readText(file), shownFile(file));
  if ("problems" in suite) throw new UserError(suite.problems.join("\n"));
  const listed = library.all.find(({ name }) => name === suite.playbook);
  if (listed === undefined) throw new UserError(`${shownFile(file)}: there is no playbook "${suite.playbook}"`);
  if (listed.playbook === undefined) {
    throw new UserError(mistakeLines(shownFile(listed.file), listed.mistakes).join("\n"));
  }
  const outcomes: Outcome[] = [];
  for (const scenario of suite.scenarios) {
    outcomes.push(await runScenario(scenario, listed.playbook, plugins, cli.now()));
  }
  return { playbook: suite.playbook, file, outcomes };
}

function shown({ playbook, file, outcomes }: SuiteOutcome): object {
  return {
    playbook,
    file: shownFile(file),
    scenarios: outcomes.map(({ scenario, ended, faults }) => ({
      name: scenario.name,
      expected: scenario.expect.verdict,
      verdict: ended?.verdict?.verdict ?? null,
      severity: ended?.severity ?? null,
      reason: ended?.verdict?.reason ?? ended?.reason ?? null,
      faults,
    })),
  };
}

/** What a verdict is written as at the head of a column. */
const short: Readonly<Record<Verdict, string>> = {
  true_positive: "TP",
  likely_true_positive: "LIKELY TP",
  suspicious: "SUSPICIOUS",
  likely_false_positive: "LIKELY FP",
  false_positive: "FP",
  inconclusive: "INCONCLUSIVE",
};

async function print({ playbook, outcomes }: SuiteOutcome, { out }: Cli): Promise<void> {
  const right = outcomes.filter(({ faults }) => faults.length === 0).length;
  out.line(`${out.paint("bold", playbook)}  ${right} of ${outcomes.length} as expected`);
  for (const { scenario, faults } of outcomes.filter((each) => each.faults.length > 0)) {
    out.line(`  ${out.paint("red", "✘")} ${scenario.name}: ${faults.join("; ")}`);
  }
  out.line();
  const judged = (expected: Verdict, verdict: Verdict): string => {
    const those = outcomes.filter(({ scenario }) => scenario.expect.verdict === expected);
    const number = those.filter(({ ended }) => ended?.verdict?.verdict === verdict).length;
    return number === 0 ? "." : String(number);
  };
  const columns: readonly Column<Verdict>[] = [
    { head: "EXPECTED \\ JUDGED", value: (expected) => expected },
    ...verdicts.map((verdict) => ({ head: short[verdict], value: (expected: Verdict) => judged(expected, verdict) })),
  ];
  const expected = verdicts.filter((each) => outcomes.some(({ scenario }) => scenario.expect.verdict === each));
  await out.table(columns, expected);
  out.line();
}
