import { type AlertStatus, humanise, snakeCase, statusOf, text, type Verdict, verdictOf } from "@thruway/sdk";

export interface Decision {
  readonly status: AlertStatus | undefined;
  readonly verdict: Verdict | undefined;
}

/** States that are verdicts at once, and those that no other vendor has. */
const states: ReadonlyMap<string, AlertStatus> = new Map<string, AlertStatus>([
  ["true_positive", "resolved"],
  ["false_positive", "closed"],
  ["dismiss", "closed"],
]);

/**
 * What Falcon's analysts decided, by the state of a detection (`new`, `in_progress`, `true_positive`, `false_positive`,
 * `ignored`, `closed`, `reopened`), an incident (`open`, `closed`) or an identity incident (`NEW`, `DISMISS`, `RESOLVED` …).
 *
 * @param resolution newer detections say apart from their state how it came to it
 */
export function decisionOf(state: unknown, resolution?: unknown): Decision {
  const word = snakeCase(text(state) ?? "");
  return { status: states.get(word) ?? statusOf(word), verdict: verdictOf(resolution) ?? verdictOf(word) };
}

/** A state that means nothing here yet, in words. */
export function unknownState(state: unknown): string | undefined {
  return decisionOf(state).status === undefined ? humanise(state) : undefined;
}
