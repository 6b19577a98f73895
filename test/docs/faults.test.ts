import assert from "node:assert/strict";
import { test } from "node:test";
import { faults, others, writes } from "../integration/mongodb/matrix.ts";
import { readPage, rowsOf, sectionsOf } from "../support/markdown.ts";

test("the fault matrix on the page is the one that the tests run, with its number of tests in each place", async () => {
  const sections = sectionsOf(await readPage("docs/operations.md"));
  const section = sections.find(({ title }) => title === "What was tried");
  const [intake, forward, claim] = [writes.intake, writes.forward, writes.claim].map((each) => each.length);
  const one = [1, 1, 1];
  const wanted = [
    ...Object.entries(faults).map(([kind, name]) => [
      name,
      // The spool's own disk is one more.
      ...[kind === "diskFull" ? Number(intake) + 1 : intake, forward, claim],
    ]),
    [others.refuse, ...one],
    [others.killed, intake, 1, claim],
  ];
  const shown = rowsOf(section?.text ?? "").map(([name, ...cells]) => [
    name,
    ...cells.map((cell) => Number(/^lost 0, twice 0 \((\d+)\)$/.exec(cell)?.[1])),
  ]);
  assert.deepEqual(shown, wanted);
});
