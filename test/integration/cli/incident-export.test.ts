import assert from "node:assert/strict";
import { once } from "node:events";
import { readdir, readFile, stat, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { before, describe, test } from "node:test";
import { alert, cli, folder, gateway, misused, register, start } from "../../support/cli.ts";
import { parseCsv } from "../../support/csv.ts";
import { assertValid } from "../../support/schemas.ts";

const many = 300;

/** What is in the folder where commands run. */
async function filesWith(name: string): Promise<readonly string[]> {
  return (await readdir(folder)).filter((file) => file.includes(name));
}

describe("incident export", () => {
  before(async () => {
    await register("exported", { plugin: "generic" });
    const sent = Array.from({ length: many }, (_, index) =>
      gateway.send("exported", alert(`a${index}`, index % 3 === 0 ? "high" : "low")),
    );
    for (const { status } of await Promise.all(sent)) assert.equal(status, 202);
  });

  test("writes one incident a line to standard output, and nothing beside it", async () => {
    const { code, stdout, stderr } = await cli("incident export --format jsonl --source exported --since 1h");
    assert.deepEqual([code, stderr], [0, ""]);
    const incidents = stdout
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line));
    assert.equal(incidents.length, many);
    assert.equal(new Set(incidents.map(({ number }) => number)).size, many);
    assert.equal((await cli("incident export --format jsonl --until 1h")).stdout, "");
  });

  test("takes the filters of the list, and every format", async () => {
    const filters = "--source exported --severity high";
    for (const [format, uid] of [
      ["ocsf", 2005],
      ["ocsf --class detection_finding", 2004],
    ] as const) {
      const { stdout } = await cli(`incident export --format ${format} ${filters}`);
      const events = stdout
        .trimEnd()
        .split("\n")
        .map((line) => JSON.parse(line));
      assert.equal(events.length, many / 3);
      for (const event of events) {
        assertValid("ocsf", event);
        assert.equal(event.class_uid, uid);
      }
    }
    const { stdout: ecs } = await cli(`incident export --format ecs ${filters}`);
    for (const line of ecs.trimEnd().split("\n")) assertValid("ecs", JSON.parse(line));
    const { stdout: csv } = await cli(`incident export --format csv ${filters}`);
    assert.equal(parseCsv(csv).length, many / 3 + 1);
  });

  test("writes a file that only its owner reads, and says how much is in it", async () => {
    const ran = await cli("incident export --format csv --source exported --output all.csv");
    assert.deepEqual(ran, { code: 0, stdout: "", stderr: `${many} incidents written to all.csv\n` });
    const path = join(folder, "all.csv");
    assert.equal(parseCsv(await readFile(path, "utf8")).length, many + 1);
    assert.equal((await stat(path)).mode & 0o777, 0o600);
    assert.deepEqual(await filesWith("all.csv"), ["all.csv"]);
  });

  test("replaces a file once all is there, and writes into what is none", async () => {
    await writeFile(join(folder, "again.jsonl"), "old");
    await cli("incident export --format jsonl --source nobody --output again.jsonl");
    assert.equal(await readFile(join(folder, "again.jsonl"), "utf8"), "");
    const { stderr } = await cli("incident export --format csv --source nobody --output /dev/null");
    assert.equal(stderr, "0 incidents written to /dev/null\n");
    assert.ok((await stat("/dev/null")).isCharacterDevice());
  });

  test("ends quietly where its reader has read enough", async () => {
    const child = start(["incident", "export", "--format", "ocsf"]);
    child.stdin.end();
    const errors = text(child.stderr);
    child.stdout.once("data", () => child.stdout.destroy());
    const [code] = await once(child, "close");
    assert.deepEqual([code, await errors], [0, ""]);
  });

  test("says what the API says of a wrong filter, and writes nothing", async () => {
    const { code, stdout, stderr } = await cli("incident export --format xml --output wrong.xml");
    assert.deepEqual([code, stdout], [1, ""]);
    assert.match(stderr, /^error: The query is not valid \(invalid_request\)\n {2}query\.format: must be one of /);
    assert.deepEqual(await filesWith("wrong.xml"), []);
    await misused("incident export");
    await misused("incident export --format csv --limit 5");
  });

  test("says in a line why a file cannot be written, and waits for nothing", { timeout: 30_000 }, async () => {
    const missing = await cli("incident export --format csv --output no/such/folder.csv");
    assert.equal(missing.code, 1);
    assert.equal(missing.stderr, "error: Cannot write no/such/folder.csv: ENOENT: no such file or directory\n");
    const directory = await cli("incident export --format csv --output /");
    assert.equal(directory.stderr, "error: Cannot write /: it is a folder; name a file\n");
  });
});

describe("an export that breaks off", () => {
  const lines = '{"number":"INC-2026-0001"}\n'.repeat(3);

  /** A gateway that sends some of an export. @param then what becomes of the rest */
  async function aBreaking(then: "end" | "wait") {
    const server = createServer((_, response) => {
      response.writeHead(200, { "content-type": "application/x-ndjson" });
      response.write(lines, () => {
        if (then === "end") setTimeout(() => response.destroy(), 50);
      });
    }).listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    return {
      env: { TW_API_URL: `http://127.0.0.1:${port}`, TW_API_KEY: gateway.token },
      async [Symbol.asyncDispose]() {
        server.closeAllConnections();
        server.close();
        await once(server, "close");
      },
    };
  }

  test("is a mistake: what was there is printed, and how much it was is said", async () => {
    await using broken = await aBreaking("end");
    const { code, stdout, stderr } = await cli("incident export --format jsonl", broken);
    assert.deepEqual([code, stdout], [1, lines]);
    assert.equal(stderr, "error: The gateway broke the export off after 3 incidents; its log says why\n");
  });

  test("leaves no half file, and the old one as it was", async () => {
    await using broken = await aBreaking("end");
    await writeFile(join(folder, "kept.jsonl"), "old");
    const { code } = await cli("incident export --format jsonl --output kept.jsonl", broken);
    assert.equal(code, 1);
    assert.equal(await readFile(join(folder, "kept.jsonl"), "utf8"), "old");
    assert.deepEqual(await filesWith("kept.jsonl"), ["kept.jsonl"]);
  });

  test("by Ctrl-C ends with 130, and leaves no half file either", async () => {
    await using waiting = await aBreaking("wait");
    const child = start(["incident", "export", "--format", "jsonl", "--output", "stopped.jsonl"], waiting);
    const errors = text(child.stderr);
    while ((await filesWith("stopped.jsonl")).length === 0) await new Promise((resolve) => setTimeout(resolve, 20));
    child.kill("SIGINT");
    const [code] = await once(child, "close");
    assert.equal(code, 130);
    assert.match(await errors, /^Stopped after \d incidents; no file was written\.\n$/);
    assert.deepEqual(await filesWith("stopped.jsonl"), []);
  });

  test("is no export where something else answers", async () => {
    const server = createServer((_, response) => response.end("<html>")).listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    const env = { TW_API_URL: `http://127.0.0.1:${port}`, TW_API_KEY: gateway.token };
    const { code, stdout, stderr } = await cli("incident export --format jsonl", { env });
    server.closeAllConnections();
    server.close();
    assert.deepEqual([code, stdout], [1, ""]);
    assert.match(stderr, /with status 200\) is not Thruway/);
  });
});
