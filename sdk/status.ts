import type { AlertStatus, Verdict } from "./alert.ts";
import { snakeCase, text } from "./read.ts";

const statusWords: ReadonlyMap<string, AlertStatus> = new Map([
  ...["new", "open", "opened", "reopened", "active", "new_alert", "fired", "triggered"].map(of("new")),
  ...["in_progress", "investigating", "awaiting_action", "acknowledged", "assigned"].map(of("in_progress")),
  ...["resolved", "auto_resolved", "recovered", "fixed"].map(of("resolved")),
  ...["closed", "dismissed", "ignored"].map(of("closed")),
]);

function of(status: AlertStatus): (word: string) => readonly [string, AlertStatus] {
  return (word) => [word, status];
}

/** The status that a common word means, however it is written (`inProgress`, `IN PROGRESS`); `undefined` for an unknown one. */
export function statusOf(word: unknown): AlertStatus | undefined {
  return statusWords.get(snakeCase(text(word) ?? ""));
}

const verdictWords: ReadonlyMap<string, Verdict> = new Map<string, Verdict>([
  ["true_positive", "true_positive"],
  ["confirmed", "true_positive"],
  ["likely_true_positive", "likely_true_positive"],
  ["suspicious", "suspicious"],
  ["likely_false_positive", "likely_false_positive"],
  ["false_positive", "false_positive"],
  ["inconclusive", "inconclusive"],
  ["undetermined", "inconclusive"],
]);

/** The verdict that a common word means, however it is written; `undefined` for an unknown one. */
export function verdictOf(word: unknown): Verdict | undefined {
  return verdictWords.get(snakeCase(text(word) ?? ""));
}
