import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { extname, join, sep } from "node:path";
import { describe, test } from "node:test";
import { parseJson } from "@thruway/sdk";
import { checks, readSamples } from "@thruway/sdk/testing";
import { loadPlugins } from "../../core/registry/plugins.ts";
import listed from "../../plugins.json" with { type: "json" };

const root = join(import.meta.dirname, "../..");
const folders = readdirSync(join(root, "plugins"), { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => name)
  .toSorted();
const plugins = await loadPlugins(join(root, "plugins.json"));

test("plugins.json lists the folders in plugins/, each once", () => {
  assert.deepEqual(
    listed.toSorted(),
    folders.map((name) => `./plugins/${name}/index.ts`),
  );
});

for (const name of folders) {
  describe(name, () => {
    const folder = join(root, "plugins", name);
    const plugin = plugins.get(name);
    assert.ok(plugin, `no plugin is named ${name}, as its folder is`);
    const samples = readSamples(join(folder, "samples"));

    for (const check of checks(plugin, samples)) test(check.name, check.run);

    test("plugin: auto chooses it for each of its samples", () => {
      // A source with options names its plugin.
      const own = samples.filter(({ preset }) => preset === undefined);
      const chosen = own.map((sample) => [sample.name, plugins.bestFor(parseJson(sample.body))?.name]);
      assert.deepEqual(
        chosen,
        own.map((sample) => [sample.name, name]),
      );
    });

    test("no two of its samples are one delivery", () => {
      const ids = samples.map(({ body }) => plugin.eventId(parseJson(body), {})).filter((id) => id !== undefined);
      assert.deepEqual(ids.toSorted(), [...new Set(ids)].toSorted());
    });

    test("its example is a payload that becomes an alert", () => {
      const context = { source: name, options: {}, receivedAt: new Date("2026-01-15T10:00:00Z") };
      assert.equal(plugin.payload.validate(plugin.example, { convert: false }).error, undefined);
      assert.equal(plugins.bestFor(plugin.example)?.name, name);
      assert.equal([plugin.map(plugin.example, context)].flat().length, 1);
      assert.ok(!("ignored" in plugin.map(plugin.example, context)));
    });

    test("its README says how to point the vendor here", () => {
      const readme = readFileSync(join(folder, "README.md"), "utf8");
      assert.match(readme, /^# \S/);
      assert.match(readme, new RegExp(`tw-cli webhook add \\S+ .*--plugin ${name}\\b`));
      assert.match(readme, /\/api\/webhooks\//);
    });

    test("it has samples for each of its presets, and for no others", () => {
      const counted = new Map(Object.keys(plugin.presets).map((preset) => [preset, 0]));
      for (const { preset } of samples) {
        if (preset !== undefined) counted.set(preset, (counted.get(preset) ?? Number.NaN) + 1);
      }
      for (const [preset, count] of counted) assert.ok(count >= 2, `${preset} has ${count} samples`);
    });

    test("its samples are pairs of a body and its alerts", () => {
      const files = readdirSync(join(folder, "samples"), { recursive: true, encoding: "utf8" })
        .filter((file) => extname(file) !== "")
        .map((file) => file.replaceAll(sep, "/"));
      const pairs = samples.flatMap((sample) => [`${sample.name}.alerts.json`, `${sample.name}.json`]);
      assert.deepEqual(files.toSorted(), pairs.toSorted());
    });
  });
}
