import assert from "node:assert/strict";
import { test } from "node:test";
import { createLog, topics } from "../../../../core/telemetry/log.ts";
import { logFolder } from "../../../../core/telemetry/log-files.ts";
import { readBack } from "../../../../core/telemetry/read-log.ts";
import { aFolder } from "../../../support/gateway-process.ts";

test("a log has a logger for each topic, whose lines go to standard output and to the files, without secrets", async () => {
  await using folder = await aFolder();
  const lines: string[] = [];
  const settings = { dataDir: folder.path, logLevel: "info", logFileMaxBytes: 100_000, logFiles: 2 };
  const log = createLog(settings, { worker: 3 }, { write: (line: string) => void lines.push(line) });
  for (const topic of topics) log[topic].info({ secret: "throw-away-test-secret" }, "Made");
  log.store.debug({}, "Not shown");
  await log.close();
  const { data } = await readBack(logFolder(folder.path), { limit: 100, matches: () => true });
  const printed = lines.map((line) => JSON.parse(line));
  assert.deepEqual(data.toReversed(), printed);
  assert.deepEqual(
    printed.map(({ time: _, ...line }) => line),
    topics.map((topic) => ({ level: 30, worker: 3, topic, secret: "[redacted]", msg: "Made" })),
  );
});

test("of an error only words are logged, for a driver's has whole documents in it", async () => {
  const lines: string[] = [];
  const settings = { dataDir: "unused", logLevel: "info", logFileMaxBytes: 100_000, logFiles: 0 };
  const log = createLog(settings, {}, { write: (line: string) => void lines.push(line) });
  const error = Object.assign(new Error("a write failed", { cause: new Error("the disk") }), {
    code: 11_000,
    op: { body: "b" },
  });
  log.store.error({ err: error }, "It failed");
  await log.close();
  const { err } = JSON.parse(lines.join(""));
  assert.deepEqual(Object.keys(err), ["type", "message", "stack", "code"]);
  assert.equal(err.message, "a write failed: the disk");
});
