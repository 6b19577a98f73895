import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { text } from "node:stream/consumers";
import { after, afterEach, before, describe, test } from "node:test";
import { cli, eventually, json, misused, type Ran, start } from "../../support/cli.ts";
import { aGateway, type TestGateway, testSecret } from "../../support/gateway.ts";
import { mood } from "../../support/plugins/moody.ts";

const root = resolve(import.meta.dirname, "../../..");
let dataDir: string;
let gateway: TestGateway;
let env: Readonly<Record<string, string>>;

before(async () => {
  dataDir = await mkdtemp(join(tmpdir(), "thruway-test-queue-"));
  const plugins = ["test/support/plugins/moody.ts", "plugins/generic/index.ts"];
  await writeFile(join(dataDir, "plugins.json"), JSON.stringify(plugins.map((path) => join(root, path))));
  gateway = await aGateway({ TW_DATA_DIR: dataDir, TW_PLUGINS: join(dataDir, "plugins.json") });
  env = { TW_API_URL: gateway.url, TW_DATA_DIR: dataDir };
  await gateway.api("POST", "/api/webhooks", { secret: testSecret, source: "aside", plugin: "moody" });
});
afterEach(() => {
  mood.now = "works";
});
after(async () => {
  await gateway[Symbol.asyncDispose]();
  await rm(dataDir, { recursive: true, force: true });
});

const run = (line: string): Promise<Ran> => cli(line, { env });

let sources = 0;
/** A source of its own with so many deliveries that its plugin made nothing of. @returns its name and their ids, oldest first */
async function aSourceWith(
  deliveries: number,
  how: typeof mood.now = "refuses",
): Promise<{ readonly source: string; readonly ids: readonly string[] }> {
  sources += 1;
  const source = `moody-${sources}`;
  await gateway.api("POST", "/api/webhooks", { secret: testSecret, source, plugin: "moody" });
  mood.now = how;
  const ids: string[] = [];
  for (let index = 0; index < deliveries; index++) {
    const { headers } = await gateway.send(source, JSON.stringify({ id: `${source}-${index}` }));
    ids.push(headers.get("x-request-id") ?? "");
  }
  mood.now = "works";
  return { source, ids };
}

async function outcomesOf(source: string): Promise<Readonly<Record<string, number>>> {
  const { body } = await gateway.api("GET", `/api/deliveries?source=${source}&limit=200`);
  const counts: Record<string, number> = {};
  for (const { outcome } of body.data) counts[outcome] = (counts[outcome] ?? 0) + 1;
  return counts;
}

describe("delivery replay", () => {
  test("replays every rejected delivery of a source, waits for the queue and counts what became of them", async () => {
    const { source } = await aSourceWith(250);
    const { code, stdout, stderr } = await run(`delivery replay --source ${source} --since 1h`);
    assert.deepEqual([code, stderr], [0, ""]);
    assert.match(stdout, /^OUTCOME +DELIVERIES\naccepted +250 +made an incident, or updated one\n$/);
    assert.deepEqual(await outcomesOf(source), { accepted: 200 });
    const { body } = await gateway.api("GET", `/api/incidents?source=${source}&limit=1`);
    assert.equal(body.data[0].occurrences, 1);
    assert.equal((await run(`delivery replay --source ${source}`)).stdout, "No delivery.\n");
  });

  test("replays those that are named, and says of each what came of it", async () => {
    const { source, ids } = await aSourceWith(2);
    const accepted = await gateway.send(source, '{"id":"there"}');
    const there = accepted.headers.get("x-request-id") ?? "";
    const { code, stdout, stderr } = await run(`delivery replay ${ids.join(" ")} ${there} ${there} nothing`);
    assert.equal(code, 1);
    assert.match(stdout, /^accepted +2 /m);
    assert.match(stdout, /^unchanged +1 +had made its incidents before; nothing was made twice$/m);
    assert.match(stdout, /^not_found +1 /m);
    assert.match(stdout, /^not_found +not_found +1 +There is no delivery 'nothing' +nothing$/m);
    assert.match(stderr, /^error: 1 of 4 deliveries could not be made incidents of/);
    assert.deepEqual(await outcomesOf(source), { accepted: 3 });
  });

  test("ends with 1 where some cannot be understood again, and says why", async () => {
    const { source, ids } = await aSourceWith(3);
    mood.now = "refuses";
    const { code, stdout, stderr } = await run(`delivery replay --source ${source}`);
    assert.equal(code, 1);
    assert.match(stdout, /^rejected +3 +still cannot be understood$/m);
    const reason = "Payload cannot be mapped: id is of nothing that was seen";
    const [, example] = new RegExp(`^rejected +invalid_payload +3 +${reason} +(\\S+)$`, "m").exec(stdout) ?? [];
    assert.ok(ids.includes(example ?? ""), stdout);
    assert.match(stderr, /^error: 3 of 3 deliveries could not be made incidents of; mend the cause/);
  });

  test("prints JSON for programs", async () => {
    const { source } = await aSourceWith(2, "ignores");
    const found = await json(`delivery replay --source ${source} --outcome ignored`, { env });
    assert.deepEqual(found, { found: 2, outcomes: { accepted: 2 }, failures: [] });
    const none = await json(`delivery replay --source ${source} --outcome rejected,dead,ignored`, { env });
    assert.deepEqual(none, { found: 0, outcomes: {}, failures: [] });
  });

  test("leaves the waiting out with --no-wait", async () => {
    const { source } = await aSourceWith(2);
    mood.now = "throws";
    const { code, stdout } = await run(`delivery replay --source ${source} --no-wait`);
    assert.equal(code, 0);
    assert.match(stdout, /^queued +2 +not settled yet$/m);
    mood.now = "works";
    await eventually(async () => ((await outcomesOf(source)).accepted === 2 ? true : undefined));
  });

  test("keeps to what the filters say", async () => {
    const { source, ids } = await aSourceWith(2);
    const other = await aSourceWith(1);
    assert.equal((await run(`delivery replay --source ${source} --code invalid_json`)).stdout, "No delivery.\n");
    assert.equal((await run(`delivery replay --source ${source} --until 1h`)).stdout, "No delivery.\n");
    assert.equal((await run(`delivery replay --source ${source} --outcome dead`)).stdout, "No delivery.\n");
    const { body } = await gateway.api("GET", `/api/deliveries/${ids[1]}`);
    await run(`delivery replay --source ${source} --since ${body.received_at} --code invalid_payload`);
    assert.deepEqual(await outcomesOf(source), { rejected: 1, accepted: 1 });
    assert.deepEqual(await outcomesOf(other.source), { rejected: 1 });
  });

  test("says how far it got at Ctrl-C, and what it put back is worked off all the same", async () => {
    const { source } = await aSourceWith(40);
    mood.now = "throws";
    const child = start(["delivery", "replay", "--source", source], { env });
    const ended = Promise.all([text(child.stdout), text(child.stderr), once(child, "close")]);
    await eventually(async () => ((await outcomesOf(source)).queued === 40 ? true : undefined));
    child.kill("SIGINT");
    const [stdout, stderr, [code]] = await ended;
    assert.equal(code, 130);
    assert.match(stdout, /^queued +40 +not settled yet$/m);
    assert.match(stderr, /^Stopped: 40 of 40 deliveries were replayed, 0 of them settled; what is queued goes on\./);
    mood.now = "works";
    await eventually(async () => ((await outcomesOf(source)).accepted === 40 ? true : undefined));
  });

  test("changes nothing where there is no gateway", async () => {
    const { source } = await aSourceWith(3);
    const away = { TW_API_URL: "http://127.0.0.1:9", TW_DATA_DIR: dataDir };
    const { code, stdout, stderr } = await cli(`delivery replay --source ${source}`, { env: away });
    assert.deepEqual([code, stdout], [1, ""]);
    assert.match(stderr, /^error: Cannot reach the gateway/);
    assert.deepEqual(await outcomesOf(source), { rejected: 3 });
  });

  test("needs a delivery or a filter, not both, and replays only what made no incident", async () => {
    assert.match((await misused("delivery replay")).stderr, /name a delivery, or pick some/);
    assert.match((await misused("delivery replay abc --source edr")).stderr, /not both/);
    assert.match(
      (await misused("delivery replay --outcome accepted")).stderr,
      /--outcome accepted: only rejected, dead, ignored deliveries are replayed/,
    );
    assert.match((await misused("delivery replay --since yesterday")).stderr, /Give a duration/);
  });
});

describe("queue status", () => {
  test("shows how much waits, since when, and how fast it goes", async () => {
    const { ids } = await aSourceWith(2);
    mood.now = "throws";
    for (const id of ids) await gateway.api("POST", `/api/deliveries/${id}/replay`);
    const { stdout } = await run("queue status");
    assert.match(stdout, /^waiting {2}2 deliveries\ndue now {2}[0-2]\noldest {3}\d+ s \(received [\d :-]+ UTC\)\n/);
    assert.match(stdout, /^settled {2}\d+ in the last minute, \d+\.\d\d\/s\n$/m);
    const status = await json("queue status", { env });
    assert.equal(status.depth, 2);
    mood.now = "works";
    await eventually(async () => ((await json("queue status", { env })).depth === 0 ? true : undefined));
    assert.match((await run("queue status")).stdout, /^waiting {2}0 deliveries\ndue now {2}0\nsettled {2}/);
  });

  test("goes on with --watch until Ctrl-C", async () => {
    const child = start(["queue", "status", "--watch"], { env });
    const [first] = await once(child.stdout.setEncoding("utf8"), "data");
    assert.match(first, /^\d\d:\d\d:\d\d {2}0 waiting {2}0 due {2}\d+\.\d\d\/s\n/);
    child.kill("SIGINT");
    assert.deepEqual(await once(child, "close"), [0, null]);
    assert.match((await misused("queue status --watch --json")).stderr, /cannot be used with/);
  });
});

describe("queue show", () => {
  test("shows what became of an event that was answered queued", async () => {
    mood.now = "throws";
    const { body } = await gateway.send("aside", '{"id":"shown"}');
    const shown = await eventually(async () => {
      const { stdout } = await run(`queue show ${body.queue_id}`);
      return /^attempts +[1-9]/m.test(stdout) ? stdout : undefined;
    });
    assert.match(shown, new RegExp(`^queue id +${body.queue_id}\nstate +queued\nreason +The plugin 'moody' failed: `));
    mood.now = "works";
    const event = await eventually(async () => {
      const found = await json(`queue show ${body.queue_id}`, { env });
      return found.state === "accepted" ? found : undefined;
    });
    assert.match(
      (await run(`queue show ${body.queue_id}`)).stdout,
      new RegExp(`^incidents +${event.incident_number}$`, "m"),
    );
    const none = await run("queue show queue-abc");
    assert.deepEqual([none.code, none.stderr], [1, "error: There is no queued event 'queue-abc' (not_found)\n"]);
  });
});
