import type { Outcome } from "../../store/ports.ts";
import type { Output } from "../output.ts";
import { inFigures } from "../progress.ts";
import { type Format, outcomeFormat } from "../text.ts";

/** `unchanged` had made its incidents before. */
type Ending = Outcome | "unchanged" | "not_replayable" | "not_found";

/** What became of one delivery. */
export interface Replayed {
  readonly id: string;
  readonly outcome: Ending;
  readonly ok: boolean;
  readonly code?: string | undefined;
  readonly reason?: string | undefined;
}

const meaning: Readonly<Partial<Record<Ending, string>>> = {
  accepted: "made an incident, or updated one",
  unchanged: "had made its incidents before; nothing was made twice",
  duplicate: "the same event was taken in its place before",
  ignored: "there is nothing to record",
  queued: "not settled yet",
  rejected: "still cannot be understood",
  dead: "was given up after the last try",
  not_replayable: "its bytes are not kept",
  not_found: "is not stored",
};

const order = Object.keys(meaning) as readonly Ending[];

interface Group {
  readonly outcome: Ending;
  readonly code: string;
  readonly reason: string;
  readonly count: number;
  /** One of them. */
  readonly example: string;
}

export interface ReplaySummary {
  readonly outcomes: Readonly<Partial<Record<Ending, number>>>;
  /** Why some made nothing, the most frequent reason first. */
  readonly failures: readonly Group[];
}

export function summaryOf(all: readonly Replayed[]): ReplaySummary {
  const counts = Object.groupBy(all, ({ outcome }) => outcome);
  const outcomes = Object.fromEntries(
    order.flatMap((outcome) => (counts[outcome] === undefined ? [] : [[outcome, counts[outcome].length]])),
  );
  const failed = Map.groupBy(
    all.filter(({ ok }) => !ok),
    ({ outcome, code, reason }) => JSON.stringify([outcome, code, reason]),
  );
  const failures = [...failed.values()].flatMap((group) => {
    const [first] = group;
    if (first === undefined) return [];
    const { outcome, code = "-", reason = "-", id } = first;
    return [{ outcome, code, reason, count: group.length, example: id }];
  });
  return { outcomes, failures: failures.toSorted((one, other) => other.count - one.count) };
}

/** One line for each outcome, and below, where some failed, one for each reason. */
export async function printReplayed(all: readonly Replayed[], out: Output): Promise<void> {
  const { outcomes, failures } = summaryOf(all);
  await out.table(
    [
      { head: "OUTCOME", value: ([outcome]) => outcome, format: ([outcome]) => formatOf(outcome) },
      { head: "DELIVERIES", value: ([, number]) => inFigures(number) },
      { head: "", value: ([outcome]) => meaning[outcome] ?? "", flexible: true },
    ],
    Object.entries(outcomes) as [Ending, number][],
  );
  if (failures.length === 0) return;
  out.line();
  await out.table<Group>(
    [
      { head: "OUTCOME", value: ({ outcome }) => outcome, format: ({ outcome }) => formatOf(outcome) },
      { head: "CODE", value: ({ code }) => code },
      { head: "DELIVERIES", value: ({ count }) => inFigures(count) },
      { head: "REASON", value: ({ reason }) => reason, flexible: true },
      { head: "FOR EXAMPLE", value: ({ example }) => example },
    ],
    failures,
  );
}

function formatOf(outcome: Ending): Format {
  if (outcome === "unchanged") return "dim";
  if (outcome === "not_replayable" || outcome === "not_found") return "red";
  return outcomeFormat[outcome];
}
