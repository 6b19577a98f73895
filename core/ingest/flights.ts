import type { NewDelivery } from "../store/ports.ts";

/** A delivery in the hands of a plugin, whose code may run for ever or take the process down with it. */
export interface Flight {
  readonly delivery: NewDelivery;
  /** The lease under which it was taken from the queue; absent for one that has just arrived. */
  readonly epoch?: number;
}

/** Keeps note of what a plugin is at, for whoever comes after a process that did not survive it. */
export interface Flights {
  /**
   * Does the part of a delivery's work in which plugins take part.
   *
   * @returns what `work` returns; `undefined` without doing it, where the same payload has stalled as often as it may: once for
   *   what has just arrived, twice for what was queued
   */
  run<T>(flight: () => Flight, work: () => T): T | undefined;
}

/** For a process that nobody restarts: no notes, and every payload is tried. */
export const unrecorded: Flights = { run: (_, work) => work() };

/** What stands in a delivery whose plugin did not come to an end. */
export function stalled(
  plugin: string | null,
  attempt: "first" | "second",
): { readonly code: "plugin_stalled"; readonly reason: string } {
  const who = plugin === null ? "A plugin" : `The plugin '${plugin}'`;
  return { code: "plugin_stalled", reason: `${who} did not come to an end (${attempt} try)` };
}
