import assert from "node:assert/strict";
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
