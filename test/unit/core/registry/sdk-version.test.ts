import assert from "node:assert/strict";
import { test } from "node:test";
import { sdkFault } from "../../../../core/registry/sdk-version.ts";

/** What a core with the SDK `ours` says of a plugin; a word for all being well. */
function said(ours: string, version: string | undefined, asks?: string): string {
  const sdk = version === undefined ? undefined : { version, ...(asks !== undefined && { asks }) };
  return sdkFault({ name: "acme", ...(sdk && { sdk }) }, ours) ?? "goes";
}

test("a plugin goes with a core of its line: the same major version, below 1 the same minor one", () => {
  for (const [ours, made] of [
    ["0.1.0", "0.1.0"],
    ["0.1.0", "0.1.9"],
    ["0.1.9", "0.1.0"],
    ["1.4.0", "1.0.2"],
    ["1.0.2", "1.4.0"],
    ["12.0.0", "12.3.4-beta.1"],
  ] as const) {
    assert.equal(said(ours, made), "goes", `${made} in ${ours}`);
  }
});

test("one of another line is refused, with both versions and the remedy", () => {
  assert.equal(
    said("0.1.3", "0.2.1"),
    'the plugin "acme" was made with SDK 0.2.1, and this Thruway has SDK 0.1.3; install a version of it that is made with SDK 0.1, or a Thruway with SDK 0.2',
  );
  for (const [ours, made] of [
    ["1.0.0", "0.1.0"],
    ["0.1.0", "1.0.0"],
    ["1.0.0", "2.0.0"],
    ["0.10.0", "0.1.0"],
    ["11.0.0", "1.0.0"],
    ["0.1.0", "nonsense"],
  ] as const) {
    assert.match(said(ours, made), new RegExp(`was made with SDK ${made},.* SDK ${ours};`));
  }
});

test("one that carries no version is of none", () => {
  assert.match(
    said("0.1.0", undefined),
    /^the plugin "acme" was made with SDK unknown, and this Thruway has SDK 0\.1\.0;/,
  );
});

test("one that asks for more than the core has is refused, with what it asks for", () => {
  for (const [ours, asks] of [
    ["0.1.5", "^0.1.5"],
    ["0.1.6", "^0.1.5"],
    ["0.1.10", "^0.1.9"],
    ["1.5.0", "^1.4.9"],
  ] as const) {
    assert.equal(said(ours, ours, asks), "goes", `${asks} of ${ours}`);
  }
  assert.equal(
    said("0.1.4", "0.1.9", "^0.1.5"),
    'the plugin "acme" asks for SDK ^0.1.5, and this Thruway has SDK 0.1.4; install a version of it that is made with SDK 0.1, or a Thruway with SDK ^0.1.5',
  );
  for (const [ours, asks] of [
    ["0.1.9", "^0.1.10"],
    ["0.2.0", "^0.1.0"],
    ["1.4.8", "^1.4.9"],
    ["1.0.0", "^2.0.0"],
  ] as const) {
    assert.match(said(ours, ours, asks), /asks for SDK/);
  }
});
