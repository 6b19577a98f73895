import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { fromBase64 } from "../../../sdk/base64.ts";

test("bytes come back, with their padding or without", () => {
  const property = fc.property(fc.uint8Array({ minLength: 1, maxLength: 50 }), (bytes) => {
    const text = Buffer.from(bytes).toString("base64");
    assert.deepEqual(fromBase64(text), Buffer.from(bytes));
    assert.deepEqual(fromBase64(text.replace(/=+$/, "")), Buffer.from(bytes));
  });
  fc.assert(property);
});

test("what is no base64, or not the one way to write it, is nothing", () => {
  for (const text of ["", "=", "==", "A", "AB=", "A===", "AA=A", "A A=", "AB-_", "AA==\n", "YR==", "YWK=", "Y"]) {
    assert.equal(fromBase64(text), undefined, JSON.stringify(text));
  }
});

test("two texts with the same bytes differ in their padding only", () => {
  const property = fc.property(fc.stringMatching(/^[A-Za-z0-9+/]{1,12}={0,2}$/), (text) => {
    const bytes = fromBase64(text);
    if (bytes !== undefined) assert.equal(bytes.toString("base64").replace(/=+$/, ""), text.replace(/=+$/, ""));
  });
  fc.assert(property, { numRuns: 500 });
});
