import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { cycles, foldersOf } from "./cycles.ts";
import { computed, importsOf } from "./modules.ts";
import { rules, violations } from "./rules.ts";

/** What the imports test would say of one more import. */
function broken(module: string, imported: string): readonly string[] {
  const modules = new Map([[module, [imported]]]);
  return rules.filter((rule) => violations(modules, rule).length > 0).map(({ sentence }) => sentence);
}

describe("a wrong import is found", () => {
  const wrong: readonly (readonly [module: string, imported: string, rule: RegExp])[] = [
    ["sdk/read.ts", "core/errors.ts", /^the SDK imports/],
    ["sdk/read.ts", "pino", /^the SDK imports/],
    ["sdk/signature/hmac.ts", "plugins/generic/index.ts", /^the SDK imports/],
    ["sdk/read.ts", "jsonata", /^the SDK imports/],
    ["sdk/expression/index.ts", "joi", /^the SDK's expression/],
    ["sdk/index.ts", "sdk/expression/index.ts", /loads no JSONata$/],
    ["plugins/generic/index.ts", "jsonata", /^a plugin imports/],
    ["sdk/signature/basic.ts", "jose", /^only bearer-jwt.ts/],
    ["sdk/signature/aws-sns.ts", "node:https", /^the SDK opens no connection/],
    ["plugins/splunk/index.ts", "jose", /^a plugin imports/],
    ["plugins/splunk/index.ts", "plugins/generic/well-known.ts", /^a plugin imports/],
    ["plugins/splunk/index.ts", "core/errors.ts", /^a plugin imports/],
    ["plugins/splunk/index.ts", "sdk/read.ts", /^a plugin imports/],
    ["plugins/splunk/index.ts", "@thruway/sdk/testing", /^a plugin imports/],
    ["plugins/splunk/index.ts", "yaml", /^a plugin imports/],
    ["plugins/splunk/index.ts", "node:https", /fetches nothing$/],
    ["plugins/splunk/index.ts", "node:fs/promises", /fetches nothing$/],
    ["core/registry/plugins.ts", "plugins/generic/index.ts", /^the core imports no plugin/],
    ["core/cli/demo/run.ts", "plugins/generic/index.ts", /^the core imports no plugin/],
    ["core/http/app.ts", computed, /^only the registry/],
    ["core/ingest/map.ts", "sdk/read.ts", /^the core enters the SDK/],
    ["core/http/app.ts", "tsyringe", /know the container$/],
    ["core/main.ts", "reflect-metadata", /know the container$/],
    ["core/token.ts", "core/errors.ts", /^token.ts imports/],
    ["core/ingest/ingest.ts", "koa", /^what makes the product/],
    ["core/ingest/ingest.ts", "@koa/router", /^what makes the product/],
    ["core/sources/sources.ts", "core/store/sqlite/index.ts", /^what makes the product/],
    ["core/incidents/update.ts", "node:sqlite", /^what makes the product/],
    ["core/triage/act.ts", "core/http/context.ts", /^what makes the product/],
    ["core/ingest/ingest.ts", "core/compose.ts", /^what makes the product/],
    ["core/ingest/ingest.ts", "core/token.ts", /^what makes the product/],
    ["core/telemetry/span.ts", "koa", /^only http knows Koa/],
    ["core/config/settings.ts", "core/http/app.ts", /^http stands on top/],
    ["core/http/app.ts", "core/cli/client.ts", /^cli stands on top/],
    ["core/main.ts", "commander", /^cli stands on top/],
    ["core/ingest/ingest.ts", "core/supervise/record-flights.ts", /may be a supervisor$/],
    ["core/cli/commands/serve.ts", "node:cluster", /starts processes$/],
    ["core/http/server.ts", "core/main.ts", /^only main.ts composes/],
    ["core/http/app.ts", "core/store/sqlite/index.ts", /^only open.ts/],
    ["core/telemetry/tracing.ts", "@opentelemetry/api", /^only span-sink.ts/],
    ["core/compose.ts", "core/store/mongodb/index.ts", /^only open.ts/],
    ["core/store/open.ts", "mongodb", /^only a store/],
  ];
  for (const [module, imported, rule] of wrong) {
    test(`${module} imports ${imported}`, () => {
      const found = broken(module, imported);
      assert.ok(
        found.some((sentence) => rule.test(sentence)),
        `broken: ${found.join("; ") || "none"}`,
      );
    });
  }

  test("every rule is among those that were broken", () => {
    const found = new Set(wrong.flatMap(([module, imported]) => broken(module, imported)));
    assert.deepEqual(
      rules.map(({ sentence }) => sentence).filter((sentence) => !found.has(sentence)),
      [],
    );
  });
});

test("a right import is let through", () => {
  const right = [
    ["sdk/testing/leaks.ts", "node:util"],
    ["sdk/signature/bearer-jwt.ts", "jose"],
    ["sdk/addresses.ts", "node:net"],
    ["plugins/splunk/index.ts", "plugins/splunk/row.ts"],
    ["plugins/splunk/index.ts", "node:crypto"],
    ["plugins/generic/field-map/read.ts", "@thruway/sdk/expression"],
    ["sdk/expression/realm.ts", "node:vm"],
    ["core/ingest/commit.ts", "core/store/ports.ts"],
    ["core/store/sqlite/database.ts", "node:sqlite"],
    ["core/store/sqlite/commits.ts", "core/store/sqlite/database.ts"],
    ["core/store/open.ts", "core/store/sqlite/index.ts"],
    ["core/http/app.ts", "@koa/router"],
    ["core/cli/demo/run.ts", "core/main.ts"],
    ["core/cli/demo/send-samples.ts", "@thruway/sdk/testing"],
    ["core/compose.ts", "tsyringe"],
  ] as const;
  for (const [module, imported] of right) assert.deepEqual(broken(module, imported), [], `${module}: ${imported}`);
});

test("imports are read in every form that the language has for them", () => {
  const source = `
import "reflect-metadata";
import a from "./a.ts";
import type { B } from "../b.ts";
import * as c from "node:crypto";
import d, {
  type E,
  e as f,
} from "@koa/router";
import json from "../package.json" with { type: "json" };
export * from "./star.ts";
export { g } from "./g.ts";
const late = await import("cli-table3");
type H = import("./h.ts").H;
const i = require("./i.cjs");
const j = await import(target);
const k = await import(\`./\${k}.ts\`);
`;
  assert.deepEqual(importsOf("core/http/x.ts", source), [
    "reflect-metadata",
    "core/http/a.ts",
    "core/b.ts",
    "node:crypto",
    "@koa/router",
    "core/package.json",
    "core/http/star.ts",
    "core/http/g.ts",
    "cli-table3",
    "core/http/h.ts",
    "core/http/i.cjs",
    computed,
    computed,
  ]);
});

test("what only looks like an import is none", () => {
  const source = `
// import a from "a";
/** import("b") is what a plugin does not do. */
/*
 * import "c";
 */
export const d = "d";
export function from(e: string) {
  return \`it came from "\${e}"\`;
}
const known = important("f");
`;
  assert.deepEqual(importsOf("core/x.ts", source), []);
});

test("a circle is found, however long it is, and a way that only meets again is none", () => {
  const meets = new Map([
    ["a", ["b", "c"]],
    ["b", ["d"]],
    ["c", ["d"]],
    ["d", ["node:fs"]],
  ]);
  assert.deepEqual(cycles(meets), []);
  assert.deepEqual(cycles(new Map([...meets, ["d", ["a"]]])), ["a -> b -> d -> a"]);
  assert.deepEqual(cycles(new Map([["a", ["a"]]])), ["a -> a"]);
  assert.deepEqual(
    cycles(
      new Map([
        ["entry", ["a"]],
        ["a", ["b"]],
        ["b", ["a"]],
      ]),
    ),
    ["a -> b -> a"],
  );
});

test("two folders that import each other are a circle, though no two modules are", () => {
  const modules = new Map([
    ["core/http/app.ts", ["core/store/ports.ts", "core/http/context.ts", "koa"]],
    ["core/http/context.ts", []],
    ["core/store/ports.ts", []],
    ["core/store/open.ts", ["core/http/context.ts"]],
  ]);
  assert.deepEqual(cycles(modules), []);
  assert.deepEqual(cycles(foldersOf(modules, "core")), ["core/http -> core/store -> core/http"]);
});
