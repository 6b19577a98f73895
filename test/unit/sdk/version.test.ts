import assert from "node:assert/strict";
import { test } from "node:test";
import { definePlugin, sdkVersion } from "@thruway/sdk";
import manifest from "../../../sdk/package.json" with { type: "json" };
import { aDefinition } from "./a-plugin.ts";

test("the SDK's version is the one of its package", () => {
  assert.equal(sdkVersion, manifest.version);
});

test("a plugin carries the version of the SDK that made it, and what it asks for", () => {
  assert.deepEqual(definePlugin(aDefinition()).sdk, { version: sdkVersion, asks: undefined });
  const { sdk } = definePlugin(aDefinition({ sdk: "^0.1.0" }));
  assert.deepEqual(sdk, { version: sdkVersion, asks: "^0.1.0" });
  assert.throws(() => Object.assign(sdk, { version: "9.0.0" }), TypeError);
});
