import assert from "node:assert/strict";
import { once } from "node:events";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { cli, eventually, misused, start } from "../../support/cli.ts";
import { aGateway, type TestGateway, testSecret } from "../../support/gateway.ts";
import { aFolder, register, running } from "../../support/gateway-process.ts";

const kept = { TW_LOG_FILES: "4", TW_LOG_LEVEL: "info" };

function envOf({ url, dataDir }: TestGateway): { readonly env: Readonly<Record<string, string>> } {
  return { env: { TW_API_URL: url, TW_DATA_DIR: dataDir } };
}

/** A gateway that has refused so many deliveries and stored one. */
async function aBusyGateway(): Promise<TestGateway> {
  const gateway = await aGateway(kept);
  await gateway.api("POST", "/api/webhooks", { source: "edr", secret: testSecret });
  await gateway.send("edr", '{"event_type":"alert"}', { secret: "another-throw-away-secret" });
  await gateway.send("edr", '{"event_type":"alert"}');
  await eventually(async () => {
    const { body } = await gateway.api("GET", "/api/logs?filter=webhook");
    return body.data.length === 2 || undefined;
  });
  return gateway;
}

test("tw-cli logs --filter webhook --tail 100 works as it stands in the text", async () => {
  await using gateway = await aBusyGateway();
  const { code, stdout, stderr } = await cli("logs --filter webhook --tail 100", envOf(gateway));
  assert.deepEqual([code, stderr], [0, ""]);
  const [first, second, ...rest] = stdout.trimEnd().split("\n");
  assert.deepEqual(rest, []);
  const shown = /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3} (\w+) +webhook (Delivery \w+) delivery_id=\S+ source=edr /;
  assert.deepEqual(shown.exec(first ?? "")?.slice(1), ["WARN", "Delivery refused"]);
  assert.deepEqual(shown.exec(second ?? "")?.slice(1), ["INFO", "Delivery stored"]);
});

test("tw-cli logs takes --tail, --since, --level, --source and --json", async () => {
  await using gateway = await aBusyGateway();
  const shown = async (line: string): Promise<readonly string[]> => {
    const { code, stdout, stderr } = await cli(`logs --json ${line}`, envOf(gateway));
    assert.equal(code, 0, stderr);
    return stdout
      .split("\n")
      .slice(0, -1)
      .map((each) => JSON.parse(each).msg);
  };
  assert.deepEqual(await shown("--tail 1"), ["Delivery stored"]);
  assert.deepEqual(await shown("--tail 0"), []);
  assert.deepEqual(await shown("--level warn --since 10m"), ["Delivery refused"]);
  assert.deepEqual(await shown("--source edr"), ["Source registered", "Delivery refused", "Delivery stored"]);
  assert.deepEqual(await shown("--source siem"), []);
  const all = await shown("--since 2h");
  assert.equal(all.at(-1), "Delivery stored");
  assert.ok(all.length > 4);
});

test("tw-cli logs says where a filter is wrong, and what levels there are", async () => {
  const { stderr } = await misused("logs --filter source=edr,audit=");
  assert.match(
    stderr,
    /--filter <filter>.* It is not understood: at character \d+, "=": and or or is missing before it\.\n$/,
  );
  await misused("logs --level loud");
  await misused("logs --since yesterday");
  await misused("logs --tail many");
});

test("where no gateway runs, tw-cli logs reads the files of the data folder, and says so", async () => {
  await using folder = await aFolder();
  const dataDir = join(folder.path, "data");
  await using gateway = await running(dataDir);
  gateway.signal("SIGTERM");
  await gateway.exit;
  const gone = { env: { TW_API_URL: gateway.url, TW_DATA_DIR: dataDir }, cwd: folder.path };
  const nothing = await cli("logs --filter webhook", gone);
  assert.equal(nothing.stdout, "No line.\n");
  const { code, stdout, stderr } = await cli("logs --filter gateway", gone);
  assert.equal(code, 0, stderr);
  assert.match(stdout, /gateway Thruway takes webhooks url=http/);
  assert.equal(stderr, `No gateway answers here; reading its files in ${join(dataDir, "logs")}\n`);
  const elsewhere = await cli("logs", { env: { ...gone.env, TW_API_URL: "http://gateway.invalid" }, cwd: folder.path });
  assert.equal(elsewhere.code, 1);
  assert.match(elsewhere.stderr, /^error: Cannot reach the gateway/);
});

test("tw-cli logs --follow goes on over rotated files and a new start of the gateway, and ends with Ctrl-C", async () => {
  await using folder = await aFolder();
  const dataDir = join(folder.path, "data");
  const settings = { TW_LOG_FILE_MAX_BYTES: "65536", TW_LOG_FILES: "3" };
  const first = await running(dataDir, settings);
  const port = new URL(first.url).port;
  await register(first, "edr");
  const child = start(["logs", "--follow", "--json", "--tail", "0", "--filter", "audit"], {
    env: { TW_API_URL: first.url, TW_DATA_DIR: dataDir },
    cwd: folder.path,
  });
  let [stdout, stderr] = ["", ""];
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    stderr += text;
  });
  const sources = (): readonly string[] => [...stdout.matchAll(/"source":"([^"]+)"/g)].map(([, name = ""]) => name);

  // Until it follows, nothing is seen; then each change is, once and in order.
  let changes = 0;
  await eventually(async () => {
    await register(first, `s${changes}`);
    changes += 1;
    return sources().length > 0 || undefined;
  });
  // More than a file holds.
  for (let count = 0; count < 400; count++) await first.api("PATCH", "/api/webhooks/edr", { playbook: `p${count}` });
  await eventually(async () => sources().filter((name) => name === "edr").length === 400 || undefined);
  assert.ok((await readdir(join(dataDir, "logs"))).length > 1);
  await first[Symbol.asyncDispose]();
  await eventually(async () => stderr.includes("The gateway does not answer; waiting for it\n") || undefined);

  await using second = await running(dataDir, { ...settings, TW_PORT: port });
  await register(second, "after-the-start");
  await eventually(async () => sources().includes("after-the-start") || undefined);
  child.kill("SIGINT");
  const [code] = await once(child, "exit");
  assert.equal(code, 0, stderr);
  assert.equal(sources().filter((name) => name === "after-the-start").length, 1);
  assert.equal(stderr, "The gateway does not answer; waiting for it\n");
});
