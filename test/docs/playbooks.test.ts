import assert from "node:assert/strict";
import { test } from "node:test";
import { builtIn } from "../../core/triage/actions/index.ts";
import { playbookSchema } from "../../core/triage/shape.ts";
import { codeOf, readPage, rowsOf, sectionsOf } from "../support/markdown.ts";
import { anEmptyFolder, walkThrough } from "../support/page.ts";

const sections = sectionsOf(await readPage("docs/playbooks.md"));

function rowsUnder(title: string): ReturnType<typeof rowsOf> {
  const section = sections.find((each) => each.title === title);
  assert.ok(section, `there is no "${title}"`);
  return rowsOf(section.text);
}

const nameIn = ([first = ""]: readonly string[]): string => codeOf(first)[0] ?? "";

test("docs/playbooks.md lists every action with its parameters and what it gives", () => {
  const listed = rowsUnder("Actions").map(([name = "", parameters = "", gives = ""]) =>
    [name, parameters, gives].map((cell) => codeOf(cell)),
  );
  const real = builtIn.map(({ name, parameters, output }) => [
    [name],
    Object.keys(parameters.describe().keys ?? {}),
    Object.keys(output),
  ]);
  assert.deepEqual(listed, real);
});

test("docs/playbooks.md lists every field of a playbook and of a step", () => {
  const keys: Readonly<Record<string, { items?: readonly { keys?: object }[] }>> = playbookSchema.describe().keys ?? {};
  assert.deepEqual(rowsUnder("What stands in it").map(nameIn).toSorted(), Object.keys(keys).toSorted());
  const step = Object.keys(keys.steps?.items?.[0]?.keys ?? {});
  assert.deepEqual(rowsUnder("Steps").map(nameIn).toSorted(), step.toSorted());
});

test("docs/playbooks.md: the playbook that it writes does what the page says", async () => {
  await using place = await anEmptyFolder();
  await walkThrough("docs/playbooks.md", place);
});
