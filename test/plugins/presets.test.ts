import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, test } from "node:test";
import { mapSample, readSamples } from "@thruway/sdk/testing";
import { checkConfigFile } from "../../core/config/config-file.ts";
import { readSettings } from "../../core/config/settings.ts";
import { check } from "../../core/validate.ts";
import generic from "../../plugins/generic/index.ts";
import { presets } from "../../plugins/generic/presets/index.ts";
import { aFolder } from "../support/gateway-process.ts";
import { blocksOf, codeOf, readPage, root, rowsOf, sectionsOf } from "../support/markdown.ts";

const samples = readSamples(join(root, "plugins/generic/samples"));
const readme = await readPage("plugins/generic/README.md");

function bodyOf(name: string): Uint8Array {
  const sample = samples.find((each) => each.name === name);
  assert.ok(sample, `there is no sample ${name}`);
  return sample.body;
}

for (const [name, { map, signature }] of Object.entries(presets)) {
  test(`${name} is made of options that a source could set itself`, () => {
    assert.deepEqual(check(generic.options, { map, signature }), { value: { map, signature } });
    assert.equal(generic.signature({ preset: name }).summary, generic.signature({ signature }).summary);
  });
}

describe("what a source says itself goes before its preset", () => {
  test("field by field of the map", () => {
    const body = bodyOf("wazuh/ssh-brute-force");
    const map = { title: "decoder.name", entities: [{ type: "host", value: "manager.name" }] };
    const [plain] = [mapSample(generic, body, { preset: "wazuh" })].flat();
    const [changed] = [mapSample(generic, body, { preset: "wazuh", map })].flat();
    assert.deepEqual(changed, {
      ...plain,
      title: "sshd",
      entities: [{ type: "host", role: "related", value: "wazuh-manager" }],
    });
  });

  test("and the signature as a whole", () => {
    const signature = { scheme: "token", query: "token" };
    assert.match(generic.signature({ preset: "sentry", signature }).summary, /query parameter "token"/);
  });
});

test("a preset that there is not is told with those there are", () => {
  const checked = check(generic.options, { preset: "wazu" });
  assert.ok("details" in checked);
  assert.deepEqual(checked.details, [
    { path: "preset", message: "must be one of [cortex, falco, pagerduty, sentinelone, sentry, wazuh]" },
  ]);
});

test("an id of PagerDuty's and one of Falco's make a delivery known again", () => {
  const idOf = (preset: string, name: string): string | undefined =>
    generic.eventId(JSON.parse(Buffer.from(bodyOf(name)).toString()), { preset });
  assert.equal(idOf("pagerduty", "pagerduty/incident-triggered"), "01CMDLGQTKZ7F3W2X9A8B7C6D5");
  assert.equal(idOf("falco", "falco/shell-in-a-container"), "5f0fcb0a-6b5d-4a4e-9d5e-1b8f3a2c4d5e");
  assert.equal(idOf("falco", "falco/http-output"), undefined);
});

test("plugins/generic/README.md lists every preset, and no others", () => {
  const section = sectionsOf(readme).find(({ anchor }) => anchor === "presets");
  const listed = rowsOf(section?.text ?? "").map(([name = ""]) => codeOf(name)[0]);
  assert.deepEqual(listed, Object.keys(presets));
});

test("the sources in plugins/generic/README.md are ones that a gateway takes", async () => {
  await using folder = await aFolder();
  const configFile = join(folder.path, "webhook_config.yaml");
  const blocks = blocksOf(readme).filter(({ language }) => language === "yaml");
  assert.ok(blocks.length >= 4, `found ${blocks.length}`);
  for (const { text, line } of blocks) {
    const variables = [...text.matchAll(/\$\{([A-Z_]+)\}/g)].map(([, name = ""]) => [name, "throw-away-test-secret"]);
    await writeFile(configFile, text);
    const { problems } = await checkConfigFile({ ...readSettings({}), configFile }, Object.fromEntries(variables));
    assert.deepEqual(problems, [], `line ${line}`);
  }
});
