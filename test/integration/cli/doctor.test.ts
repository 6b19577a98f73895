import assert from "node:assert/strict";
import { once } from "node:events";
import { chmod, mkdir, rm, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import { createServer as createHttp2Server } from "node:http2";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { after, before, describe, test } from "node:test";
import { room } from "../../../core/cli/doctor/disk.ts";
import { type Examined, examine } from "../../../core/cli/doctor/examine.ts";
import { openStore } from "../../../core/store/open.ts";
import { openSpool } from "../../../core/store/spool/index.ts";
import { aCommit, aDelivery } from "../../contracts/builders.ts";
import { cli, folder, json, gateway as shared } from "../../support/cli.ts";
import { aGateway, type TestGateway, testSecret } from "../../support/gateway.ts";
import { aFolder } from "../../support/gateway-process.ts";
import { aMongoDatabase } from "../../support/mongo/database.ts";
import { withoutMongo } from "../../support/mongo/server.ts";

type Env = Readonly<Record<string, string>>;
type Line = readonly [status: Examined["status"], message: string];

const nowhere = "http://127.0.0.1:9";

/** What a check says, in an environment. */
async function line(check: string, env: Env, now = new Date()): Promise<Line> {
  const found = (await examine(env, () => now)).find((each) => each.check === check);
  assert.ok(found, `there is no check ${check}`);
  return [found.status, found.message];
}

/** A data folder as a gateway leaves it. */
async function aDataDir(): Promise<{ readonly dataDir: string; readonly env: Env } & AsyncDisposable> {
  const place = await aFolder();
  const dataDir = join(place.path, "data");
  await (await aGateway({ TW_DATA_DIR: dataDir }))[Symbol.asyncDispose]();
  const env = { TW_DATA_DIR: dataDir, TW_API_URL: nowhere };
  return { dataDir, env, [Symbol.asyncDispose]: () => place[Symbol.asyncDispose]() };
}

function serving(server: Server | ReturnType<typeof createHttp2Server>): Promise<string> {
  server.listen(0, "127.0.0.1");
  return once(server, "listening").then(() => `http://127.0.0.1:${(server.address() as AddressInfo).port}`);
}

describe("a gateway that is well", () => {
  let gateway: TestGateway;
  let env: Env;
  before(async () => {
    gateway = await aGateway();
    env = { TW_DATA_DIR: gateway.dataDir, TW_API_URL: gateway.url };
    await gateway.api("POST", "/api/webhooks", { source: "mail", plugin: "generic", secret: testSecret });
  });
  after(() => gateway[Symbol.asyncDispose]());

  test("passes every check", async () => {
    const found = await examine(env, () => new Date());
    assert.deepEqual(
      found.filter(({ status }) => status !== "ok"),
      [],
    );
    assert.ok(found.length >= 11);
  });

  test("says its version, and how long it runs", async () => {
    const [, message] = await line("gateway", env);
    assert.match(message, /^http:.* runs \d+\.\d+\.\d+\S* on Node v24\.\S+ for \d+/);
  });

  test("whose clock is off is told by how much", async () => {
    const [early, late] = await Promise.all([
      line("clock", env, new Date(Date.now() + 90_000)),
      line("clock", env, new Date(Date.now() - 10_000)),
    ]);
    assert.equal(early[0], "failure");
    assert.match(early[1], /the gateway's is (89|90)\.\d s behind this one; let both take the time by NTP/);
    assert.equal(late[0], "warning");
    assert.match(late[1], /the gateway's is \d+\.\d s ahead of this one/);
  });

  test("does not take another gateway's token", async () => {
    const [status, message] = await line("gateway", { ...env, TW_API_KEY: `tw_aaaaaa_${"b".repeat(32)}` });
    assert.equal(status, "failure");
    assert.match(message, /does not accept the API token from TW_API_KEY .*; set TW_API_KEY/);
  });
});

test("a gateway that does not run is no failure, and one of another version is named", async () => {
  await using place = await aDataDir();
  const [status, message] = await line("gateway", place.env);
  assert.equal(status, "warning");
  assert.match(message, /^Cannot reach the gateway at .*start it with: tw-cli serve/);
  const other = createServer((request, response) => {
    const view = { version: "0.0.1", node: "v24.0.0", time: new Date().toISOString(), uptime_seconds: 5 };
    const ready = { status: "degraded", checks: { store: "away since noon" } };
    response.setHeader("content-type", "application/json");
    response.end(JSON.stringify(request.url === "/readyz" ? ready : view));
  });
  const said = await line("gateway", { ...place.env, TW_API_URL: await serving(other) });
  other.close();
  assert.equal(said[0], "warning");
  assert.match(said[1], /runs 0\.0\.1 .*restart the older of the two; it is degraded: store away since noon$/);
});

test("a setting that is none is told, and what depends on settings is not looked at", async () => {
  const found = await examine({ TW_PROT: "80" }, () => new Date());
  const of = (check: string): Examined | undefined => found.find((each) => each.check === check);
  assert.deepEqual(
    [of("settings")?.status, of("settings")?.message],
    ["failure", "Settings: TW_PROT is not a setting"],
  );
  for (const check of ["data folder", "store", "plugins", "sources", "queue"]) {
    assert.equal(of(check)?.status, "warning");
    assert.match(of(check)?.message ?? "", /^not looked at: /);
  }
});

test("a data folder that is not there yet is no failure", async () => {
  await using place = await aFolder();
  const env = { TW_DATA_DIR: join(place.path, "none"), TW_API_URL: nowhere };
  for (const check of ["data folder", "store"]) assert.equal((await line(check, env))[0], "warning");
});

describe("a data folder", () => {
  test("that others can look into is told", async () => {
    await using place = await aDataDir();
    await chmod(place.dataDir, 0o755);
    assert.deepEqual(await line("data folder", place.env), [
      "warning",
      `${place.dataDir}: other users can look into it: chmod 700 ${place.dataDir}`,
    ]);
  });

  for (const file of ["master.key", "admin.token"]) {
    test(`whose ${file} others can read, or that has none, fails`, async () => {
      await using place = await aDataDir();
      await chmod(join(place.dataDir, file), 0o640);
      const [status, message] = await line("data folder", place.env);
      assert.deepEqual([status, message.includes(`chmod 600 ${join(place.dataDir, file)}`)], ["failure", true]);
      await rm(join(place.dataDir, file));
      assert.match((await line("data folder", place.env))[1], new RegExp(`there is no ${file}`));
    });
  }

  test("whose master key is none fails", async () => {
    await using place = await aDataDir();
    await writeFile(join(place.dataDir, "master.key"), "not a key\n");
    const [status, message] = await line("data folder", place.env);
    assert.equal(status, "failure");
    assert.match(message, /must hold 64 hex digits; restore it from a backup/);
  });
});

test("a disk that is filling up is told, and one that is full fails", () => {
  assert.equal(room(200 * 1_073_741_824, "/data").status, "ok");
  assert.equal(room(500 * 1_048_576, "/data").status, "warning");
  assert.deepEqual(room(50 * 1_048_576, "/data"), {
    status: "failure",
    message: "50 MiB are free at /data; make room, or let retention remove more (docs/operations.md, Disk growth)",
  });
});

describe("an embedded store", () => {
  const withVersion = async (version: number): Promise<Line> => {
    await using place = await aDataDir();
    const db = new DatabaseSync(join(place.dataDir, "thruway.db"));
    db.exec(`PRAGMA user_version = ${version}`);
    db.close();
    return line("store", place.env);
  };

  test("of a newer Thruway fails, and of an older one is told", async () => {
    const [newer, older] = [await withVersion(99), await withVersion(1)];
    assert.equal(newer[0], "failure");
    assert.match(newer[1], /schema version 99: this Thruway knows up to \d+; start a newer one/);
    assert.equal(older[0], "warning");
    assert.match(older[1], /tw-cli store migrate/);
  });

  test("that is no database fails", async () => {
    await using place = await aDataDir();
    await writeFile(join(place.dataDir, "thruway.db"), "this is no database, but long enough to be one\n".repeat(100));
    const [status, message] = await line("store", place.env);
    assert.equal(status, "failure");
    assert.match(message, /cannot be read: file is not a database/);
  });
});

test("a queue with an old and a given up delivery is told, with what to do", async () => {
  await using place = await aDataDir();
  const store = await openStore(`sqlite:${join(place.dataDir, "thruway.db")}`);
  const received_at = new Date(Date.now() - 3_600_000).toISOString();
  await store.commits.commit({ delivery: aDelivery({ outcome: "queued", received_at }), drafts: [] });
  await store.commits.commit({ delivery: aDelivery({ outcome: "dead" }), drafts: [] });
  await store.close();
  const [status, message] = await line("queue", place.env);
  assert.equal(status, "warning");
  assert.match(message, /^1 delivery waiting: the oldest waits for (59 min|1 h).*; 1 delivery was given up: tw-cli/);
});

test("a spool that is nearly full fails", async () => {
  await using place = await aDataDir();
  const limit = 1_048_576;
  const spool = await openSpool(join(place.dataDir, "spool.db"), limit);
  for (let kept = 0; kept < 5; kept += 1) {
    await spool.append(aCommit({ body: Buffer.alloc(195_000, kept) }));
  }
  await spool.close();
  const env = { ...place.env, TW_STORE_URL: "mongodb://127.0.0.1:9/thruway", TW_SPOOL_MAX_BYTES: String(limit) };
  const [status, message] = await line("spool", env);
  assert.equal(status, "failure");
  assert.match(message, /^5 deliveries, 9\d % of TW_SPOOL_MAX_BYTES: it is nearly full/);
  assert.match((await line("spool", place.env))[1], /they wait for a MongoDB that TW_STORE_URL does not name/);
});

test("plugins that do not load fail, by their name", async () => {
  await using place = await aDataDir();
  const file = join(place.dataDir, "plugins.json");
  await writeFile(file, '["./gone/index.ts"]');
  const [status, message] = await line("plugins", { ...place.env, TW_PLUGINS: file });
  assert.equal(status, "failure");
  assert.match(message, /"\.\/gone\/index\.ts" failed to load/);
});

describe("sources", () => {
  const doubtful: Readonly<Record<string, readonly [fields: object, wanted: RegExp]>> = {
    "with a secret of a manual": [{ secret: "your-secret-key" }, /a secret that stands in every manual: openssl rand/],
    "with a short secret": [{ secret: "short-one" }, /a secret of fewer than 16 characters: openssl rand/],
    "that take what anybody sends": [
      { plugin: "splunk", options: { allow_unsigned: true } },
      /takes what anybody sends \(allow_unsigned\)/,
    ],
    "that are to be triaged by no playbook": [
      { secret: testSecret, auto_triage: true },
      /auto_triage and no playbook: tw-cli webhook update edr --playbook <name>/,
    ],
  };
  for (const [what, [fields, wanted]] of Object.entries(doubtful)) {
    test(`${what} are told`, async () => {
      await using place = await aDataDir();
      await using gateway = await aGateway({ TW_DATA_DIR: place.dataDir });
      const { status: answered } = await gateway.api("POST", "/api/webhooks", { source: "edr", ...fields });
      assert.equal(answered, 201);
      const [status, message] = await line("sources", place.env);
      assert.equal(status, "warning");
      assert.match(message, wanted);
      assert.ok(!message.includes("your-secret"));
    });
  }

  test("that another master key sealed fail", async () => {
    await using place = await aDataDir();
    await using gateway = await aGateway({ TW_DATA_DIR: place.dataDir });
    await gateway.api("POST", "/api/webhooks", { source: "edr", secret: testSecret });
    const [status, message] = await line("sources", { ...place.env, TW_MASTER_KEY: "ab".repeat(32) });
    assert.equal(status, "failure");
    assert.match(message, /A secret of edr cannot be opened: the master key is not the one/);
  });

  test("of a configuration file that is wrong fail, by its line", async () => {
    await using place = await aDataDir();
    const file = join(place.dataDir, "config.yaml");
    await writeFile(file, `sources:\n  edr:\n    secret: \${NOT_SET_ANYWHERE}\n`);
    const [status, message] = await line("sources", { ...place.env, TW_CONFIG: file });
    assert.equal(status, "failure");
    assert.match(message, /config\.yaml:3: the variable NOT_SET_ANYWHERE is not set/);
  });
});

describe("an exporter", () => {
  test("that accepts an export of nothing is well, by either form of HTTP, with its headers", async () => {
    const got: (readonly [string | undefined, string | undefined, string | undefined])[] = [];
    const collector = createServer((request, response) => {
      got.push([request.url, request.headers["content-type"], request.headersDistinct["x-tenant"]?.[0]]);
      response.end("{}");
    });
    const url = await serving(collector);
    const headers = { OTEL_EXPORTER_OTLP_HEADERS: "x-tenant=a%20b" };
    assert.deepEqual(await line("exporter", { OTEL_EXPORTER_OTLP_ENDPOINT: `${url}/`, ...headers }), [
      "ok",
      `${url}/v1/traces accepts traces by http/protobuf`,
    ]);
    await line("exporter", {
      OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: `${url}/own`,
      OTEL_EXPORTER_OTLP_PROTOCOL: "http/json",
    });
    collector.close();
    assert.deepEqual(got, [
      ["/v1/traces", "application/x-protobuf", "a b"],
      ["/own", "application/json", undefined],
    ]);
  });

  test("that refuses, does not answer, or is no address fails", async () => {
    const collector = createServer((_, response) => response.writeHead(401).end());
    const url = await serving(collector);
    const refused = await line("exporter", { OTEL_EXPORTER_OTLP_ENDPOINT: url });
    collector.close();
    await once(collector, "close");
    const gone = await line("exporter", { OTEL_EXPORTER_OTLP_ENDPOINT: url });
    const none = await line("exporter", { OTEL_EXPORTER_OTLP_ENDPOINT: "collector:4318" });
    const odd = await line("exporter", { OTEL_EXPORTER_OTLP_ENDPOINT: url, OTEL_EXPORTER_OTLP_PROTOCOL: "udp" });
    for (const [status] of [refused, gone, none, odd]) assert.equal(status, "failure");
    assert.match(refused[1], /refuses an export by http\/protobuf: status 401; start the collector/);
    assert.match(gone[1], /does not answer: .+; start the collector, or mend/);
    assert.match(none[1], /"collector:4318\/v1\/traces" is not an address/);
    assert.match(odd[1], /"udp" must be one of http\/protobuf, http\/json, grpc/);
  });

  test("is spoken to by gRPC where that is the protocol", async () => {
    let sent = Buffer.alloc(0);
    let status = "0";
    const collector = createHttp2Server();
    collector.on("stream", (stream) => {
      stream.respond({ ":status": 200, "content-type": "application/grpc" }, { waitForTrailers: true });
      stream.on("wantTrailers", () => stream.sendTrailers({ "grpc-status": status }));
      stream.on("data", (chunk: Buffer) => {
        sent = Buffer.concat([sent, chunk]);
      });
      stream.on("end", () => stream.end(Buffer.alloc(5)));
    });
    const url = await serving(collector);
    const env = { OTEL_EXPORTER_OTLP_ENDPOINT: url, OTEL_EXPORTER_OTLP_PROTOCOL: "grpc" };
    assert.deepEqual(await line("exporter", env), ["ok", `${url} accepts traces by grpc`]);
    assert.deepEqual(sent, Buffer.alloc(5));
    status = "16";
    assert.match((await line("exporter", env))[1], /refuses an export by grpc: gRPC status 16/);
    collector.close();
  });

  test("is off where the SDK is, and where nothing is set", async () => {
    for (const env of [{}, { OTEL_EXPORTER_OTLP_ENDPOINT: nowhere, OTEL_SDK_DISABLED: "true" }] as const) {
      assert.deepEqual((await line("exporter", env as Env))[0], "ok");
    }
  });
});

test("a MongoDB is asked for its kind, its clock, its indexes and its majority", {
  skip: await withoutMongo(),
}, async () => {
  await using database = await aMongoDatabase();
  await using place = await aFolder();
  const env = { TW_DATA_DIR: join(place.path, "data"), TW_STORE_URL: database.uri, TW_API_URL: nowhere };
  const [status, message] = await line("store", env);
  assert.equal(status, "warning", message);
  assert.match(message, /it lacks the indexes deliveries_by_source, .*: tw-cli store migrate/);
  await (await aGateway(env))[Symbol.asyncDispose]();
  assert.doesNotMatch((await line("store", env))[1], /lacks/);
  const clock = await line("clock", env, new Date(Date.now() + 120_000));
  assert.deepEqual([clock[0], /the store's is 1[12]\d\.\d s behind/.test(clock[1])], ["failure", true], clock[1]);
});

test("a MongoDB that does not answer fails, without its password", async () => {
  await using place = await aFolder();
  const env = {
    TW_DATA_DIR: join(place.path, "data"),
    TW_STORE_URL: "mongodb://user:throw-away-password@127.0.0.1:9/thruway",
    TW_STORE_TIMEOUT_MS: "200",
    TW_API_URL: nowhere,
  };
  await mkdir(env.TW_DATA_DIR);
  const found = await examine(env, () => new Date());
  const store = found.find(({ check }) => check === "store");
  assert.equal(store?.status, "failure");
  assert.match(
    store?.message ?? "",
    /^mongodb:\/\/127\.0\.0\.1:9\/thruway cannot be read: .*; start it, or name another/,
  );
  assert.ok(!JSON.stringify(found).includes("throw-away-password"));
});

describe("tw-cli doctor", () => {
  test("prints a line for each check, and ends with 0 where none failed", async () => {
    const { code, stdout, stderr } = await cli("doctor");
    assert.deepEqual([code, stderr], [0, ""], stdout);
    const lines = stdout.trimEnd().split("\n");
    for (const each of lines) assert.match(each, /^[✔!] [a-z ]+ {2}\S/);
    assert.equal((await json("doctor")).checks.length, lines.length);
  });

  test("ends with 1 where one failed", async () => {
    const env = { TW_DATA_DIR: shared.dataDir, TW_API_URL: shared.url, TW_PLUGINS: join(folder, "none.json") };
    const { code, stdout, stderr } = await cli("doctor", { env });
    assert.equal(code, 1);
    assert.match(stdout, /^✘ plugins {6}/m);
    assert.equal(stderr, "error: 1 check failed\n");
  });
});
