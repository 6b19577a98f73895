import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { resolve } from "node:path";
import { test } from "node:test";
import { stages } from "../../core/ingest/journey.ts";
import { outcomes } from "../../core/store/ports.ts";
import { rules } from "../architecture/rules.ts";
import { codeOf, linksOf, readPage, root, rowsOf, sectionsOf } from "../support/markdown.ts";

const sections = sectionsOf(await readPage("docs/architecture.md"));

function textOf(title: string): string {
  const section = sections.find((each) => each.title === title);
  assert.ok(section, `there is no "${title}"`);
  return section.text;
}

const steps = textOf("The life of a delivery")
  .split("\n")
  .filter((line) => /^\d+\. /.test(line))
  .map((line) => ({ stage: codeOf(line)[0] ?? "", file: linksOf(line)[0] ?? "" }));

test("the life of a delivery has the stages of the code, in their order", () => {
  assert.deepEqual(
    steps.map(({ stage }) => stage),
    [...stages],
  );
});

for (const { stage, file } of steps) {
  test(`the stage ${stage} is a file with one exported function of that name`, async () => {
    const loaded: Record<string, unknown> = await import(resolve(root, "docs", file));
    const functions = Object.keys(loaded).filter((name) => typeof loaded[name] === "function");
    assert.deepEqual(functions, [stage.replaceAll(/_(\w)/g, (_, letter: string) => letter.toUpperCase())]);
  });
}

test("the word delivery names every outcome", () => {
  const [line = ""] = /- \*\*delivery\*\*.*\n?.*/.exec(textOf("Words")) ?? [];
  for (const outcome of outcomes) assert.match(line, new RegExp(`\\b${outcome}\\b`));
});

const made = new Set(["node_modules", "data"]);
function foldersIn(folder: string): readonly string[] {
  return readdirSync(resolve(root, folder), { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && !entry.name.startsWith(".") && !made.has(entry.name))
    .map(({ name }) => name);
}

test("the layout lists every folder of the checkout, and no other", () => {
  const listed = rowsOf(textOf("Layout")).map(([folder = ""]) => codeOf(folder)[0]);
  const real = foldersIn(".").flatMap((name) =>
    name === "core" ? foldersIn("core").map((inside) => `core/${inside}`) : [name],
  );
  assert.deepEqual(new Set(listed), new Set(real));
});

test("the import rule is the one that the imports are tested by", () => {
  const listed = [...textOf("The import rule").matchAll(/^- (.+)$/gm)].map(([, sentence]) => sentence);
  assert.deepEqual(
    listed,
    rules.map(({ sentence }) => sentence),
  );
});
