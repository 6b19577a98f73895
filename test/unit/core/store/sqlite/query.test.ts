import assert from "node:assert/strict";
import { test } from "node:test";
import { conditions } from "../../../../../core/store/sqlite/query.ts";

test("conditions without a value are left out, and values are never written into the text", () => {
  assert.deepEqual(conditions([["source = ?", undefined]]), { where: "", values: [] });
  const evil = "'; DROP TABLE incidents; --";
  const { where, values } = conditions([
    ["source = ?", evil],
    ["severity", ["high"]],
    ["status", ["new", evil]],
    ["test = ?", 0],
    ["code = ?", undefined],
  ]);
  assert.deepEqual(values, [evil, "high", "new", evil, 0]);
  assert.equal(where.match(/\?/g)?.length, values.length);
  assert.ok(!where.includes("DROP"));
});
