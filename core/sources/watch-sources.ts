import type { Logger } from "pino";
import { coalesce } from "../coalesce.ts";
import { messageOf } from "../errors.ts";
import type { SourceStore } from "../store/ports.ts";
import { waitAtMost } from "../wait.ts";
import type { SourceChanges, Sources } from "./sources.ts";

const pollEveryMs = 1_000;
/** Anybody can ask for a source that there is not: however many do, the store is asked no more often than that in the long run. */
const lookAgainEveryMs = 200;
/** Who registers some and uses them at once is no flood. */
const looksAtOnce = 20;
const longestLookMs = 1_000;

export interface SourceWatchDependencies {
  readonly sources: Pick<Sources, "reload">;
  readonly store: Pick<SourceStore, "revision">;
  readonly log: Logger;
  /** Milliseconds that only rise. */
  readonly clock: () => number;
}

export interface SourceWatch {
  /** Resolves once what is stored at this moment is known here; rejects where the store cannot be read. */
  refresh(): Promise<void>;
  /**
   * For a source that is unknown here: another gateway may have registered it a moment ago. Resolves after a look into the
   * store, or at once where there were too many. It never rejects and never takes long.
   */
  lookAgain(): Promise<void>;
  /** Waits for a look that is under way. */
  close(): Promise<void>;
}

/** Keeps the sources in memory in step with the store, which other gateways write too: looks every second whether they changed. */
export function watchSources({ sources, store, log, clock }: SourceWatchDependencies): SourceWatch {
  let known: string | undefined;
  let lastLook: Promise<void> = Promise.resolve();
  let looks = looksAtOnce;
  let countedAt = clock();
  let looking = 0;
  let away = false;

  const refresh = coalesce(async () => {
    // Read before the records: what changes in between has another revision, and is read again.
    const revision = await store.revision();
    if (revision === known) return;
    report(await sources.reload(), log);
    known = revision;
  });

  /** Never rejects; a store that is away is said once, and not at every look. */
  async function look(): Promise<void> {
    looking += 1;
    try {
      await refresh();
      away = false;
    } catch (error) {
      if (!away) log.error({ err: error }, "Stored sources could not be read");
      away = true;
    } finally {
      looking -= 1;
    }
  }

  const polling = setInterval(() => {
    lastLook = look();
  }, pollEveryMs);
  polling.unref();
  return {
    refresh,
    async lookAgain() {
      const now = clock();
      looks = Math.min(looksAtOnce, looks + (now - countedAt) / lookAgainEveryMs);
      countedAt = now;
      if (looks >= 1) {
        looks -= 1;
        lastLook = look();
      }
      if (looking > 0) await waitAtMost(longestLookMs, lastLook);
    },
    async close() {
      clearInterval(polling);
      await lastLook;
    },
  };
}

function report({ added, changed, removed, unreadable }: SourceChanges, log: Logger): void {
  const names = { added: added.map(nameOf), changed: changed.map(nameOf), removed };
  if (Object.values(names).some((each) => each.length > 0))
    log.info({ ...names }, "Sources were changed by another gateway");
  for (const { source, problem } of [...added, ...changed]) {
    if (problem !== undefined) log.error({ source, problem }, "Source takes nothing");
  }
  for (const { source, error } of unreadable) {
    log.error({ source, problem: messageOf(error) }, "Stored source cannot be used");
  }
}

function nameOf({ source }: { readonly source: string }): string {
  return source;
}
