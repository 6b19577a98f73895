import type { StageTime } from "../store/ports.ts";
import type { Output } from "./output.ts";

const barWidth = 30;

/** Prints stages below each other: whether each let the delivery pass, when it began, how long it took, and both as a bar. */
export function printWaterfall(stages: readonly StageTime[], out: Output): void {
  const widest = Math.max(0, ...stages.map(({ stage }) => stage.length));
  const end = Math.max(0, ...stages.map(({ start_ms: start, ms }) => start + ms));
  for (const { stage, start_ms: start, ms, ok } of stages) {
    const mark = ok ? out.paint("green", "✔") : out.paint("red", "✘");
    out.line(
      `${mark} ${stage.padEnd(widest)}  ${figure(start)}  ${figure(ms)}  ${out.paint(ok ? "cyan" : "red", bar(start, ms, end))}`,
    );
  }
}

function figure(ms: number): string {
  return `${ms.toFixed(2).padStart(8)} ms`;
}

/** In its place on a line of the whole way; never empty. */
function bar(start: number, ms: number, end: number): string {
  const scale = end === 0 ? 0 : barWidth / end;
  const from = Math.min(barWidth - 1, Math.floor(start * scale));
  const length = Math.max(1, Math.min(barWidth - from, Math.round(ms * scale)));
  return `${" ".repeat(from)}${"█".repeat(length)}`;
}
