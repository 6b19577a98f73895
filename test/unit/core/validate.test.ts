import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { dirname } from "node:path";
import { test } from "node:test";
import joi from "joi";
import { check, inOneLine } from "../../../core/validate.ts";

const schema = joi.object({ name: joi.string().pattern(/^a/, "text that begins with a").required(), n: joi.number() });

test("what fits is handed on, with its defaults", () => {
  const withDefault = joi.object({ limit: joi.number().default(50) });
  assert.deepEqual(check(withDefault, {}), { value: { limit: 50 } });
});

test("every problem is told with its path, and without repeating what was given", () => {
  assert.deepEqual(check(schema, { name: "test-secret", n: "x", other: { deep: 1 } }), {
    details: [
      { path: "name", message: "must be text that begins with a" },
      { path: "n", message: "must be a number" },
      { path: "other", message: "is not allowed" },
    ],
  });
});

test("a schema of another copy of Joi, as a package brings it, is checked with the same words", () => {
  const require = createRequire(import.meta.url);
  const folder = dirname(require.resolve("joi"));
  for (const file of Object.keys(require.cache)) if (file.startsWith(folder)) delete require.cache[file];
  const copy = require("joi") as typeof joi;
  assert.notEqual(copy, joi);
  const other = copy.object({ name: copy.string().pattern(/^a/, "text that begins with a") });
  for (let times = 0; times < 2; times++) {
    assert.deepEqual(check(other, { name: "test-secret" }), {
      details: [{ path: "name", message: "must be text that begins with a" }],
    });
  }
  assert.deepEqual(check(other, { name: "a" }), { value: { name: "a" } });
});

test("more than twenty problems would only bury the first", () => {
  const checked = check(joi.array().items(joi.number()), Array<string>(1_000).fill("x"));
  assert.equal("details" in checked && checked.details.length, 20);
});

test("two hundred thousand problems are a problem, not a crash", () => {
  const input = Object.fromEntries(Array.from({ length: 200_000 }, (_, index) => [`k${index}`, 1]));
  const checked = check(joi.object({}), input);
  assert.ok("details" in checked && checked.details.length > 0);
});

test("details make one line", () => {
  const details = [
    { path: "a.b", message: "is required" },
    { path: "", message: "must name a field" },
  ];
  assert.equal(inOneLine(details), "a.b is required; must name a field");
});
