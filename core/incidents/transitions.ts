import type { Status } from "./incident.ts";

/**
 * What an analyst or a playbook may make of each status. Taken up, an incident can be given back; what is over begins anew as
 * `in_progress`, so that it is seen that somebody decided so. A vendor's own word is not bound by this: it is what happened there.
 */
export const transitions = {
  new: ["in_progress", "pending_approval", "escalated", "resolved", "closed"],
  in_progress: ["new", "pending_approval", "escalated", "resolved", "closed"],
  pending_approval: ["new", "in_progress", "escalated", "resolved", "closed"],
  escalated: ["in_progress", "pending_approval", "resolved", "closed"],
  resolved: ["in_progress", "closed"],
  closed: ["in_progress"],
} as const satisfies Readonly<Record<Status, readonly Status[]>>;

/** Whether an incident may go from one status to another. That it stays what it is, is always fine. */
export function mayBecome(from: Status, to: Status): boolean {
  const allowed: readonly Status[] = transitions[from];
  return from === to || allowed.includes(to);
}

/** Whether nothing is left to do: such an incident takes no more alerts of its group, and another one begins. */
export function isOver(status: Status): boolean {
  return status === "resolved" || status === "closed";
}
