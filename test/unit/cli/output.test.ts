import assert from "node:assert/strict";
import { Writable } from "node:stream";
import { describe, test } from "node:test";
import { type Column, createOutput, renderTable } from "../../../core/cli/output.ts";

interface Row {
  readonly name: string;
  readonly title: string;
  readonly extra: string;
}

const columns: readonly Column<Row>[] = [
  { head: "NAME", value: ({ name }) => name },
  { head: "TITLE", value: ({ title }) => title, flexible: true },
  { head: "EXTRA", value: ({ extra }) => extra, optional: true },
];
const long = "a title that is rather long for what there is of a terminal";
const rows: readonly Row[] = [
  { name: "one", title: long, extra: "e1" },
  { name: "two-two", title: "short", extra: "e2" },
];
const paint = (_: unknown, text: string): string => text;

describe("a table", () => {
  test("is as wide as its cells where nothing bounds it", async () => {
    assert.deepEqual((await renderTable(columns, rows, { width: undefined, paint })).split("\n"), [
      `NAME     ${"TITLE".padEnd(long.length)}  EXTRA`,
      `one      ${long}  e1`,
      `two-two  ${"short".padEnd(long.length)}  e2`,
    ]);
  });

  test("truncates the flexible column of a narrow terminal", async () => {
    const lines = (await renderTable(columns, rows, { width: 50, paint })).split("\n");
    assert.ok(
      lines.every((line) => line.length <= 50),
      lines.join("\n"),
    );
    assert.match(lines[1] ?? "", /^one {6}a title that .*… {2}e1$/);
  });

  test("leaves optional columns out of a narrower one", async () => {
    const lines = (await renderTable(columns, rows, { width: 42, paint })).split("\n");
    assert.ok(
      lines.every((line) => line.length <= 42),
      lines.join("\n"),
    );
    assert.match(lines[0] ?? "", /^NAME {5}TITLE$/);
    assert.match(lines[1] ?? "", /^one {6}a title that .*…$/);
  });

  test("keeps wide characters in line", async () => {
    const table = await renderTable(columns, [{ name: "一二", title: "悪意のあるファイル", extra: "e" }], {
      width: undefined,
      paint,
    });
    assert.equal(table.split("\n")[1], "一二  悪意のあるファイル  e");
  });

  test("shows what a terminal would obey", async () => {
    const evil = { name: "a\u001b[31mb", title: "two\nlines\u202eesrever", extra: "\u009b2J" };
    const table = await renderTable(columns, [evil], { width: undefined, paint });
    assert.equal(table.split("\n")[1], "a\\u{1b}[31mb  two lines\\u{202e}esrever  \\u{9b}2J");
  });
});

describe("output", () => {
  test("sends what was asked for to standard output and everything else to standard error", () => {
    const [stdout, stderr] = [sink(), sink()];
    const out = createOutput(stdout, stderr);
    out.line("line");
    out.json({ a: 1 });
    out.note("note");
    out.warn("warning");
    out.error("mistake");
    assert.equal(stdout.text(), 'line\n{\n  "a": 1\n}\n');
    assert.equal(stderr.text(), "note\nwarning: warning\nerror: mistake\n");
  });

  test("leaves fields without a value out and lines the others up", () => {
    const stdout = sink();
    createOutput(stdout, sink()).fields([
      ["a", "1"],
      ["none", null],
      ["empty", ""],
      ["bb", "2"],
    ]);
    assert.equal(stdout.text(), "a   1\nbb  2\n");
  });

  test("is never truncated where it is not a terminal", async () => {
    const stdout = Object.assign(sink(), { columns: 20 });
    await createOutput(stdout, sink()).table(columns, rows);
    assert.ok(stdout.text().includes(long));
  });

  test("keeps a sender's escape sequences out of error messages", () => {
    const stderr = sink();
    createOutput(sink(), stderr).error("bad '\u001b]0;owned\u0007'");
    assert.equal(stderr.text(), "error: bad '\\u{1b}]0;owned\\u{7}'\n");
  });
});

function sink(): Writable & { text(): string } {
  const chunks: string[] = [];
  const stream = new Writable({
    decodeStrings: false,
    write(chunk: string, _encoding, done) {
      chunks.push(chunk);
      done();
    },
  });
  return Object.assign(stream, { text: () => chunks.join("") });
}
