import assert from "node:assert/strict";
import { test } from "node:test";
import type { Collections } from "../../../../../core/store/mongodb/database.ts";
import { numbersOf } from "../../../../../core/store/mongodb/numbers.ts";

/** A counter that answers when it is told to. */
function aCounter(now: () => number = () => 0): {
  readonly numbers: {
    reserve(year: number, count: number): Promise<void>;
    take(year: number, count: number): Promise<readonly string[]>;
  };
  readonly answer: (index: number) => void;
  readonly asked: readonly number[];
} {
  const waiting: (() => void)[] = [];
  const asked: number[] = [];
  let last = 0;
  const incident_numbers = {
    findOneAndUpdate(_: unknown, { $inc }: { readonly $inc: { readonly last: number } }) {
      last += $inc.last;
      asked.push($inc.last);
      const counter = { last };
      return new Promise((resolve) => waiting.push(() => resolve(counter)));
    },
  };
  const counters = { incident_numbers } as unknown as Collections;
  const real = numbersOf(now);
  const numbers = {
    reserve: (year: number, count: number) => real.reserve(counters, year, count),
    take: (year: number, count: number) => real.take(counters, year, count),
  };
  return { numbers, answer: (index) => waiting[index]?.(), asked };
}

test("what was reserved is given out, rising, without asking again", async () => {
  const { numbers, answer, asked } = aCounter();
  const reserving = numbers.reserve(2026, 3);
  answer(0);
  await reserving;
  assert.deepEqual(await numbers.take(2026, 2), ["INC-2026-0001", "INC-2026-0002"]);
  assert.deepEqual(await numbers.take(2026, 1), ["INC-2026-0003"]);
  assert.deepEqual(asked, [3]);
});

test("a reservation that comes late brings no number back that was given out meanwhile", async () => {
  const { numbers, answer } = aCounter();
  // A batch that failed elsewhere leaves its reservation running beside that of the next one.
  const [abandoned, next] = [numbers.reserve(2026, 2), numbers.reserve(2026, 2)];
  answer(1);
  await next;
  const first = await numbers.take(2026, 2);
  answer(0);
  await abandoned;
  const second = await numbers.take(2026, 2);
  assert.equal(new Set([...first, ...second]).size, 4);
});

test("what nobody needed for a second is left out, since others have gone on by then", async () => {
  let now = 0;
  const { numbers, answer, asked } = aCounter(() => now);
  const reserving = numbers.reserve(2026, 5);
  answer(0);
  await reserving;
  now = 1_000;
  const taking = numbers.take(2026, 1);
  answer(1);
  assert.deepEqual(await taking, ["INC-2026-0006"]);
  assert.deepEqual(asked, [5, 1]);
});
