import assert from "node:assert/strict";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, type TestContext, test } from "node:test";
import { PluginError } from "@thruway/sdk";
import { alertsFile, optionsFor, readSamples, resultFault } from "@thruway/sdk/testing";

const alert = { type: "fire", title: "It burns" };

describe("samples on disk", () => {
  async function aFolder(t: TestContext, files: Readonly<Record<string, string | Uint8Array>>): Promise<string> {
    const folder = await mkdtemp(join(tmpdir(), "thruway-test-samples-"));
    t.after(() => rm(folder, { recursive: true, force: true }));
    for (const [name, content] of Object.entries(files)) await writeFile(join(folder, name), content);
    return folder;
  }

  test("are pairs of a body, byte for byte, and what it becomes, by name", async (t) => {
    const folder = await aFolder(t, {
      "smoke.json": Uint8Array.of(0xef, 0xbb, 0xbf, 0x7b, 0x7d),
      "smoke.alerts.json": '{"ignored":"just smoke"}',
      "fire.json": '{"id": "a"}\n',
      "fire.alerts.json": "[]",
      "notes.md": "not a sample",
    });
    assert.deepEqual(readSamples(folder), [
      { name: "fire", body: Buffer.from('{"id": "a"}\n'), expected: [] },
      { name: "smoke", body: Buffer.of(0xef, 0xbb, 0xbf, 0x7b, 0x7d), expected: { ignored: "just smoke" } },
    ]);
  });

  test("without its alerts a sample expects nothing yet, and the file for them has a name", async (t) => {
    const folder = await aFolder(t, { "fire.json": "{}" });
    const [sample] = readSamples(folder);
    assert.deepEqual(sample, { name: "fire", body: Buffer.from("{}"), expected: undefined });
    assert.equal(alertsFile({ name: "fire" }), "fire.alerts.json");
  });

  test("in a folder that is named for a preset are of sources with that preset", async (t) => {
    const folder = await aFolder(t, { "fire.json": "{}", "fire.alerts.json": "[]" });
    await mkdir(join(folder, "oven"));
    for (const [name, content] of [
      ["smoke.json", "{}"],
      ["smoke.alerts.json", "[]"],
    ] as const) {
      await writeFile(join(folder, "oven", name), content);
    }
    assert.deepEqual(
      readSamples(folder).map((sample) => [sample.name, sample.preset, optionsFor(sample), alertsFile(sample)]),
      [
        ["fire", undefined, {}, "fire.alerts.json"],
        ["oven/smoke", "oven", { preset: "oven" }, "oven/smoke.alerts.json"],
      ],
    );
    assert.deepEqual(optionsFor({ preset: "oven" }, { heat: 7 }), { heat: 7, preset: "oven" });
  });

  test("alerts without a body are a mistake, and so are alerts that are not JSON", async (t) => {
    const mistake = (file: RegExp) => (error: unknown) => error instanceof PluginError && file.test(error.message);
    assert.throws(() => readSamples("nowhere-at-all"), /nowhere-at-all/);
    const alone = await aFolder(t, { "fire.alerts.json": "[]" });
    assert.throws(() => readSamples(alone), mistake(/^fire\.alerts\.json: there is no fire\.json beside it$/));
    const broken = await aFolder(t, { "fire.json": "{}", "fire.alerts.json": "[" });
    assert.throws(() => readSamples(broken), mistake(/^fire\.alerts\.json: is not JSON: /));
  });
});

test("what the core would not take from a mapper is said as the end of a sentence", () => {
  const pointer = { url: "https://toaster.example/1", scope: "toast" };
  const sounds = [alert, [alert, alert], [], { ignored: "a toaster" }, { pointers: [pointer], reason: "set fetch" }];
  for (const sound of sounds) assert.equal(resultFault(sound), undefined);
  const faults: readonly (readonly [unknown, RegExp])[] = [
    [undefined, /^is neither/],
    [null, /^is neither/],
    ["fire", /^is neither/],
    [{ ignored: "" }, /^ignores the event/],
    [{ ignored: 7 }, /^ignores the event/],
    [{ pointers: [{ url: "toaster" }], reason: "set fetch" }, /^points somewhere, and pointers do not all have/],
    [{ pointers: [pointer], reason: "set fetch", alerts: [null] }, /^holds an alert whose value is not an object$/],
    [{ type: "fire" }, /^holds an alert whose title is not a text$/],
    [[alert, null], /^holds an alert whose value is not an object$/],
  ];
  for (const [result, fault] of faults) assert.match(resultFault(result) ?? "nothing", fault);
});
