import assert from "node:assert/strict";
import { readFile, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { describe, test } from "node:test";
import {
  type CheckedPlugin,
  type CheckingOptions,
  type CheckResult,
  checkPlugin,
} from "../../../../core/cli/plugin-kit/check/check-plugin.ts";
import { silent } from "../../../../core/cli/plugin-kit/check/report.ts";
import { aPluginFolder, type PluginFolder } from "../../../support/a-plugin-folder.ts";

function checked({ path }: PluginFolder, options: CheckingOptions = {}): Promise<CheckedPlugin> {
  return checkPlugin(path, { mutations: 50, ...options }, dirname(path), silent);
}

/** The one check that fails. */
function failing({ checks, ok }: CheckedPlugin): CheckResult {
  const [first, ...others] = checks.filter((check) => !check.ok);
  assert.deepEqual(others, []);
  assert.equal(ok, false);
  return first ?? assert.fail("nothing fails");
}

/** The template with some of its text replaced. */
async function changed(from: string | RegExp, to: string): Promise<PluginFolder> {
  const plugin = await aPluginFolder();
  const text = await readFile(join(plugin.path, "index.ts"), "utf8");
  assert.notEqual(text.replace(from, to), text, `${from} is not in the template`);
  await plugin.write("index.ts", text.replace(from, to));
  return plugin;
}

test("the template of tw-cli plugin new passes every check", async () => {
  await using plugin = await aPluginFolder();
  const { ok, plugin: name, updated, checks } = await checked(plugin);
  assert.deepEqual(
    checks.filter((check) => !check.ok),
    [],
  );
  assert.deepEqual([ok, name, updated], [true, "my-sender", []]);
  assert.ok(checks.length > 20);
});

describe("what is wrong is a result, with what to mend:", () => {
  test("other alerts than are written down, with the difference", async () => {
    await using plugin = await changed("severity: severityOf(alert.severity),", 'severity: "low",');
    const { name, wrong, details, mend } = failing(await checked(plugin));
    assert.equal(name, "alert: becomes the alerts beside it");
    assert.match(wrong ?? "", /something else than alert\.alerts\.json says/);
    assert.ok(details?.includes('-     "severity": "high",') && details.includes('+     "severity": "low",'));
    assert.match(mend ?? "", /--update/);
  });

  test("a mapper that throws, with the place in the plugin's file", async () => {
    await using plugin = await changed(
      'title: text(alert.title) ?? "Alert of My Sender",',
      "title: (alert.title as string).trim(),",
    );
    const { name, wrong, place, details } = failing(await checked(plugin, { mutations: 500 }));
    assert.equal(name, "alert: survives 500 mutated payloads (seed 1)");
    assert.match(wrong ?? "", /map threw TypeError: /);
    assert.match(place ?? "", /^index\.ts:\d+:\d+$/);
    assert.ok(details?.length);
  });

  test("a plugin that does not load, with the line", async () => {
    await using plugin = await changed('name: "my-sender",', "name: ,");
    const result = await checked(plugin);
    assert.equal(result.plugin, null);
    assert.match(failing(result).wrong ?? "", /failed to load: Expression expected \(index\.ts:\d+\)$/);
  });

  test("a definition that definePlugin refuses", async () => {
    await using plugin = await changed("  eventId:", "  event_id:");
    assert.match(failing(await checked(plugin)).wrong ?? "", /failed to load: "event_id" is not allowed/);
  });

  test("no samples at all, and samples that cannot be read", async () => {
    await using plugin = await aPluginFolder({ "samples/alone.alerts.json": "[]" });
    assert.match(failing(await checked(plugin)).wrong ?? "", /alone\.alerts\.json: there is no alone\.json/);
    await rm(join(plugin.path, "samples"), { recursive: true });
    assert.equal(failing(await checked(plugin)).name, "has at least one sample");
  });

  test("a path with nothing there", async () => {
    const result = await checkPlugin("./nowhere", {}, "/", silent);
    assert.equal(failing(result).wrong, '"./nowhere" is neither a file nor a folder');
  });
});

describe("--update", () => {
  test("writes down what samples become that is not written down, and passes then", async () => {
    await using plugin = await aPluginFolder({
      "samples/fresh.json": '{"event_id": "e", "event": "login_failed", "alert": {"title": "New"}}',
      "samples/heartbeat.alerts.json": '{"ignored": "something else"}',
    });
    const { ok, updated } = await checked(plugin, { update: true });
    assert.deepEqual([ok, updated], [true, ["samples/fresh.alerts.json", "samples/heartbeat.alerts.json"]]);
    const written = await readFile(join(plugin.path, "samples/fresh.alerts.json"), "utf8");
    assert.equal(written, `${JSON.stringify([{ type: "login_failed", title: "New" }], null, 2)}\n`);
    assert.deepEqual((await checked(plugin, { update: true })).updated, []);
  });

  test("leaves a file alone that says the same in another form", async () => {
    const text = '{"ignored":"no alert: heartbeat"}';
    await using plugin = await aPluginFolder({ "samples/heartbeat.alerts.json": text });
    assert.deepEqual((await checked(plugin, { update: true })).updated, []);
    assert.equal(await readFile(join(plugin.path, "samples/heartbeat.alerts.json"), "utf8"), text);
  });

  test("writes nothing for a sample that is refused", async () => {
    await using plugin = await aPluginFolder({
      "samples/refused.json": '{"event": "no id"}',
    });
    const result = await checked(plugin, { update: true });
    assert.deepEqual(result.updated, []);
    assert.ok(
      result.checks.some(
        ({ name, wrong }) => name.startsWith("refused:") && /"event_id" is required/.test(wrong ?? ""),
      ),
    );
    await assert.rejects(readFile(join(plugin.path, "samples/refused.alerts.json")));
  });
});

test("the options of the source are those that are said", async () => {
  await using plugin = await changed(
    /signature: hmac\(\{[\s\S]*?\n {2}\}\),/,
    "options: joi.object({ header: joi.string().required() }),\n  signature: (options) => hmac({ header: (options as { header: string }).header.toUpperCase() }),",
  );
  const without = await checked(plugin);
  assert.ok(without.checks.some(({ name, ok }) => name === "alert: can be signed" && !ok));
  assert.equal((await checked(plugin, { options: { header: "X-Mine" } })).ok, true);
});
