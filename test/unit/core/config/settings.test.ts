import assert from "node:assert/strict";
import { join, resolve } from "node:path";
import { test } from "node:test";
import { readSettings, settingTable } from "../../../../core/config/settings.ts";
import { UserError } from "../../../../core/errors.ts";

/** The one line that an environment is refused with. */
function refusalOf(env: Readonly<Record<string, string>>): string {
  let message = "";
  assert.throws(
    () => readSettings(env),
    (error) => {
      assert.ok(error instanceof UserError);
      message = error.message;
      return true;
    },
  );
  assert.ok(!message.includes("\n"), message);
  return message;
}

test("an empty environment gives settings that start on this machine alone", () => {
  const settings = readSettings({});
  assert.equal(settings.host, "127.0.0.1");
  assert.equal(settings.port, 8080);
  assert.equal(settings.dataDir, resolve("data"));
  assert.equal(settings.storeUrl, `sqlite:${resolve("data/thruway.db")}`);
  assert.equal(settings.configFile, resolve("webhook_config.yaml"));
  assert.equal(settings.configFileNamed, false);
  assert.equal(settings.pluginsFile, resolve(import.meta.dirname, "../../../../plugins.json"));
  assert.equal(settings.adminToken, undefined);
  assert.equal(settings.masterKey, undefined);
});

test("an empty variable counts as unset", () => {
  const names = Object.keys(settingTable);
  assert.deepEqual(readSettings(Object.fromEntries(names.map((name) => [name, ""]))), readSettings({}));
});

test("metrics are open where the gateway listens on this machine alone, and want a token elsewhere", () => {
  const access = (host: string): string => readSettings({ TW_HOST: host }).metrics;
  for (const host of ["127.0.0.1", "127.0.0.2", "localhost", "::1"]) assert.equal(access(host), "open", host);
  for (const host of ["0.0.0.0", "::", "10.0.0.7", "127.example.org", "gateway"])
    assert.equal(access(host), "token", host);
  assert.equal(readSettings({ TW_HOST: "0.0.0.0", TW_METRICS: "open" }).metrics, "open");
});

test("every variable is read", () => {
  const settings = readSettings({
    TW_HOST: "0.0.0.0",
    TW_PORT: "0",
    TW_DATA_DIR: "/var/lib/thruway",
    TW_STORE_URL: "sqlite:/fast/thruway.db",
    TW_STORE_TIMEOUT_MS: "700",
    TW_STORE_MIGRATE: "false",
    TW_SPOOL_MAX_BYTES: "2000000",
    TW_QUEUE_LEASE_MS: "2900",
    TW_WORK: "false",
    TW_CONFIG: "/etc/thruway/sources.yaml",
    TW_PLUGINS: "/etc/thruway/plugins.json",
    TW_PLAYBOOKS: "/etc/thruway/playbooks",
    TW_LISTS: "/etc/thruway/lists",
    TW_ADMIN_TOKEN: "tw_abcdef_0123456789abcdefghijklmnopqrstuv",
    TW_MASTER_KEY: "00".repeat(32),
    TW_LOG_LEVEL: "debug",
    TW_LOG_FILE_MAX_BYTES: "100000",
    TW_LOG_FILES: "3",
    TW_MAX_BODY_BYTES: "2048",
    TW_RECEIVE_TIMEOUT_MS: "500",
    TW_REFUSED_PER_MINUTE: "7",
    TW_STOP_TIMEOUT_MS: "0",
    TW_WORKERS: "4",
    TW_STALL_TIMEOUT_MS: "1000",
    TW_TRUSTED_PROXIES: "10.0.0.7, 192.168.3.0/24,2001:db8::/32",
    TW_METRICS: "off",
    TW_WORK_PORT: "9464",
    TW_TRACE_PARENT: "parent",
    TW_TRACE_SLOW_MS: "250",
    TW_TRACE_URL: "https://jaeger.example/trace/{trace_id}",
  });
  assert.deepEqual(settings, {
    host: "0.0.0.0",
    port: 0,
    dataDir: "/var/lib/thruway",
    storeUrl: "sqlite:/fast/thruway.db",
    storeTimeoutMs: 700,
    storeMigrate: false,
    spoolMaxBytes: 2_000_000,
    queueLeaseMs: 2900,
    work: false,
    configFile: "/etc/thruway/sources.yaml",
    configFileNamed: true,
    pluginsFile: "/etc/thruway/plugins.json",
    playbooksDir: "/etc/thruway/playbooks",
    listsDir: "/etc/thruway/lists",
    adminToken: "tw_abcdef_0123456789abcdefghijklmnopqrstuv",
    masterKey: "00".repeat(32),
    logLevel: "debug",
    logFileMaxBytes: 100_000,
    logFiles: 3,
    maxBodyBytes: 2048,
    receiveTimeoutMs: 500,
    refusedPerMinute: 7,
    stopTimeoutMs: 0,
    workers: 4,
    stallTimeoutMs: 1000,
    trustedProxies: ["10.0.0.7", "192.168.3.0/24", "2001:db8::/32"],
    metrics: "off",
    workPort: 9464,
    traceParent: "parent",
    traceSlowMs: 250,
    traceUrl: "https://jaeger.example/trace/{trace_id}",
  });
});

test("the embedded store lies in the data folder", () => {
  const { dataDir, storeUrl } = readSettings({ TW_DATA_DIR: "elsewhere" });
  assert.equal(storeUrl, `sqlite:${join(dataDir, "thruway.db")}`);
  assert.equal(dataDir, resolve("elsewhere"));
});

test("settings are frozen", () => {
  assert.ok(Object.isFrozen(readSettings({})));
});

test("one line names every problem and what would be right", () => {
  const line = refusalOf({
    TW_PORT: "99999",
    TW_LOG_LEVEL: "loud",
    TW_STORE_URL: "postgres://localhost",
    TW_MASTER_KEY: "too-short",
    TW_ADMIN_TOKEN: "secret",
    TW_PROT: "8080",
  });
  const remedies = [
    /TW_PORT must be .*65535/,
    /TW_LOG_LEVEL must be one of \[trace, debug, info, warn, error, silent\]/,
    /TW_STORE_URL .*sqlite:<file>/,
    /TW_MASTER_KEY .*64 hex digits/,
    /TW_ADMIN_TOKEN .*tw_<6>_<32>/,
    /TW_PROT is not a setting/,
  ];
  for (const remedy of remedies) assert.match(line, remedy);
});

test("a proxy that is trusted has an address, and is not everybody", () => {
  assert.match(
    refusalOf({ TW_TRUSTED_PROXIES: "10.0.0.7,balancer" }),
    /TW_TRUSTED_PROXIES: "balancer" is not an IP address or network/,
  );
  assert.match(refusalOf({ TW_TRUSTED_PROXIES: "0.0.0.0/0" }), /TW_TRUSTED_PROXIES: "0\.0\.0\.0\/0" is everybody/);
});

test("what is wrong with a secret is said without the secret", () => {
  const line = refusalOf({ TW_MASTER_KEY: "test-secret-key", TW_ADMIN_TOKEN: "test-secret-token" });
  assert.ok(!line.includes("test-secret"), line);
});

test("numbers are whole, and within their bounds", () => {
  for (const port of ["-1", "65536", "80.5", "eighty", "0x50"]) assert.match(refusalOf({ TW_PORT: port }), /TW_PORT/);
  assert.equal(readSettings({ TW_PORT: "65535" }).port, 65_535);
  for (const [name, value] of [
    ["TW_MAX_BODY_BYTES", "1023"],
    ["TW_RECEIVE_TIMEOUT_MS", "99"],
    ["TW_REFUSED_PER_MINUTE", "0"],
    ["TW_STOP_TIMEOUT_MS", "-1"],
  ] as const) {
    assert.match(refusalOf({ [name]: value }), new RegExp(`${name} must be`));
  }
});

test("what tw-cli reads, and variables of others, are let be", () => {
  const env = {
    TW_API_URL: "http://localhost:1",
    TW_API_KEY: "any",
    PATH: "/bin",
    OTEL_SERVICE_NAME: "x",
    tw_port: "1",
  };
  assert.deepEqual(readSettings(env), readSettings({}));
});

test("a body that no document of MongoDB can hold is refused at the start, not when it comes", () => {
  const TW_MAX_BODY_BYTES = String(20 * 1_024 * 1_024);
  assert.throws(
    () => readSettings({ TW_STORE_URL: "mongodb://localhost/thruway", TW_MAX_BODY_BYTES }),
    /TW_MAX_BODY_BYTES must be at most 15728640/,
  );
  readSettings({ TW_MAX_BODY_BYTES });
});

test("where there are workers, nobody takes a delivery up before it is known to stall", () => {
  const short = { TW_QUEUE_LEASE_MS: "19999" };
  assert.equal(readSettings(short).workers, undefined);
  assert.equal(
    refusalOf({ ...short, TW_WORKERS: "1" }),
    "Settings: TW_QUEUE_LEASE_MS must be at least twice TW_STALL_TIMEOUT_MS, 20000, where there are workers",
  );
  assert.equal(readSettings({ TW_QUEUE_LEASE_MS: "20000", TW_WORKERS: "1" }).workers, 1);
});

test("a link to traces has the place of their id in it, and is one for a browser", () => {
  for (const url of ["http://localhost:16686/trace/", "javascript:{trace_id}"]) {
    assert.match(refusalOf({ TW_TRACE_URL: url }), /TW_TRACE_URL must be an address with \{trace_id\} in it/);
  }
});
