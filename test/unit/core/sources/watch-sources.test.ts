import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import pino from "pino";
import type { SourceChanges } from "../../../../core/sources/sources.ts";
import { type SourceWatch, watchSources } from "../../../../core/sources/watch-sources.ts";

const nothing: SourceChanges = { added: [], changed: [], removed: [], unreadable: [] };

interface Watched {
  readonly watch: SourceWatch;
  /** What the store says of itself; `away` for one that does not answer. */
  revision: string;
  away: boolean;
  /** How often the store was asked, and how often it was read. */
  asked: number;
  reloads: number;
  changes: SourceChanges;
  readonly lines: readonly Readonly<Record<string, unknown>>[];
  /** Lets time pass, and what is due then happen. */
  pass(ms: number): Promise<void>;
}

function watched(t: TestContext): Watched {
  t.mock.timers.enable({ apis: ["setInterval"] });
  let time = 0;
  const lines: Record<string, unknown>[] = [];
  const log = pino({ base: null }, { write: (line: string) => void lines.push(JSON.parse(line)) });
  const state = { revision: "1", away: false, asked: 0, reloads: 0, changes: nothing };
  const watch = watchSources({
    store: {
      revision() {
        state.asked += 1;
        return state.away ? Promise.reject(new Error("away")) : Promise.resolve(state.revision);
      },
    },
    sources: {
      reload() {
        state.reloads += 1;
        return Promise.resolve(state.changes);
      },
    },
    log,
    clock: () => time,
  });
  return Object.assign(state, {
    watch,
    lines,
    async pass(ms: number) {
      time += ms;
      t.mock.timers.tick(ms);
      for (let turns = 0; turns < 20; turns += 1) await Promise.resolve();
    },
  });
}

test("the store is asked every second, and read when its revision is another one", async (t) => {
  const state = watched(t);
  await state.pass(1_000);
  assert.deepEqual([state.asked, state.reloads], [1, 1]);
  await state.pass(1_000);
  assert.deepEqual([state.asked, state.reloads], [2, 1]);
  state.revision = "2";
  await state.pass(1_000);
  assert.deepEqual([state.asked, state.reloads], [3, 2]);
});

test("a store that is away is said once in an outage, and read when it is back", async (t) => {
  const state = watched(t);
  for (const away of [true, true, true, false, false, true]) {
    state.away = away;
    await state.pass(1_000);
  }
  const said = "Stored sources could not be read";
  assert.deepEqual(
    state.lines.map(({ msg }) => msg),
    [said, said],
  );
  assert.equal(state.reloads, 1);
});

test("what changed is said, with what takes nothing and what cannot be used", async (t) => {
  const state = watched(t);
  const view = { source: "edr" } as SourceChanges["added"][number];
  state.changes = {
    added: [view],
    changed: [{ ...view, source: "mail", problem: "its plugin is not installed" }],
    removed: ["siem"],
    unreadable: [{ source: "odd", error: new Error("not ours") }],
  };
  await state.watch.refresh();
  assert.partialDeepStrictEqual(state.lines, [
    { msg: "Sources were changed by another gateway", added: ["edr"], changed: ["mail"], removed: ["siem"] },
    { msg: "Source takes nothing", source: "mail", problem: "its plugin is not installed" },
    { msg: "Stored source cannot be used", source: "odd", problem: "not ours" },
  ]);
});

test("however many ask for what is unknown, the store is asked five times a second in the long run", async (t) => {
  const state = watched(t);
  async function second(): Promise<number> {
    const before = state.asked;
    for (let ms = 0; ms < 1_000; ms += 10) {
      await Promise.all([state.watch.lookAgain(), state.watch.lookAgain()]);
      await state.pass(10);
    }
    return state.asked - before;
  }
  // Twenty at once, five a second, and one that comes without being asked for.
  assert.ok((await second()) <= 20 + 5 + 1);
  for (const asked of [await second(), await second()]) assert.ok(asked > 1 && asked <= 5 + 1, String(asked));
});

test("who asks for what is unknown waits for the look, and hears nothing of a store that is away", async (t) => {
  const state = watched(t);
  await state.watch.lookAgain();
  assert.equal(state.reloads, 1);
  state.away = true;
  await state.watch.lookAgain();
  await assert.rejects(state.watch.refresh(), /away/);
});

test("a store that does not answer keeps nobody waiting for long", async (t) => {
  const state = watched(t);
  const never = watchSources({
    store: { revision: () => new Promise(() => {}) },
    sources: { reload: () => Promise.resolve(nothing) },
    log: pino({ level: "silent" }),
    clock: () => 0,
  });
  await never.lookAgain();
  await state.watch.close();
});
