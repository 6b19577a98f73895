import type { StageTime } from "../store/ports.ts";
import type { Output } from "./output.ts";

const barWidth = 30;

/** Prints stages below each other: whether each let the delivery pass, when it began, how long it took, and both as a bar. */
export function printWaterfall(stages: readonly StageTime[], out: Output): void {
  const widest = longestName(stages);
  const end = Math.max(0, ...stages.map(({ start_ms: start, ms }) => start + ms));
  for (const { stage, start_ms: start, ms, ok } of stages) {
    const drawn = out.paint(ok ? "cyan" : "red", bar(start, ms, end, barWidth));
    out.line(`${tick(ok, out)} ${stage.padEnd(widest)}  ${figure(start)}  ${figure(ms)}  ${drawn}`);
  }
}

/** One stage: whether it let the delivery pass, and how long it took, where that is known: `✔ validate      0.42 ms`. */
export function stageLine(
  { stage, ms, ok }: Pick<StageTime, "stage" | "ok"> & { readonly ms: number | undefined },
  widest: number,
  out: Output,
): string {
  return `${tick(ok, out)} ${stage.padEnd(widest)}${ms === undefined ? "" : `  ${figure(ms)}`}`;
}

/** How many characters the longest name of a stage has. */
export function longestName(stages: readonly Pick<StageTime, "stage">[]): number {
  return Math.max(0, ...stages.map(({ stage }) => stage.length));
}

/** A part in its place on a line of so many characters that stands for the whole; never empty. */
export function bar(start: number, length: number, whole: number, width: number): string {
  const scale = whole === 0 ? 0 : width / whole;
  const from = Math.min(width - 1, Math.floor(start * scale));
  const cells = Math.max(1, Math.min(width - from, Math.round(length * scale)));
  return `${" ".repeat(from)}${"█".repeat(cells)}`;
}

function tick(ok: boolean, out: Output): string {
  return ok ? out.paint("green", "✔") : out.paint("red", "✘");
}

function figure(ms: number): string {
  return `${ms.toFixed(2).padStart(8)} ms`;
}
