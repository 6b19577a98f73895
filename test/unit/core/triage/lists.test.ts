import assert from "node:assert/strict";
import { mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { listOf, readLists } from "../../../../core/triage/lists.ts";

const text = listOf(
  "# ours\npartner.example\n*.cdn.example\n198.51.100.0/24\n2001:db8::/32\nboss@other.example # chief\n",
  false,
);

const cases: readonly (readonly [string, boolean])[] = [
  ["partner.example", true],
  ["PARTNER.example", true],
  ["billing@partner.example", true],
  ["https://partner.example/pay", true],
  ["notpartner.example", false],
  ["partner.example.evil.example", false],
  ["www.partner.example", false],
  ["a.b.cdn.example", true],
  ["cdn.example", false],
  ["boss@other.example", true],
  ["else@other.example", false],
  ["198.51.100.77", true],
  ["198.51.101.1", false],
  ["2001:db8:1::5", true],
  ["partner[.]example", true],
  ["", false],
];

for (const [value, isOn] of cases) {
  test(`${value || "nothing"} is ${isOn ? "" : "not "}on a list`, () => {
    assert.equal(text.find([value]) !== undefined, isOn);
  });
}

test("a CSV gives its other columns by the names in its head", () => {
  const list = listOf('entry,owner,note\n203.0.113.0/24,red team,"scans, weekly"\nhost1,"J ""D"" Doe",\n', true);
  assert.deepEqual(list.find(["203.0.113.9"]), {
    value: "203.0.113.9",
    entry: "203.0.113.0/24",
    columns: { owner: "red team", note: "scans, weekly" },
  });
  assert.equal(list.find(["HOST1"])?.columns.owner, 'J "D" Doe');
});

test("a folder that is not there has no lists, and a bad entry is named", async () => {
  assert.equal((await readLists("/nowhere/at/all")).lists.size, 0);
  const folder = await mkdtemp(join(tmpdir(), "lists-"));
  try {
    await writeFile(join(folder, "good.txt"), "a.example\n");
    await writeFile(join(folder, "bad.txt"), "0.0.0.0/0\n");
    const { lists, problems } = await readLists(folder);
    assert.deepEqual([...lists.keys()], ["bad", "good"]);
    assert.equal(lists.get("bad")?.find(["192.0.2.1"]), undefined);
    assert.match(problems[0] ?? "", /bad\.txt: .*everybody/);
  } finally {
    await rm(folder, { recursive: true });
  }
});

test("two addresses in one are on nobody's domain, nor is a bracket or a quote around one", () => {
  const list = listOf("partner.example", false);
  assert.equal(list.find(["Jane <jane@partner.example>"])?.entry, "partner.example");
  for (const value of [
    "x@evil.example, ceo@partner.example",
    "x@evil.example <ceo@partner.example",
    '"x@evil.example"@partner.example',
    "<x@evil.example> ceo@partner.example",
    "x@evil.example (ceo@partner.example)",
    "https://evil.example/@partner.example",
    "https://partner.example@evil.example/",
    "evil.example/@partner.example",
  ]) {
    assert.equal(list.find([value]), undefined, value);
  }
});

test("an entry that is no network is named, and the others stand; a link to a list is read as one", async () => {
  const folder = await mkdtemp(join(tmpdir(), "thruway-test-"));
  try {
    await writeFile(join(folder, "data"), "10.0.0.0/99\nevil.example\n");
    await symlink(join(folder, "data"), join(folder, "linked.txt"));
    const { lists, problems } = await readLists(folder);
    assert.equal(lists.get("linked")?.find(["evil.example"])?.entry, "evil.example");
    assert.match(problems.join("\n"), /linked\.txt: "10\.0\.0\.0\/99" must be a network/);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
