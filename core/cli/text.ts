import type { styleText } from "node:util";
import type { Severity } from "@thruway/sdk";
import type { Status } from "../incidents/incident.ts";
import type { Outcome } from "../store/ports.ts";

export { duration } from "../duration.ts";

/**
 * Text of a sender's, harmless to a terminal: escape sequences and characters that turn the writing direction are shown
 * instead of obeyed. White space becomes a space, unless `lines` keeps line breaks and tabs.
 */
export function printable(text: string, { lines = false } = {}): string {
  return text.replaceAll(/[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}]/gu, (character) => {
    if (lines && (character === "\n" || character === "\t")) return character;
    if (lines && character === "\r") return "";
    if (/\s/.test(character)) return " ";
    return `\\u{${character.codePointAt(0)?.toString(16)}}`;
  });
}

/** `2026-01-15 10:00:00`, in UTC as every time here. */
export function time(iso: string | null): string {
  return iso === null ? "" : iso.slice(0, 19).replace("T", " ");
}

/** The same where no column head says which time it is. */
export function timeUtc(iso: string | null): string {
  return iso === null ? "" : `${time(iso)} UTC`;
}

export type Format = Parameters<typeof styleText>[0];

export const severityFormat = {
  critical: ["bold", "red"],
  high: "red",
  medium: "yellow",
  low: "cyan",
  info: "dim",
} as const satisfies Record<Severity, Format>;

export const statusFormat = {
  new: "bold",
  in_progress: "cyan",
  pending_approval: "yellow",
  escalated: "red",
  resolved: "green",
  closed: "dim",
} as const satisfies Record<Status, Format>;

export const outcomeFormat = {
  accepted: "green",
  duplicate: "dim",
  ignored: "dim",
  queued: "yellow",
  rejected: "red",
  dead: "red",
  refused: "red",
} as const satisfies Record<Outcome, Format>;

/** `1 incident`, `2 incidents`; `1 delivery`, `2 deliveries` where the plural is said. */
export function count(number: number, noun: string, plural = `${noun}s`): string {
  return `${number} ${number === 1 ? noun : plural}`;
}
