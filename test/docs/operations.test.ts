import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { readdir, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { test } from "node:test";
import { examine } from "../../core/cli/doctor/examine.ts";
import { indexes, sharded } from "../../core/store/mongodb/schema.ts";
import { topics } from "../../core/telemetry/log.ts";
import { eventually } from "../support/eventually.ts";
import { aGateway } from "../support/gateway.ts";
import { aFolder, type LogLine, register, running } from "../support/gateway-process.ts";
import { codeOf, readPage, root, rowsOf, sectionsOf } from "../support/markdown.ts";
import { anEmptyFolder, missing, walkThrough } from "../support/page.ts";

const sections = sectionsOf(await readPage("docs/operations.md"));

function rowsUnder(title: string): ReturnType<typeof rowsOf> {
  const section = sections.find((each) => each.title === title);
  assert.ok(section, `there is no "${title}"`);
  return rowsOf(section.text);
}

function namesUnder(title: string): readonly string[] {
  return rowsUnder(title).map(([name = ""]) => codeOf(name)[0] ?? "");
}

const logged = new Map(
  rowsUnder("What is logged").map(([msg = "", topics = "", level, fields = ""]) => [
    codeOf(msg)[0],
    { topics: codeOf(topics), level: Number(level), fields: codeOf(fields) },
  ]),
);

const absent = missing("bash", "curl", "openssl");
const skip = absent.length > 0 && `NOT RUN: this machine has no ${absent.join(", ")}`;

test("a vendor whose events are refused: from there to the cause in five commands", { skip }, async () => {
  await using gateway = await aGateway({ TW_LOG_FILES: "4" });
  await using place = await anEmptyFolder({
    TW_API_URL: gateway.url,
    TW_API_KEY: gateway.token,
    TW_DATA_DIR: gateway.dataDir,
  });
  const title = "A vendor says that their events are refused";
  const [, rest = ""] = (await readPage("docs/operations.md")).split(`\n## ${title}\n`);
  const page = join(place.folder, "vendor.md");
  await writeFile(page, rest.split(/\n## /)[0] ?? "");
  await walkThrough(page, place, { url: gateway.url });
  const { body } = await gateway.api("GET", "/api/incidents?source=scanner");
  assert.equal(body.data.length, 1);
});

test("every check of the doctor stands on the page, in its order", async () => {
  const found = await examine({ TW_FAULT: "x" }, () => new Date());
  assert.deepEqual(
    namesUnder("What the doctor looks at"),
    found.map(({ check }) => check),
  );
});

test("every line that the code logs stands on the page, and no other does", () => {
  const call = /\blog(?:\.\w+|\[[^\]]+\])+\(\s*\{[\s\S]*?\},\s*"([^"]+)"/g;
  const sources = globSync("core/**/*.ts", { cwd: root }).map((file) => readFileSync(resolve(root, file), "utf8"));
  const messages = sources.flatMap((source) => [...source.matchAll(call)].map(([, message]) => message));
  assert.deepEqual(new Set(logged.keys()), new Set(messages));
});

test("a gateway logs with the levels and the fields of the page", async () => {
  await using folder = await aFolder();
  const file = join(folder.path, "webhook_config.yaml");
  await writeFile(file, "sources: {}\n");
  await using gateway = await running(join(folder.path, "data"), { TW_CONFIG: file });
  const post = (source: string, body: string, authorization: string): Promise<Response> =>
    fetch(`${gateway.url}/api/webhooks/${source}`, {
      method: "POST",
      headers: { authorization, "content-type": "application/json" },
      body,
    });

  const options = { signature: { scheme: "token", header: "authorization" } };
  const secret = "throw-away-test-secret-of-a-token";
  await register(gateway, "direct", { plugin: "generic", secret, options });
  await register(gateway, "queued", { plugin: "generic", secret, options, processing: "queued" });
  const statuses = [
    await post("direct", '{"event_type":"accepted"}', secret),
    await post("direct", '{"event_type":1}', secret),
    await post("direct", "{}", "another"),
    await post("queued", '{"event_type":"queued"}', secret),
  ].map(({ status }) => status);
  assert.deepEqual(statuses, [202, 422, 401, 202]);
  await writeFile(file, "sources: []\n");

  const awaited = [
    "Delivery stored",
    "Delivery refused",
    "Queued delivery settled",
    "Configuration file was not taken",
  ];
  await eventually(async () => (awaited.every((msg) => gateway.stdout().includes(msg)) ? true : undefined));
  gateway.signal("SIGTERM");
  await gateway.exit;
  for (const line of gateway.lines()) isAsDocumented(line);
});

test("so does a supervisor with its workers, whose lines name them", async () => {
  await using folder = await aFolder();
  await using gateway = await running(join(folder.path, "data"), {}, ["--workers", "1"]);
  const of = (wanted: string): readonly LogLine[] => gateway.lines().filter(({ msg }) => msg === wanted);
  // What a worker has not written yet dies with it.
  await eventually(
    async () => (of("Worker started").length > 0 && of("Thruway takes webhooks").length > 0) || undefined,
  );
  process.kill(of("Worker started")[0]?.pid, "SIGKILL");
  await eventually(async () => of("Worker started").length === 2 || undefined);
  gateway.signal("SIGTERM");
  await gateway.exit;
  assert.deepEqual(
    of("Thruway takes webhooks").map(({ worker }) => worker),
    [0, 0],
  );
  for (const { worker, ...line } of gateway.lines()) {
    isAsDocumented(logged.get(line.msg)?.fields.includes("worker") ? { ...line, worker } : line);
  }
});

test("the topics of the code stand on the page, and no others do", () => {
  assert.deepEqual(namesUnder("Logs").toSorted(), topics.toSorted());
  const used = new Set([...logged.values()].flatMap((row) => row.topics));
  assert.deepEqual([...used].toSorted(), topics.toSorted());
});

test("nothing in the core logs but by a logger that has a topic", () => {
  const making = globSync("core/**/*.ts", { cwd: root }).filter((file) => {
    const source = readFileSync(resolve(root, file), "utf8");
    return /import pino\b|\bpino\(|\.child\(/.test(source);
  });
  assert.deepEqual(making.toSorted(), ["core/telemetry/log-filter.ts", "core/telemetry/log.ts"]);
});

function isAsDocumented({ level, time, topic, msg, ...fields }: LogLine): void {
  const row = logged.get(msg);
  assert.ok(row, `${msg} is not on the page`);
  assert.equal(level, row.level, msg);
  assert.ok(row.topics.includes(topic), `${msg} has the topic ${topic}`);
  assert.match(time, /^\d{4}-\d{2}-\d{2}T[\d:.]+Z$/);
  assert.deepEqual(
    Object.keys(fields).toSorted(),
    row.fields.filter((field) => field in fields || field !== "code").toSorted(),
    msg,
  );
}

test("the data folder of a running gateway holds the files that stand on the page, and no others", async () => {
  const documented = namesUnder("The data folder").toSorted();
  await using gateway = await aGateway();
  const alone = documented.filter((name) => name !== "run" && name !== "logs");
  assert.deepEqual((await readdir(gateway.dataDir)).toSorted(), alone);
  await using folder = await aFolder();
  const dataDir = join(folder.path, "data");
  await using supervised = await running(dataDir, {}, ["--workers", "1"]);
  // The log is written a moment later.
  await eventually(async () => (await readdir(dataDir)).includes("logs") || undefined);
  assert.deepEqual((await readdir(dataDir)).toSorted(), documented, supervised.url);
});

test("every index of the embedded store has its reason on the page, and no other does", async () => {
  await using gateway = await aGateway();
  const database = new DatabaseSync(join(gateway.dataDir, "thruway.db"), { readOnly: true });
  const indexes = database.prepare("SELECT name FROM sqlite_schema WHERE type = 'index' AND sql IS NOT NULL").all();
  database.close();
  assert.deepEqual(
    indexes.map(({ name }) => String(name)).toSorted(),
    namesUnder("What the embedded store is made for").toSorted(),
  );
});

test("every index and every sharded collection of MongoDB has its reason on the page, and no other does", () => {
  const names = Object.values(indexes).flatMap((of) => of.map(({ name }) => name));
  assert.deepEqual(namesUnder("What MongoDB is made for"), [...names, ...sharded]);
});
