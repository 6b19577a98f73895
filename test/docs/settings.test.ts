import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { test } from "node:test";
import { checkConfigFile, parseConfig } from "../../core/config/config-file.ts";
import { clientSettingTable, readSettings, settingTable } from "../../core/config/settings.ts";
import { loadPlugins } from "../../core/registry/plugins.ts";
import { presetPolicy, retentionSchema } from "../../core/retention/policy.ts";
import { newSourceSchema, sourcePatchSchema } from "../../core/sources/registration.ts";
import { aFolder } from "../support/gateway-process.ts";
import { blocksOf, codeOf, readPage, root, rowsOf, sectionsOf } from "../support/markdown.ts";

const page = await readPage("docs/configuration.md");
const plugins = await loadPlugins(readSettings({}).pluginsFile);
const [yaml] = blocksOf(page);
const json = blocksOf(page).find(({ language }) => language === "json");

function rowsUnder(title: string): ReturnType<typeof rowsOf> {
  const section = sectionsOf(page).find((each) => each.title === title);
  assert.ok(section, `there is no "${title}"`);
  return rowsOf(section.text);
}

/** Tables on the page name a thing by code in the first cell. */
function named(rows: ReturnType<typeof rowsOf>): readonly (readonly [string, readonly string[]])[] {
  return rows.map(([name = "", ...cells]) => [codeOf(name)[0] ?? "", cells]);
}

test("every setting stands on the page with its default and its meaning, and no other does", () => {
  const documented = named(rowsUnder("Settings"));
  const gateway = Object.entries(settingTable).map(([name, { schema, about }]) => {
    const preset = schema.validate(undefined).value;
    return [name, [preset === undefined ? "" : `\`${preset}\``, about]];
  });
  const client = Object.entries(clientSettingTable).map(([name, about]) => [name, [about]]);
  assert.deepEqual(documented, [...gateway, ...client]);
});

test("every field of a source stands on the page with its default, and no other does", () => {
  const documented = named(rowsUnder("Fields of a source"));
  const {
    source: _,
    secret: __,
    ...presets
  } = newSourceSchema.validate({ source: "edr", secret: "test-secret" }).value ?? {};
  const shown = (preset: unknown): string => `\`${typeof preset === "string" ? preset : JSON.stringify(preset)}\``;
  const keys = [newSourceSchema, sourcePatchSchema].flatMap((schema) => Object.keys(schema.describe().keys ?? {}));
  assert.deepEqual(documented.map(([field]) => field).toSorted(), [...new Set(keys)].toSorted());
  for (const [field, [preset]] of documented) {
    assert.equal(preset, field in presets ? shown(presets[field as keyof typeof presets]) : "", field);
  }
});

test("every field of retention stands on the page with its default, and no other does", () => {
  const documented = named(rowsUnder("Retention")).map(([field, [preset]]) => [field, preset]);
  const presets = Object.entries(presetPolicy).map(([field, days]) => [field, `\`${days ?? "off"}\``]);
  assert.deepEqual(documented, presets);
  assert.deepEqual(Object.keys(retentionSchema.describe().keys ?? {}), Object.keys(presetPolicy));
});

test("the options of every plugin stand on the page, and no others do", () => {
  const documented = named(rowsUnder("Options of the plugins")).map(([plugin, [options = ""]]) => [
    plugin,
    codeOf(options),
  ]);
  const real = plugins.all.map(({ name, options }) => [
    name,
    Object.keys(options.describe().keys ?? {}).filter((option) => option !== "allow_unsigned"),
  ]);
  assert.deepEqual(documented, real);
});

test("the configuration file on the page is one that a gateway takes", async () => {
  const env = {
    EMAIL_GATEWAY_SECRET: "test-secret-mail",
    EDR_SECRET: "test-secret-edr-0123456789abcdef",
    SIEM_SECRET: "test-secret",
  };
  await using folder = await aFolder();
  const configFile = join(folder.path, "webhook_config.yaml");
  await writeFile(configFile, yaml?.text ?? "");
  const { sources, problems } = await checkConfigFile({ ...readSettings({}), configFile }, env);
  assert.deepEqual(problems, []);
  assert.deepEqual(sources, ["email-gateway", "edr", "siem"]);
});

test("a variable of that file that is not set is reported in the words of the page", () => {
  const reported = "webhook_config.yaml:3: the variable EMAIL_GATEWAY_SECRET is not set";
  assert.throws(() => parseConfig(yaml?.text ?? "", "webhook_config.yaml", {}), {
    message: new RegExp(`^${reported}$`, "m"),
  });
  assert.ok(page.replaceAll(/\s+/g, " ").includes(`\`${reported}\``));
});

test("the list of plugins on the page is the one that ships", async () => {
  const shipped = await readFile(resolve(root, "plugins.json"), "utf8");
  assert.deepEqual(JSON.parse(json?.text ?? ""), JSON.parse(shipped));
});
