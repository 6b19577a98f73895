import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { writerOf } from "../../../../../core/incidents/export/formats.ts";
import { exported } from "../../../../../core/incidents/export/stream.ts";
import { anIncident } from "../../../../support/an-incident.ts";

/** A list of so many incidents that counts its pages. */
function aList(count: number, { size = 200, failsAt = Number.POSITIVE_INFINITY } = {}) {
  const asked: (string | undefined)[] = [];
  return {
    asked,
    list: (after: string | undefined) => {
      asked.push(after);
      if (asked.length > failsAt) return Promise.reject(new Error("the store is away"));
      const from = Number(after ?? 0);
      const until = Math.min(count, from + size);
      const data = Array.from({ length: until - from }, (_, index) =>
        anIncident({ number: `INC-2026-${from + index}`, description: "x".repeat(1_000) }),
      );
      return Promise.resolve({ data, next: until < count ? String(until) : undefined });
    },
  };
}

async function allOf(pieces: AsyncIterable<string>): Promise<string> {
  let whole = "";
  for await (const piece of pieces) whole += piece;
  return whole;
}

describe("an export", () => {
  test("is every incident of every page, once and in order, one a line", async () => {
    const { list, asked } = aList(450);
    const lines = (await allOf(exported(list, writerOf("jsonl")))).split("\n");
    assert.equal(lines.pop(), "");
    assert.deepEqual(
      lines.map((line) => JSON.parse(line).number),
      Array.from({ length: 450 }, (_, index) => `INC-2026-${index}`),
    );
    assert.deepEqual(asked, [undefined, "200", "400"]);
  });

  test("of nothing is nothing; in CSV it is the names of the columns", async () => {
    assert.equal(await allOf(exported(aList(0).list, writerOf("ecs"))), "");
    const csv = await allOf(exported(aList(0).list, writerOf("csv")));
    assert.match(csv, /^"number","title".*\r\n$/);
  });

  test("comes in pieces, and reads no page before it is needed", async () => {
    const { list, asked } = aList(10_000);
    const pieces = exported(list, writerOf("jsonl"));
    for (let read = 0; read < 3; read += 1) {
      const { value } = await pieces.next();
      assert.ok(value !== undefined && value.length >= 65_536 && value.length < 80_000);
    }
    assert.equal(asked.length, 1);
    await pieces.return();
    assert.equal(asked.length, 1);
  });

  test("lets others have a turn between two pieces", async () => {
    let turns = 0;
    const timer = setInterval(() => (turns += 1), 0);
    await allOf(exported(aList(20_000).list, writerOf("ocsf")));
    clearInterval(timer);
    assert.ok(turns > 50, `${turns} turns`);
  });

  test("fails where the store does, after what was read before", async () => {
    const pieces = exported(aList(1_000, { failsAt: 2 }).list, writerOf("jsonl"));
    let read = "";
    await assert.rejects(async () => {
      for await (const piece of pieces) read += piece;
    }, /the store is away/);
    assert.ok(read.length > 65_536);
  });
});
