import assert from "node:assert/strict";
import { rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import pino from "pino";
import { readSettings } from "../../../../core/config/settings.ts";
import { type ConfigWatch, watchConfig } from "../../../../core/config/watch-config.ts";
import type { RetentionPolicy } from "../../../../core/retention/policy.ts";
import { Sources } from "../../../../core/sources/sources.ts";
import { eventually } from "../../../support/eventually.ts";
import { aFolder } from "../../../support/gateway-process.ts";
import { aSourceStore, noon, plugins, testSealer } from "../builders.ts";

interface Watched extends AsyncDisposable {
  readonly kept: readonly RetentionPolicy[];
  readonly sources: Sources;
  readonly logged: readonly string[];
  write(text: string): Promise<void>;
  start(): Promise<ConfigWatch>;
}

async function aFile(text?: string): Promise<Watched> {
  const folder = await aFolder();
  const file = join(folder.path, "webhook_config.yaml");
  const kept: RetentionPolicy[] = [];
  const logged: string[] = [];
  const sources = new Sources({ store: aSourceStore(), plugins: plugins(), sealer: testSealer, now: () => noon });
  const log = pino({ base: null }, { write: (line: string) => void logged.push(line) });
  let watch: ConfigWatch | undefined;
  async function write(content: string): Promise<void> {
    await writeFile(`${file}.new`, content);
    await rename(`${file}.new`, file);
  }
  if (text !== undefined) await write(text);
  return {
    kept,
    sources,
    logged,
    write,
    async start() {
      const reach = (): Promise<void> => Promise.resolve();
      const takers = {
        reach,
        sources,
        log,
        sweeper: { keep: (policy: RetentionPolicy): void => void kept.push(policy) },
      };
      watch = await watchConfig({ ...readSettings({}), configFile: file, configFileNamed: false }, {}, takers);
      return watch;
    },
    async [Symbol.asyncDispose]() {
      watch?.close();
      await folder[Symbol.asyncDispose]();
    },
  };
}

test("retention is taken over at the start and when the file changes, and back to its default when it is gone", async () => {
  await using file = await aFile("retention:\n  deliveries: 30\n");
  await file.start();
  assert.deepEqual(file.kept, [{ deliveries: 30, incidents: null }]);
  await file.write("retention: {deliveries: off, incidents: 400}\n");
  await eventually(async () => (file.kept.length > 1 ? true : undefined));
  await file.write("sources: {}\n");
  await eventually(async () => (file.kept.length > 2 ? true : undefined));
  assert.deepEqual(file.kept.slice(1), [
    { deliveries: null, incidents: 400 },
    { deliveries: 90, incidents: null },
  ]);
});

test("without a file nothing is said of retention", async () => {
  await using file = await aFile();
  await file.start();
  assert.deepEqual(file.kept, []);
});

test("a mistake in one section is reported with those of the others, each with its line, and nothing is taken", async () => {
  const wrong = "sources:\n  edr:\n    plugin: nonsense\n    secret: x\nretention:\n  deliveries: soon\n  logs: 1\n";
  await using file = await aFile(wrong);
  await assert.rejects(file.start(), ({ message }: Error) => {
    const lines = message.split("\n").map((line) => line.replace(/^.*webhook_config\.yaml:/, ""));
    assert.deepEqual(lines.slice(0, 2), [
      "6: retention.deliveries must be a number of days, 1 to 36500, or off",
      "7: retention.logs is not allowed",
    ]);
    assert.match(lines[2] ?? "", /^3: sources\.edr\.plugin "nonsense" is not installed/);
    return true;
  });
  assert.deepEqual(file.kept, []);
});

test("a file that changes for the worse leaves sources and retention as they were", async () => {
  await using file = await aFile("sources:\n  edr: {secret: throw-away-test-secret}\nretention: {deliveries: 30}\n");
  await file.start();
  await file.write("sources:\n  siem: {secret: throw-away-test-secret}\nretention: {deliveries: 0}\n");
  await eventually(async () => (file.logged.some((line) => line.includes("was not taken")) ? true : undefined));
  assert.equal(file.kept.length, 1);
  assert.ok(file.sources.find("edr"));
  assert.equal(file.sources.find("siem"), undefined);
});
