import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import joi from "joi";
import { Refusal } from "../../../../core/errors.ts";
import type { Context } from "../../../../core/http/context.ts";
import { anyOfValues, listParameters, pageBody, readQuery } from "../../../../core/http/query.ts";
import { idAt } from "../../../contracts/builders.ts";

interface Query {
  readonly limit: number;
  readonly cursor?: string;
  readonly since?: string;
  readonly severity?: readonly string[];
}

const schema = joi.object<Query>({ ...listParameters, severity: anyOfValues(["high", "low", "info"]) });

function read(query: Readonly<Record<string, string | string[]>>): Query {
  return readQuery({ query } as unknown as Context, schema);
}

function problemsOf(query: Readonly<Record<string, string | string[]>>): readonly string[] {
  try {
    read(query);
  } catch (error) {
    assert.ok(error instanceof Refusal && error.code === "invalid_request");
    return (error.details ?? []).map(({ path }) => path);
  }
  return assert.fail(`${JSON.stringify(query)} was taken`);
}

function cursorOf(next: string | undefined): string | null {
  return (pageBody({ data: [], next }) as { readonly meta: { readonly next_cursor: string | null } }).meta.next_cursor;
}

test("the cursor of a page leads to where it ended, and can stand in a URL as it is", () => {
  fc.assert(
    fc.property(fc.date({ min: new Date(0), max: new Date("9999-12-31"), noInvalidDate: true }), (date) => {
      const id = idAt(date.toISOString());
      const cursor = cursorOf(id);
      assert.match(cursor ?? "", /^[A-Za-z0-9_-]+$/);
      assert.equal(read({ cursor: cursor ?? "" }).cursor, id);
    }),
  );
});

test("the last page has no cursor", () => {
  assert.equal(cursorOf(undefined), null);
});

test("a cursor that was not given out is refused, and never goes to the store", () => {
  fc.assert(
    fc.property(fc.string(), (text) => {
      assert.deepEqual(problemsOf({ cursor: text }), ["query.cursor"]);
      assert.deepEqual(problemsOf({ cursor: Buffer.from(text).toString("base64url") }), ["query.cursor"]);
    }),
  );
  assert.deepEqual(problemsOf({ cursor: idAt("2026-01-15T12:00:00Z") }), ["query.cursor"]);
});

test("a list shows 50 unless asked, and 200 at most", () => {
  assert.equal(read({}).limit, 50);
  assert.equal(read({ limit: "200" }).limit, 200);
  for (const limit of ["0", "201", "-1", "1.5", "many", ""]) assert.deepEqual(problemsOf({ limit }), ["query.limit"]);
});

test("a filter takes one value, several with commas, or itself again", () => {
  assert.deepEqual(read({ severity: "high" }).severity, ["high"]);
  assert.deepEqual(read({ severity: "high,low" }).severity, ["high", "low"]);
  assert.deepEqual(read({ severity: ["high", "low,info"] }).severity, ["high", "low", "info"]);
});

test("an unknown filter, a value that there is not, and a single filter given twice are mistakes, all named at once", () => {
  assert.deepEqual(problemsOf({ severty: "high" }), ["query.severty"]);
  assert.deepEqual(problemsOf({ severity: "urgent" }), ["query.severity.0"]);
  assert.deepEqual(problemsOf({ limit: ["1", "2"] }), ["query.limit"]);
  assert.deepEqual(problemsOf({ limit: "x", cursor: "x", since: "x", other: "x" }).toSorted(), [
    "query.cursor",
    "query.limit",
    "query.other",
    "query.since",
  ]);
});

test("a time is read as ISO 8601", () => {
  assert.equal(Date.parse(read({ since: "2026-01-15T12:00:00+02:00" }).since ?? ""), Date.UTC(2026, 0, 15, 10));
  for (const since of ["yesterday", "15.01.2026", ""]) assert.deepEqual(problemsOf({ since }), ["query.since"]);
});
