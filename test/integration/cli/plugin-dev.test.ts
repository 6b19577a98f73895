import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, test } from "node:test";
import type { DevEvent, Journey } from "../../../core/cli/plugin-kit/dev/events.ts";
import { aPluginFolder, type PluginFolder } from "../../support/a-plugin-folder.ts";
import { eventually } from "../../support/eventually.ts";
import { root } from "../../support/markdown.ts";

const bin = join(root, "bin/tw-cli.js");

/** `tw-cli plugin dev` as a process; leaving its scope kills it. */
interface Running extends AsyncDisposable {
  /** The next event of a kind, of those that no test has seen yet. */
  next<Kind extends DevEvent["event"]>(kind: Kind): Promise<DevEvent & { event: Kind }>;
  readonly text: () => string;
  press(keys: string): void;
  /** Its exit code, once it has ended. */
  readonly exit: Promise<number | null>;
  readonly tmp: string;
  signal(name: NodeJS.Signals): void;
}

async function running({ path }: PluginFolder, ...options: readonly string[]): Promise<Running> {
  const tmp = await mkdtemp(join(tmpdir(), "thruway-test-dev-"));
  const { PATH, HOME } = process.env;
  const argv = [bin, "plugin", "dev", path, "--source", "edr", "--port", "0", ...options];
  const child = spawn(process.execPath, argv, { cwd: path, env: { PATH, HOME, TMPDIR: tmp } });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (chunk: string) => {
      output += chunk;
    });
  }
  const exit = once(child, "close").then(([code]) => code as number | null);
  let seen = 0;
  return {
    text: () => output,
    tmp,
    exit,
    async next(kind) {
      return eventually(async () => {
        const lines = output.split("\n").slice(0, -1);
        for (const [index, line] of lines.entries()) {
          if (index < seen) continue;
          const event = JSON.parse(line) as DevEvent;
          if (event.event !== kind) continue;
          seen = index + 1;
          return event as DevEvent & { event: typeof kind };
        }
        assert.equal(child.exitCode, null, output);
        return undefined;
      });
    },
    press: (keys) => void child.stdin.write(keys),
    signal: (name) => void child.kill(name),
    async [Symbol.asyncDispose]() {
      child.kill("SIGKILL");
      await exit;
      await rm(tmp, { recursive: true, force: true });
    },
  };
}

/** The next deliveries, by their first letters: the alert and the heartbeat of the template. */
async function bothSamples(dev: Running): Promise<readonly Journey[]> {
  const [one, other] = [await dev.next("delivery"), await dev.next("delivery")];
  return [one.delivery, other.delivery];
}

function madeOf({ told }: Journey): unknown {
  assert.ok(told !== undefined && "made" in told, JSON.stringify(told));
  return told.made;
}

describe("plugin dev", () => {
  test("shows each delivery's journey, takes changes without a restart, and leaves nothing behind", async () => {
    await using plugin = await aPluginFolder({
      "words.ts": "export const title = (value: unknown): string => 'Seen: '.concat(String(value));",
    });
    const source = (await readFile(join(plugin.path, "index.ts"), "utf8")).replace(
      'text(alert.title) ?? "Alert of My Sender"',
      "title(alert.title)",
    );
    await plugin.write("index.ts", `import { title } from "./words.ts";\n${source}`);
    await using dev = await running(plugin, "--json");

    const { plugin: name, secret, script, url } = await dev.next("listening");
    assert.equal(name, "my-sender");
    assert.match(secret ?? "", /^[0-9a-f]{64}$/);
    assert.match(script, /openssl dgst -sha256 -hmac "\$SECRET"[\s\S]*curl .*\/api\/webhooks\/edr"/);

    dev.press("\n");
    const [alert, heartbeat] = await bothSamples(dev);
    assert.ok(alert && heartbeat);
    assert.deepEqual([alert.outcome, heartbeat.outcome], ["accepted", "ignored"]);
    assert.deepEqual(
      alert.stages.map(({ stage, ok }) => [stage, ok]),
      ["receive", "identify", "handshake", "authenticate", "check_freshness", "parse", "validate", "map"].map(
        (stage) => [stage, true],
      ),
    );
    assert.equal(alert.incidents.length, 1);
    assert.equal((madeOf(alert) as readonly { title: string }[])[0]?.title, "Seen: Credentials were dumped");
    assert.equal(heartbeat.reason, "no alert: heartbeat");

    // What the entry imports is taken as well.
    await plugin.write("words.ts", 'export const title = (): string => "Changed";');
    assert.equal((await dev.next("reloaded")).plugin, "my-sender");
    await plugin.write("samples/second.json", '{"event_id": "evt-2", "event": "login_failed", "alert": {"id": "2"}}');
    dev.press("r");
    const second = await eventually(async () => {
      const { delivery } = await dev.next("delivery");
      return delivery.outcome === "accepted" ? delivery : undefined;
    });
    assert.equal((madeOf(second) as readonly { title: string }[])[0]?.title, "Changed");

    // A change that does not load keeps the one before it.
    await plugin.write("words.ts", "export const title = (: string;");
    assert.match((await dev.next("not_reloaded")).message, /failed to load: .* \(words\.ts:1\)$/);
    await plugin.write("samples/third.json", '{"event_id": "evt-3", "event": "login_failed", "alert": {"id": "3"}}');
    dev.press("r");
    const third = await eventually(async () => {
      const { delivery } = await dev.next("delivery");
      return delivery.outcome === "accepted" ? delivery : undefined;
    });
    assert.equal((madeOf(third) as readonly { title: string }[])[0]?.title, "Changed");

    // What nobody signed stops at a stage, and says why.
    const response = await fetch(`${url}/api/webhooks/edr`, { method: "POST", body: "{}" });
    assert.equal(response.status, 401);
    const { delivery: refused } = await dev.next("delivery");
    assert.deepEqual([refused.outcome, refused.code], ["refused", "invalid_signature"]);
    assert.deepEqual(refused.stages.at(-1)?.ok, false);
    assert.deepEqual(refused.details, [{ path: "headers.x-my-sender-signature", message: "is missing" }]);
    assert.equal(refused.told, undefined);

    dev.signal("SIGTERM");
    assert.equal(await dev.exit, 0);
    assert.deepEqual(await readdir(dev.tmp), []);
  });

  test("shows a mapper's bug with its place, and the delivery again once the plugin is mended", async () => {
    await using plugin = await aPluginFolder();
    const good = await readFile(join(plugin.path, "index.ts"), "utf8");
    await plugin.write(
      "index.ts",
      good.replace("if (alert === undefined)", "if ((alert as never as { a: { b: 1 } }).a.b)"),
    );
    await rm(join(plugin.path, "samples/heartbeat.json"));
    await rm(join(plugin.path, "samples/heartbeat.alerts.json"));
    await using dev = await running(plugin, "--json");
    await dev.next("listening");
    dev.press("\n");
    const { delivery } = await dev.next("delivery");
    assert.deepEqual([delivery.outcome, delivery.stages.at(-1)?.ok], ["queued", false]);
    assert.ok(delivery.told && "thrown" in delivery.told);
    assert.match(delivery.told.place ?? "", /^index\.ts:\d+:\d+$/);
    assert.match(delivery.reason ?? "", /The plugin 'my-sender' failed: Cannot read/);

    await plugin.write("index.ts", good);
    await dev.next("reloaded");
    const { delivery: settled } = await dev.next("delivery");
    assert.deepEqual([settled.id, settled.outcome], [delivery.id, "accepted"]);
  });

  test("refuses a change of the name, and tells of options that the source can no longer have", async () => {
    await using plugin = await aPluginFolder();
    const good = await readFile(join(plugin.path, "index.ts"), "utf8");
    const withOptions = good.replace(
      'title: "My Sender",',
      'title: "My Sender",\n  options: joi.object({ region: joi.string() }) as never,',
    );
    await plugin.write("index.ts", withOptions);
    await using dev = await running(plugin, "--json", "--option", "region=eu");
    await dev.next("listening");
    await plugin.write("index.ts", withOptions.replace('name: "my-sender"', 'name: "another"'));
    assert.match((await dev.next("not_reloaded")).message, /"my-sender" is now named "another"/);
    await plugin.write("index.ts", good);
    assert.match((await dev.next("reloaded")).problem ?? "", /its options are not valid any more: .*region/);
    dev.press("q");
    assert.equal(await dev.exit, 0);
  });

  test("prints the journey for people, with a secret from a file", async () => {
    await using plugin = await aPluginFolder();
    await using dev = await running(plugin, "--secret-file", join(plugin.path, "secret"));
    assert.equal(await dev.exit, 1);
    assert.match(dev.text(), /^error: .*secret: cannot be read: /);

    await plugin.write("secret", "throw-away-secret-of-a-file\n");
    await using again = await running(plugin, "--secret-file", join(plugin.path, "secret"));
    await eventually(async () => (again.text().includes("Ctrl-C or q ends it") ? true : undefined));
    assert.match(again.text(), /SECRET=throw-away-secret-of-a-file\n/);
    again.press("\n");
    await eventually(async () => (again.text().includes("no alert: heartbeat") ? true : undefined));
    assert.match(again.text(), / {2}✔ authenticate +\d+\.\d\d ms\n/);
    assert.match(again.text(), / {2}accepted: INC-\d{4}-0001\n {2}\[\n/);
    assert.match(again.text(), /"title": "Credentials were dumped"/);
    assert.match(again.text(), / {2}ignored: no alert: heartbeat\n/);
    again.press("q");
    assert.equal(await again.exit, 0);
  });

  test("says in one line what keeps it from starting", async () => {
    await using plugin = await aPluginFolder({ "index.ts": "export default {" });
    await using dev = await running(plugin);
    assert.equal(await dev.exit, 1);
    assert.match(dev.text(), /^error: ".*acme" failed to load: .* \(index\.ts:1\)\n$/);
    assert.deepEqual(await readdir(dev.tmp), []);
  });
});
