import type { SourceRecord, SourceStore } from "../store/ports.ts";

/** Sources that are looked at and not changed. */
export function fixedStore(records: readonly SourceRecord[] = []): SourceStore {
  return {
    all: () => Promise.resolve(records),
    revision: () => Promise.resolve(""),
    add: () => Promise.resolve(false),
    replace: () => Promise.resolve(false),
    remove: () => Promise.resolve(false),
  };
}
