/** Playbooks and lists as they are now: read again when a file or what the API was given changes. */
import { stat } from "node:fs/promises";
import type { Logger } from "pino";
import { coalesce } from "../coalesce.ts";
import { messageOf } from "../errors.ts";
import type { TriageStore } from "../store/triage-port.ts";
import type { Actions } from "./compile.ts";
import { type Library, libraryOf, mistakeLines, type PlaybookText, readTexts } from "./library.ts";
import { filesIn, readLists } from "./lists.ts";
import type { Lists, WatchList } from "./ports.ts";

const pollEveryMs = 1_000;

export interface TriageWatch {
  readonly library: () => Library;
  readonly lists: Lists;
  /** Resolves once what there is at this moment is known here. */
  refresh(): Promise<void>;
  close(): Promise<void>;
}

export interface TriageWatchDependencies {
  readonly playbooksDir: string;
  readonly listsDir: string;
  readonly actions: Actions;
  readonly store: Pick<TriageStore, "playbooks" | "playbooksRevision">;
  readonly log: Logger;
}

export function watchTriage({ playbooksDir, listsDir, actions, store, log }: TriageWatchDependencies): TriageWatch {
  let library = libraryOf([], actions);
  let lists: ReadonlyMap<string, WatchList> = new Map();
  let seenTexts = "";
  let seenLists = "";
  let stored: readonly PlaybookText[] = [];
  let revision: string | undefined;

  async function lookAtStored(): Promise<void> {
    // Read before the playbooks: what changes in between has another revision, and is read again.
    const now = await store.playbooksRevision();
    if (now === revision) return;
    const given = await store.playbooks();
    stored = given.map(({ name, text }) => ({ file: name, text, origin: "api" }));
    revision = now;
  }

  async function lookAtPlaybooks(): Promise<void> {
    // While the store is away, what it said last stands.
    await lookAtStored().catch(() => {});
    const texts = [...(await readTexts(playbooksDir)), ...stored];
    const seen = JSON.stringify(texts);
    if (seen === seenTexts) return;
    seenTexts = seen;
    library = libraryOf(texts, actions);
    const broken = library.all.filter(({ playbook }) => playbook === undefined);
    for (const { name, file, mistakes } of broken) {
      log.error({ playbook: name, problems: mistakeLines(file, mistakes) }, "Playbook has mistakes and is not run");
    }
    log.info({ playbooks: library.all.length - broken.length }, "Playbooks read");
  }

  async function lookAtLists(): Promise<void> {
    const seen = await stampOf(listsDir);
    if (seen === seenLists) return;
    const read = await readLists(listsDir);
    seenLists = seen;
    lists = read.lists;
    for (const problem of read.problems) log.error({ problem }, "List cannot be read");
    if (lists.size > 0) log.info({ lists: [...lists.keys()] }, "Lists read");
  }

  const look = coalesce(async () => {
    try {
      await Promise.all([lookAtPlaybooks(), lookAtLists()]);
    } catch (error) {
      log.error({ reason: messageOf(error) }, "Playbooks and lists could not be read");
    }
  });

  let lastLook: Promise<void> = Promise.resolve();
  function refresh(): Promise<void> {
    lastLook = look();
    return lastLook;
  }

  const polling = setInterval(() => void refresh(), pollEveryMs);
  polling.unref();
  return {
    library: () => library,
    lists: { get: (name) => lists.get(name) },
    refresh,
    async close() {
      clearInterval(polling);
      await lastLook;
    },
  };
}

async function stampOf(folder: string): Promise<string> {
  const files = await filesIn(folder, [".txt", ".csv"]);
  const stats = await Promise.all(files.map((file) => stat(file).catch(() => undefined)));
  return JSON.stringify(stats.map((each, index) => [files[index], each?.mtimeMs, each?.size, each?.ino]));
}
