import type { RunVerdict, StepRecord } from "../runs/run.ts";
import type { Output } from "./output.ts";
import { type Format, printable, time } from "./text.ts";

const marks = {
  done: ["✔", "green"],
  skipped: ["○", "dim"],
  waiting: ["…", "yellow"],
  begun: ["…", "yellow"],
  failed: ["✘", "red"],
} as const satisfies Record<StepRecord["state"], readonly [string, Format]>;

const longestValue = 100;

/** What a run did, step by step, and how it came to its verdict. */
export function printSteps(steps: readonly StepRecord[], verdict: RunVerdict | null, out: Output): void {
  const shown = steps.filter(({ kind }) => kind !== "verdict");
  const widest = Math.max(0, ...shown.map(({ id }) => id.length));
  for (const { id, state, action, why, parameters, output, ms } of shown) {
    const [mark, format] = marks[state];
    const said = why === null ? [valuesOf(parameters), valuesOf(output)].filter(Boolean).join(" -> ") : printable(why);
    const took = state === "done" && action !== null ? out.paint("dim", `  ${ms.toFixed(1)} ms`) : "";
    out.line(`  ${out.paint(format, mark)} ${printable(id).padEnd(widest)}  ${action ?? "condition"}: ${said}${took}`);
  }
  if (verdict === null) return;
  for (const { when, holds, error } of verdict.rules) {
    if (when === null) continue;
    const told = error === undefined ? "" : `: ${printable(error)}`;
    out.line(out.paint("dim", `  ${holds ? "holds" : "not"}  ${printable(when)}${told}`));
  }
  const { confidence, reason } = verdict;
  const sure = confidence === null ? "" : ` (${Math.round(confidence * 100)} %)`;
  out.line(`  ${out.paint("bold", verdict.verdict)}${sure}: ${printable(reason)}`);
  if (!verdict.applied) out.line(out.paint("yellow", "  somebody has given another verdict, which stands"));
}

/** `tag=lure`, `found=true`; what is empty is left out. */
function valuesOf(values: Readonly<Record<string, unknown>> | null): string {
  return Object.entries(values ?? {})
    .filter(([name, value]) => name !== "ok" && !isEmpty(value))
    .map(([name, value]) => `${name}=${cut(typeof value === "string" ? value : JSON.stringify(value))}`)
    .join(" ");
}

function isEmpty(value: unknown): boolean {
  return value === null || value === "" || (typeof value === "object" && Object.keys(value).length === 0);
}

function cut(text: string): string {
  const line = printable(text);
  return line.length > longestValue ? `${line.slice(0, longestValue)}…` : line;
}

/** `2026-01-15 10:00:00 UTC`, or a dash. */
export function timeOrDash(iso: string | null): string {
  return iso === null ? "-" : time(iso);
}
