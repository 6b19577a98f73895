import assert from "node:assert/strict";
import { once } from "node:events";
import { chmod, mkdir, writeFile } from "node:fs/promises";
import { type AddressInfo, createServer } from "node:net";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { describe, test } from "node:test";
import { aFolder, register, running, serve } from "../support/gateway-process.ts";

type Settings = Readonly<Record<string, string>>;

interface Mistake {
  readonly name: string;
  /** Written into the folder that the gateway is started in; `data` is its data folder. */
  readonly files?: Readonly<Record<string, string>>;
  readonly settings?: Settings;
  /** All that stands on standard error, without the folder. */
  readonly says: string | RegExp;
}

const generic = join(import.meta.dirname, "../../plugins/generic/index.ts");
const config = (...lines: readonly string[]): Pick<Mistake, "files" | "settings"> => ({
  files: { "sources.yaml": ["sources:", "  edr:", ...lines.map((line) => `    ${line}`), ""].join("\n") },
  settings: { TW_CONFIG: "sources.yaml" },
});
const plugins = (list: string, plugin = ""): Pick<Mistake, "files" | "settings"> => ({
  files: { "plugins.json": list, "mine.ts": plugin },
  settings: { TW_PLUGINS: "plugins.json" },
});

const mistakes: readonly Mistake[] = [
  {
    name: "settings that are wrong, all of them at once and without the secret",
    settings: { TW_PORT: "http", TW_LOG_LEVEL: "loud", TW_MASTER_KEY: "test-secret-key", TW_COLOUR: "red" },
    says: "Settings: TW_PORT must be a number; TW_MASTER_KEY must be 64 hex digits; TW_LOG_LEVEL must be one of [trace, debug, info, warn, error, silent]; TW_COLOUR is not a setting",
  },
  {
    name: "an address that is another machine's",
    settings: { TW_HOST: "192.0.2.1" },
    says: /^Cannot listen on 192\.0\.2\.1:0: .*EADDRNOTAVAIL.*; set TW_HOST and TW_PORT$/,
  },
  {
    name: "a configuration file that is not there",
    settings: { TW_CONFIG: "sources.yaml" },
    says: /^\/sources\.yaml: cannot be read: ENOENT/,
  },
  {
    name: "a variable of the configuration file that is not set",
    ...config(`secret: "\${EDR_SECRET}"`),
    says: "sources.yaml:3: the variable EDR_SECRET is not set",
  },
  {
    name: "a configuration file that is no YAML",
    ...config("secret: [throw-away"),
    says: /^sources\.yaml:4: Flow sequence .*\]$/,
  },
  {
    name: "a key twice in the configuration file",
    ...config("secret: throw-away", "secret: throw-away"),
    says: "sources.yaml:4: Map keys must be unique",
  },
  {
    name: "a secret that YAML takes for an alias",
    ...config("secret: *throw-away"),
    says: "sources.yaml:3: an alias without an anchor; put quotes around text that begins with *",
  },
  {
    name: "aliases in the configuration file that multiply",
    files: {
      "sources.yaml": `a: &a [${"x,".repeat(11)}]\nb: &b [${"*a,".repeat(11)}]\nc: [${"*b,".repeat(11)}]\n`,
    },
    settings: { TW_CONFIG: "sources.yaml" },
    says: /^sources\.yaml:1: Excessive alias count/,
  },
  {
    name: "an unknown key in the configuration file",
    ...config("secret: throw-away", "colour: red"),
    says: "sources.yaml:4: sources.edr.colour is not allowed",
  },
  {
    name: "a source whose plugin is not installed",
    ...config("plugin: crowdstroke", "secret: throw-away"),
    says: 'sources.yaml:3: sources.edr.plugin "crowdstroke" is not installed; installed are: auto, crowdstrike, defender, generic, splunk',
  },
  {
    name: "a list of plugins that is not there",
    settings: { TW_PLUGINS: "plugins.json" },
    says: /^\/plugins\.json: cannot be read as JSON: ENOENT/,
  },
  {
    name: "a list of plugins that is not JSON",
    ...plugins('[\n  "./mine.ts",\n]\n'),
    says: /^\/plugins\.json: cannot be read as JSON: Unexpected token '\]'/,
  },
  {
    name: "a list of plugins that is no list",
    ...plugins('{"mine": "./mine.ts"}'),
    says: '/plugins.json: must be a list of paths or package names, like ["./plugins/generic/index.ts"]',
  },
  {
    name: "a plugin that is not there",
    ...plugins('["./yours.ts"]'),
    says: "/plugins.json: \"./yours.ts\" failed to load: Cannot find module '/yours.ts'",
  },
  {
    name: "a plugin that throws",
    ...plugins('["./mine.ts"]', 'throw new Error("no licence");'),
    says: '/plugins.json: "./mine.ts" failed to load: no licence (mine.ts:1:7)',
  },
  {
    name: "a plugin whose default export is something else",
    ...plugins('["./mine.ts"]', 'export default { name: "mine" };'),
    says: '/plugins.json: "./mine.ts" has no default export made by definePlugin; found a default export of type object',
  },
  {
    name: "a plugin without a default export",
    ...plugins('["./mine.ts"]', "export const mine = 1;"),
    says: '/plugins.json: "./mine.ts" has no default export made by definePlugin; found exports named "mine"',
  },
  {
    name: "two plugins of one name",
    ...plugins(JSON.stringify([generic, generic])),
    says: `/plugins.json: "${generic}" is a second plugin named "generic"; names must differ`,
  },
  {
    name: "a data folder that is a file",
    files: { data: "" },
    says: /^The data folder \/data cannot be used: .*; let this user write there, or name another in TW_DATA_DIR$/,
  },
  {
    name: "a master key that is damaged",
    files: { "data/master.key": "" },
    says: "/data/master.key: must hold 64 hex digits; restore it from a backup",
  },
  {
    name: "an admin token that is damaged",
    files: { "data/admin.token": "tw_" },
    says: "/data/admin.token: must hold a token, tw_<6>_<32>; remove it, and the next start makes a new one",
  },
  {
    name: "a database that is none",
    files: { "data/thruway.db": "Dear diary, ".repeat(100) },
    says: "The store /data/thruway.db cannot be opened: file is not a database; restore it from a backup, or name another in TW_STORE_URL",
  },
];

describe("a start says in one line what is wrong, and ends with exit code 1:", {
  concurrency: 2,
  timeout: 60_000,
}, () => {
  for (const { name, files = {}, settings = {}, says } of mistakes) {
    test(name, async () => {
      await using folder = await aFolder();
      for (const [file, text] of Object.entries(files)) {
        const path = join(folder.path, file);
        await mkdir(join(path, ".."), { recursive: true });
        await writeFile(path, text);
      }
      await failsWith(says, folder.path, settings);
    });
  }

  test("a port that is taken", async () => {
    await using folder = await aFolder();
    await using other = createServer().listen(0, "127.0.0.1");
    await once(other, "listening");
    const { port } = other.address() as AddressInfo;
    const says = `Cannot listen on 127.0.0.1:${port}: another process listens there; stop it, or set TW_PORT`;
    await failsWith(says, folder.path, { TW_PORT: String(port) });
  });

  const root = process.getuid?.() === 0 && "root may write everywhere: run the tests as somebody else to see this";
  test("a data folder that may not be written", { skip: root }, async () => {
    await using folder = await aFolder();
    await chmod(folder.path, 0o500);
    await failsWith(/^The data folder \/data cannot be used: EACCES.*; let this user write there/, folder.path);
  });

  test("a database that a newer Thruway wrote", async () => {
    await using folder = await aFolder();
    const file = join(folder.path, "newer.db");
    const database = new DatabaseSync(file);
    database.exec("PRAGMA user_version = 1000");
    database.close();
    const says =
      /^The database has schema version 1000, .*: start a newer Thruway, or name another file in TW_STORE_URL$/;
    await failsWith(says, folder.path, { TW_STORE_URL: `sqlite:${file}` });
  });

  test("a master key that is not the one of the stored secrets", async () => {
    await using folder = await aFolder();
    await using gateway = await running(join(folder.path, "data"));
    await register(gateway, "mail");
    gateway.signal("SIGTERM");
    await gateway.exit;
    const says =
      "A secret of mail cannot be opened: the master key is not the one that sealed it. Start with the master key of this data folder";
    await failsWith(says, folder.path, { TW_MASTER_KEY: "0".repeat(64) });
  });
});

async function failsWith(says: string | RegExp, folder: string, settings: Settings = {}): Promise<void> {
  await using gateway = serve(join(folder, "data"), settings);
  const exit = await gateway.exit;
  const [line, ...others] = gateway.stderr().replaceAll(folder, "").split("\n");
  assert.deepEqual(others, [""], gateway.stderr());
  if (typeof says === "string") assert.equal(line, `error: ${says}`);
  else assert.match(line?.replace(/^error: /, "") ?? "", says);
  assert.deepEqual(exit, { code: 1, signal: null });
  assert.doesNotMatch(gateway.stdout(), /"url"/);
}
