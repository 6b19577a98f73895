import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import manifest from "../../package.json" with { type: "json" };
import plugins from "../../plugins.json" with { type: "json" };
import sdkManifest from "../../sdk/package.json" with { type: "json" };
import { cycles, foldersOf } from "./cycles.ts";
import { computed, type Modules, readModules, root } from "./modules.ts";
import { rules, violations } from "./rules.ts";

const modules = readModules("core", "sdk", "plugins");

test("the modules are found, and what they import", () => {
  assert.ok(modules.size > 100, `found ${modules.size} modules`);
  assert.ok(modules.get("core/main.ts")?.includes("core/compose.ts"));
  assert.ok(modules.get("core/token.ts")?.includes("tsyringe"));
  assert.deepEqual(
    [...modules].filter(([, imports]) => imports.includes(computed)).map(([module]) => module),
    ["core/registry/load.ts"],
  );
});

describe("one way only", () => {
  for (const rule of rules) {
    test(rule.sentence, () => assert.deepEqual(violations(modules, rule), []));
  }

  test("a plugin fetches nothing by what needs no import, either", () => {
    const call = /(?<![.\w])(?:fetch|WebSocket|EventSource)\s*\(/;
    const calling = [...modules.keys()]
      .filter((module) => module.startsWith("plugins/"))
      .filter((module) => call.test(readFileSync(join(root, module), "utf8")));
    assert.ok(call.test('await fetch("https://vendor.example")'));
    assert.deepEqual(calling, []);
  });

  test("the core names no plugin: it takes what plugins.json lists", () => {
    const names = plugins.map((path) => path.split("/")[2] ?? path);
    const quoted = new RegExp(`["'\`](?:${names.join("|")})["'\`]`, "g");
    const named = [...modules.keys()]
      .filter((module) => module.startsWith("core/"))
      .flatMap((module) =>
        (readFileSync(join(root, module), "utf8").match(quoted) ?? []).map((name) => [module, name]),
      );
    assert.ok(names.length > 0);
    assert.deepEqual(named, []);
  });
});

test("no module imports itself by way of others", () => {
  assert.deepEqual(cycles(modules), []);
});

test("no folder of the core imports itself by way of others", () => {
  assert.deepEqual(cycles(foldersOf(modules, "core")), []);
});

test("package.json declares what the core and the plugins import, and nothing else", () => {
  assert.deepEqual(packagesOf(modules, ["core/", "plugins/"]), Object.keys(manifest.dependencies).toSorted());
});

test("the SDK declares what it imports, and nothing else", () => {
  assert.deepEqual(packagesOf(modules, ["sdk/"]), Object.keys(sdkManifest.dependencies).toSorted());
});

/** The packages that the modules under the folders import: `@koa/router`, `pino`. */
function packagesOf(modules: Modules, folders: readonly string[]): readonly string[] {
  const found = [...modules]
    .filter(([module]) => folders.some((folder) => module.startsWith(folder)))
    .flatMap(([, imports]) => imports)
    .filter((imported) => imported !== computed && !imported.startsWith("node:") && !/\.(ts|json)$/.test(imported))
    .map((imported) =>
      imported
        .split("/")
        .slice(0, imported.startsWith("@") ? 2 : 1)
        .join("/"),
    );
  return [...new Set(found)].toSorted();
}
