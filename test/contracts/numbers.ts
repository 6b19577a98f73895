import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { CommitResult, CommitStore } from "../../core/store/ports.ts";
import { aCommit, aDelivery, aDraft, incidentsOf, times } from "./builders.ts";
import { type NewPlace, sharedStore, twoGateways } from "./place.ts";

/** Incident numbers: unique and rising per year, whoever makes incidents at once. Each test has years of its own. */
export function numberSuite(newPlace: NewPlace): void {
  describe("incident numbers", { timeout: 60_000 }, () => {
    const shared = sharedStore(newPlace);

    test("the first of a year is 0001, and each one after it is greater", async () => {
      const numbers: string[] = [];
      for (let count = 0; count < 5; count++)
        numbers.push(...(await make(shared.store.commits, "2031-06-01T00:00:00.000Z")));
      assert.equal(numbers[0], "INC-2031-0001");
      assertRising(numbers);
    });

    test("200 incidents made at once have 200 numbers", async () => {
      const made = await Promise.all(times(200, () => make(shared.store.commits, "2032-06-01T00:00:00.000Z")));
      const numbers = made.flat();
      for (const number of numbers) assert.match(number, /^INC-2032-\d{4,}$/);
      assert.equal(new Set(numbers).size, 200);
      const [next = ""] = await make(shared.store.commits, "2032-06-01T00:00:00.000Z");
      for (const number of numbers) assertRising([number, next]);
    });

    test("two gateways on one store never give one number twice", async () => {
      await using place = await newPlace();
      const gateway = await twoGateways(place);
      const made = await Promise.all(times(200, (index) => make(gateway(index).commits, "2032-06-01T00:00:00.000Z")));
      assert.equal(new Set(made.flat()).size, 200);
    });

    test("every year counts for itself, from its first millisecond in UTC", async () => {
      const moments = ["2033-12-31T23:59:59.999Z", "2034-01-01T00:00:00.000Z"] as const;
      const made = await Promise.all(
        times(60, (index) => make(shared.store.commits, moments[index % 2] ?? moments[0])),
      );
      for (const year of [2033, 2034]) {
        const numbers = made.flat().filter((number) => number.startsWith(`INC-${year}-`));
        assert.equal(new Set(numbers).size, 30);
        assert.ok(numbers.includes(`INC-${year}-0001`), numbers.join(" "));
      }
      assert.deepEqual(
        new Set(
          made
            .filter((_, index) => index % 2 === 0)
            .flat()
            .map(yearOf),
        ),
        new Set(["2033"]),
      );
    });

    test("an old year goes on where it stopped", async () => {
      const [first = ""] = await make(shared.store.commits, "2035-12-31T23:59:59.999Z");
      await make(shared.store.commits, "2036-01-01T00:00:00.000Z");
      const [second = ""] = await make(shared.store.commits, "2035-12-31T23:59:59.999Z");
      assertRising([first, second]);
    });

    test("numbers go on beyond four digits", async () => {
      const created_at = "2037-06-01T00:00:00.000Z";
      const results = await Promise.all(
        times(51, () =>
          shared.store.commits.commit({ delivery: aDelivery(), drafts: times(200, () => aDraft({ created_at })) }),
        ),
      );
      const numbers = results.flatMap(numbersOf);
      assert.equal(new Set(numbers).size, 51 * 200);
      const [next = ""] = await make(shared.store.commits, created_at);
      assert.match(next, /^INC-2037-\d{5}$/);
      assert.equal((await shared.store.incidents.get(next))?.number, next);
      for (const number of numbers) assertRising([number, next]);
    });

    test("a store that is opened again goes on counting", async () => {
      await using place = await newPlace();
      const store = await place.open();
      const before = await make(store.commits, "2038-01-01T00:00:00.000Z");
      await store.close();
      const after = await make((await place.open()).commits, "2038-01-01T00:00:00.000Z");
      assertRising([...before, ...after]);
    });
  });
}

async function make(commits: CommitStore, created_at: string): Promise<readonly string[]> {
  return numbersOf(await commits.commit(aCommit({}, { created_at })));
}

function numbersOf(result: CommitResult): readonly string[] {
  return incidentsOf(result).map((ref) => ref.incident_number);
}

function yearOf(number: string): string | undefined {
  return number.split("-")[1];
}

function assertRising(numbers: readonly string[]): void {
  const sequences = numbers.map((number) => Number(number.split("-")[2]));
  for (const [index, sequence] of sequences.entries()) {
    if (index > 0)
      assert.ok(sequence > (sequences[index - 1] ?? 0), `${numbers[index]} comes after ${numbers[index - 1]}`);
  }
}
