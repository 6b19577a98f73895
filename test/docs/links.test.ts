import assert from "node:assert/strict";
import { existsSync, globSync } from "node:fs";
import { dirname, join, normalize, resolve } from "node:path";
import { test } from "node:test";
import { linksOf, proseOf, readPage, root, sectionsOf } from "../support/markdown.ts";

const left = new Set(["node_modules", "data", ".git", ".scratch"]);
const pages = globSync("**/*.md", { cwd: root, exclude: (path) => left.has(path.split("/").at(-1) ?? "") }).toSorted();

/** A link is not one where it stands in code. */
function withoutCode(markdown: string): string {
  return proseOf(markdown).replaceAll(/`[^`]*`/g, "");
}

/** As GitHub counts them: the second heading of one name ends with `-1`. */
function anchorsOf(markdown: string): ReadonlySet<string> {
  const seen = new Map<string, number>();
  return new Set(
    sectionsOf(markdown).map(({ anchor }) => {
      const before = seen.get(anchor) ?? 0;
      seen.set(anchor, before + 1);
      return before === 0 ? anchor : `${anchor}-${before}`;
    }),
  );
}

/** What is wrong with a link from a page; `undefined` where it leads somewhere, or out of the repository. */
async function fault(page: string, link: string): Promise<string | undefined> {
  if (/^[a-z]+:/.test(link)) return undefined;
  const [path = "", anchor] = link.split("#");
  const target = path === "" ? page : normalize(join(dirname(page), decodeURIComponent(path)));
  if (!existsSync(resolve(root, target))) return `${link}: there is no ${target}`;
  if (anchor === undefined) return undefined;
  return anchorsOf(await readPage(target)).has(anchor) ? undefined : `${link}: ${target} has no heading #${anchor}`;
}

test("the pages are found, and their links", async () => {
  assert.ok(pages.includes("docs/architecture.md"));
  assert.ok(pages.includes("plugins/generic/README.md"));
  assert.notEqual(linksOf(await readPage("docs/architecture.md")).length, 0);
});

test("a link to nowhere is found", async () => {
  assert.equal(await fault("docs/errors.md", "#rate_limited"), undefined);
  assert.match((await fault("docs/errors.md", "nowhere.md")) ?? "", /there is no docs\/nowhere.md/);
  assert.match((await fault("docs/errors.md", "errors.md#nothing")) ?? "", /has no heading #nothing/);
});

for (const page of pages) {
  test(`every link of ${page} leads somewhere`, async () => {
    const links = linksOf(withoutCode(await readPage(page)));
    const faults = await Promise.all(links.map((link) => fault(page, link)));
    assert.deepEqual(
      faults.filter((each) => each !== undefined),
      [],
    );
  });
}

/** Paths that a text names in code, such as `core/errors.ts`; those with a placeholder are left out. */
const named = /`((?:core|sdk|test|bench|bin|docs)\/[\w./-]+)`/g;

for (const page of pages) {
  test(`every file that ${page} names is there`, async () => {
    const paths = [...proseOf(await readPage(page)).matchAll(named)].map(([, path = ""]) => path);
    assert.deepEqual(
      paths.filter((path) => !existsSync(resolve(root, path))),
      [],
    );
  });
}
