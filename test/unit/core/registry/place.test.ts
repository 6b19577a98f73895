import assert from "node:assert/strict";
import { test } from "node:test";
import { placeIn } from "../../../../core/registry/place.ts";

/** An error whose stack has these lines. */
function thrown(...lines: readonly string[]): Error {
  return Object.assign(new Error("no licence"), { stack: lines.join("\n") });
}

const folder = "/srv/plugins/acme";

test("the innermost call of the folder is where an error arose", () => {
  const error = thrown(
    "Error: no licence",
    "    at fail (file:///srv/node_modules/@thruway/sdk/read.js:3:9)",
    "    at map (file:///srv/plugins/acme/row.ts:12:5)",
    "    at map (file:///srv/plugins/acme/index.ts:40:3)",
  );
  assert.equal(placeIn(error, folder), "row.ts:12:5");
});

test("a mistake of syntax has its line, as Node writes it for TypeScript and for JavaScript", () => {
  assert.equal(placeIn(thrown("/srv/plugins/acme/index.ts:3", "  name: ,"), folder), "index.ts:3");
  assert.equal(placeIn(thrown("file:///srv/plugins/acme/a%20b.js:1", "import {x}"), folder), "a b.js:1");
});

test("a module that was imported anew is called by its file", () => {
  assert.equal(placeIn(thrown("    at map (file:///srv/plugins/acme/index.ts?fresh=7:12:5)"), folder), "index.ts:12:5");
});

test("what is installed in the folder is not its own, and neither is a folder whose name begins alike", () => {
  for (const line of [
    "    at x (file:///srv/plugins/acme/node_modules/y/index.js:1:1)",
    "    at x (file:///srv/plugins/acme-2/index.ts:1:1)",
    "    at x (node:internal/modules:1:1)",
  ]) {
    assert.equal(placeIn(thrown("Error", line), folder), undefined);
  }
  assert.equal(placeIn("no error", folder), undefined);
});
