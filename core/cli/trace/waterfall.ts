import type { Output } from "../output.ts";
import { printable } from "../text.ts";
import { bar } from "../waterfall.ts";
import type { ShownTrace, Span } from "./jaeger.ts";

/** A line of the picture. */
export interface Line {
  readonly span: Span;
  /** How deep it is nested. */
  readonly depth: number;
  /** Spans that happened together; what goes on minutes later is drawn on a scale of its own. */
  readonly act: Act;
}

interface Act {
  start: number;
  end: number;
}

/** What begins so long after everything before it has ended is another act. */
const shortestPauseUs = 500_000;

/** The spans as they are nested, each with the act that it is in. Orphans are drawn at the left. */
export function linesOf({ spans }: ShownTrace): readonly Line[] {
  const known = new Set<string | null>(spans.map(({ span_id }) => span_id));
  const parts = Map.groupBy(spans, ({ parent_span_id: parent }) => (known.has(parent) ? parent : null));
  const acts = actsOf(spans);
  const lines: Line[] = [];
  function visit(parent: string | null, depth: number): void {
    for (const span of parts.get(parent) ?? []) {
      const act = acts.findLast(({ start }) => start <= span.start_us) as Act;
      lines.push({ span, depth, act });
      visit(span.span_id, depth + 1);
    }
  }
  visit(null, 0);
  return lines;
}

/** @param spans in the order of their beginning */
function actsOf(spans: readonly Span[]): readonly Act[] {
  const acts: Act[] = [];
  for (const { start_us, duration_us } of spans) {
    const last = acts.at(-1);
    const end = start_us + duration_us;
    const pause = last === undefined ? 0 : start_us - last.end;
    if (last === undefined || pause > shortestPauseUs + 10 * (last.end - last.start))
      acts.push({ start: start_us, end });
    else last.end = Math.max(last.end, end);
  }
  return acts;
}

const barWidth = 40;

/** Draws it: names, when each began, how long it took, and where that lies. */
export function drawWaterfall(trace: ShownTrace, out: Output): void {
  const lines = linesOf(trace);
  const rows = lines.map(({ span, depth, act }) => ({
    name: `${"  ".repeat(depth)}${printable(span.name)}`,
    start: `+${inTime(span.start_us)}`,
    duration: inTime(span.duration_us),
    bar: bar(span.start_us - act.start, span.duration_us, Math.max(1, act.end - act.start), barWidth),
    error: span.error,
    act,
  }));
  const widest = (pick: (row: (typeof rows)[number]) => string): number =>
    Math.max(...rows.map((row) => pick(row).length));
  const [name, start, duration] = [
    widest((row) => row.name),
    widest((row) => row.start),
    widest((row) => row.duration),
  ];
  let act = rows[0]?.act;
  for (const row of rows) {
    if (row.act !== act) {
      act = row.act;
      out.line(out.paint("dim", `${" ".repeat(name)}  ${inTime(act.start)} after the beginning`));
    }
    const drawn = out.paint(row.error === null ? "cyan" : "red", row.bar.padEnd(barWidth));
    const error = row.error === null ? "" : `  ${out.paint("red", `✘ ${printable(row.error)}`)}`;
    out.line(
      `${row.name.padEnd(name)}  ${row.start.padStart(start)}  ${row.duration.padStart(duration)}  ${drawn}${error}`.trimEnd(),
    );
  }
}

/** `0.042 ms`, `12.3 ms`, `4.51 s`, `8 min 20 s`. */
export function inTime(microseconds: number): string {
  const ms = microseconds / 1_000;
  if (ms < 1_000) return `${ms.toFixed(ms < 10 ? 3 : 1)} ms`;
  if (ms < 60_000) return `${(ms / 1_000).toFixed(2)} s`;
  const seconds = Math.round(ms / 1_000);
  if (seconds < 3_600) return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
  return `${Math.floor(seconds / 3_600)} h ${Math.floor(seconds / 60) % 60} min`;
}
