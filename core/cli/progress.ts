import { type RedrawnLine, redrawnLine, type Stream } from "./redrawn-line.ts";
import { duration } from "./text.ts";

/** How far something is that takes its time. */
export interface Progress {
  /** @param total left out as long as it is not known */
  update(done: number, total?: number): void;
  /** Leaves the last state on a terminal; elsewhere only if there was a line before. */
  end(): void;
}

const redrawEveryMs = 100;
const lineEveryMs = 5_000;
const barWidth = 24;

/**
 * On a terminal a bar that is drawn over itself, elsewhere a line every few seconds.
 *
 * @param label what is going on: `Replaying`
 * @param clock milliseconds that only rise
 */
export function createProgress(stream: Stream, label: string, clock: () => number = () => performance.now()): Progress {
  const line: RedrawnLine = redrawnLine(stream);
  const everyMs = line.isTerminal ? redrawEveryMs : lineEveryMs;
  const started = clock();
  let shownAt = line.isTerminal ? Number.NEGATIVE_INFINITY : started;
  let last: readonly [done: number, total: number | undefined] | undefined;
  let isShown = false;

  function show(at: number): void {
    if (last === undefined) return;
    const [done, total] = last;
    line.show(`${label}  ${describe(done, total, (at - started) / 1_000, line.isTerminal)}`);
    shownAt = at;
    isShown = true;
  }

  return {
    update(done, total) {
      last = [done, total];
      const at = clock();
      if (at - shownAt >= everyMs) show(at);
    },
    end() {
      if (line.isTerminal || isShown) show(clock());
      line.end();
    },
  };
}

function describe(done: number, total: number | undefined, seconds: number, isTerminal: boolean): string {
  const rate = seconds > 0 ? done / seconds : 0;
  const pace = `${inFigures(Math.round(rate))}/s`;
  if (total === undefined) return `${inFigures(done)}  ${pace}`;
  const part = total === 0 ? 1 : Math.min(1, done / total);
  const remaining = rate > 0 ? (total - done) / rate : 0;
  const left = remaining >= 1 ? `  ${duration(remaining)} left` : "";
  const percent = `${Math.floor(part * 100)}%`.padStart(4);
  const bar = isTerminal ? `[${barOf(part)}] ` : "";
  return `${bar}${percent}  ${inFigures(done)} of ${inFigures(total)}  ${pace}${left}`;
}

function barOf(part: number): string {
  const full = Math.floor(part * barWidth);
  return "█".repeat(full) + "░".repeat(barWidth - full);
}

/** `12,345`. */
export function inFigures(number: number): string {
  return number.toLocaleString("en");
}
