import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { resolve } from "node:path";
import { test } from "node:test";
import { linksOf, readPage, root, rowsOf, sectionsOf } from "../support/markdown.ts";

const folder = "docs/adr";
const files = readdirSync(resolve(root, folder))
  .filter((file) => file !== "README.md")
  .toSorted();
const longestPage = 4_000;

test("records are numbered one after the other", () => {
  const numbers = files.map((file) => file.slice(0, 5));
  assert.deepEqual(
    numbers,
    files.map((_, index) => `${String(index + 1).padStart(4, "0")}-`),
  );
});

test("the index lists every record by its number and title, and nothing else", async () => {
  const listed = rowsOf(await readPage(`${folder}/README.md`)).map(([number, title = ""]) => {
    return [number, /^\[(.*)\]/.exec(title)?.[1], linksOf(title)[0]];
  });
  const real = await Promise.all(
    files.map(async (file) => {
      const [heading] = sectionsOf(await readPage(`${folder}/${file}`));
      const [, number = "", title] = /^(\d+)\. (.+)$/.exec(heading?.title ?? "") ?? [];
      return [number.padStart(4, "0"), title, file];
    }),
  );
  assert.deepEqual(listed, real);
});

for (const file of files) {
  test(`${file} says context, decision and consequences, on one page`, async () => {
    const text = await readPage(`${folder}/${file}`);
    const [, ...sections] = sectionsOf(text);
    assert.deepEqual(
      sections.map(({ title }) => title),
      ["Context", "Decision", "Consequences"],
    );
    for (const section of sections) assert.notEqual(section.text.trim(), "", section.title);
    assert.ok(text.length <= longestPage, `it has ${text.length} characters`);
  });
}
