import assert from "node:assert/strict";
import { readdir, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, test } from "node:test";
import { testSecret } from "../support/gateway.ts";
import { aFolder, allIncidents, register, running, type ServingGateway } from "../support/gateway-process.ts";
import { anEvent, eventSources, events, sendAll } from "../support/signed-events.ts";

const slow = { concurrency: 2, timeout: 60_000 };

describe("a start", slow, () => {
  test("makes what is missing for nobody else, says so, and finds it the next time", async () => {
    await using folder = await aFolder();
    const dataDir = join(folder.path, "data");
    await using first = await running(dataDir);
    assert.equal(await modeOf(dataDir), 0o700);
    const files = ["master.key", "admin.token"].map((name) => join(dataDir, name));
    for (const file of files) assert.equal(await modeOf(file), 0o600);
    const [key = "", token = ""] = await contents(files);
    assert.match(key, /^[0-9a-f]{64}\n$/);
    assert.match(token, /^tw_[A-Za-z0-9]{6}_[A-Za-z0-9]{32}\n$/);
    assert.deepEqual(
      logged(first)
        .filter(({ msg }) => msg === madeOnce)
        .map(({ file }) => file),
      files,
    );
    await register(first, "mail");
    await stop(first);
    assert.deepEqual((await readdir(dataDir)).toSorted(), ["admin.token", "logs", "master.key", "thruway.db"]);

    await using second = await running(dataDir);
    assert.deepEqual(await contents(files), [key, token]);
    assert.ok(logged(second).every(({ msg }) => msg !== madeOnce));
    const [sent] = await sendAll(second.url, [anEvent("mail", "after the restart")]);
    assert.equal(sent?.answer?.body.status, "accepted");
    assert.equal(first.stderr() + second.stderr(), "");
  });

  test("with a token and a key of its own makes no files for them", async () => {
    await using folder = await aFolder();
    const dataDir = join(folder.path, "data");
    const token = `tw_throwa_${"test".repeat(8)}`;
    await using gateway = await running(dataDir, {
      TW_ADMIN_TOKEN: token,
      TW_MASTER_KEY: "0123456789abcdef".repeat(4),
    });
    assert.ok((await readdir(dataDir)).every((name) => name === "logs" || name.startsWith("thruway.db")));
    assert.equal((await gateway.api("GET", "/api/webhooks")).status, 200);
  });
});

describe("what a gateway prints", slow, () => {
  test("holds no token, no master key and no secret, whatever is logged", async () => {
    await using folder = await aFolder();
    const dataDir = join(folder.path, "data");
    const fileSecret = "throw-away-secret-of-the-file";
    const settings = { TW_LOG_LEVEL: "trace", FILE_SECRET: fileSecret };
    await writeFile(join(folder.path, "webhook_config.yaml"), `sources: { edr: { secret: "\${FILE_SECRET}" } }\n`);
    await using gateway = await running(dataDir, settings);
    await register(gateway, "mail");
    const wrong = await gateway.api("POST", "/api/webhooks", {
      source: "mail",
      secret: testSecret,
      colour: testSecret,
    });
    assert.equal(wrong.status, 400);
    // Signed with another secret, and sent to nobody.
    await sendAll(gateway.url, [anEvent("mail", "1"), anEvent("edr", "2"), anEvent("nobody", "3")]);
    await stop(gateway);
    const key = await readFile(join(dataDir, "master.key"), "utf8");
    await using again = await running(dataDir, settings);
    await stop(again);

    const printed = [gateway, again].map(({ stdout, stderr }) => stdout() + stderr()).join("");
    assert.match(printed, /"msg":"Delivery stored"/);
    assert.match(printed, /"msg":"Delivery refused"/);
    for (const secret of [gateway.token, key.trim(), testSecret, fileSecret]) assert.ok(!printed.includes(secret));
  });
});

describe("a second gateway on the same data folder", slow, () => {
  test("takes no event twice and gives no number twice", async () => {
    await using folder = await aFolder();
    await using one = await running(join(folder.path, "data"));
    for (const [source, plugin] of Object.entries(eventSources)) await register(one, source, { plugin });
    await using other = await running(join(folder.path, "data"));
    const same = events().take(200).toArray();
    const answers = await Promise.all([one, other].map(({ url }) => sendAll(url, same)));

    const told = new Map<string, unknown[]>();
    for (const { event, answer } of answers.flat()) {
      assert.equal(answer?.status, 202, JSON.stringify(answer?.body));
      const { incident_id: id, duplicate = false } = answer.body;
      told.set(event.externalId, [...(told.get(event.externalId) ?? []), id, duplicate]);
    }
    for (const [first, isFirstAgain, second, isSecondAgain] of told.values()) {
      assert.equal(first, second);
      assert.notEqual(isFirstAgain, isSecondAgain);
    }
    for (const gateway of [one, other]) {
      const incidents = await allIncidents(gateway);
      assert.equal(incidents.length, same.length);
      assert.equal(new Set(incidents.map(({ number }) => number)).size, same.length);
    }
  });
});

const madeOnce = "Made on the first start; keep it, and keep it secret";

function logged(gateway: ServingGateway): readonly { readonly msg: string; readonly file?: string }[] {
  return gateway
    .stdout()
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line));
}

function contents(files: readonly string[]): Promise<readonly string[]> {
  return Promise.all(files.map((file) => readFile(file, "utf8")));
}

async function modeOf(path: string): Promise<number> {
  return (await stat(path)).mode & 0o777;
}

async function stop(gateway: ServingGateway): Promise<void> {
  gateway.signal("SIGTERM");
  assert.deepEqual(await gateway.exit, { code: 0, signal: null });
}
