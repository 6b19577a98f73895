/** One trace over several processes. */
import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { describe, test } from "node:test";
import { eventually } from "../support/eventually.ts";
import { type Answered, testSecret } from "../support/gateway.ts";
import { aFolder, register, running, type ServingGateway, started } from "../support/gateway-process.ts";
import { aMongoDatabase } from "../support/mongo/database.ts";
import { aMongoProxy } from "../support/mongo/proxy.ts";
import { withoutMongo } from "../support/mongo/server.ts";
import { anOtlpReceiver } from "../support/otlp-receiver.ts";
import { signedHeaders } from "../support/signed.ts";
import { anEvent } from "../support/signed-events.ts";
import { stores } from "../support/stores.ts";
import { assertWhole, intake, root, spansOf, traceOf, treeOf, untried, work } from "../support/traces.ts";

async function send(gateway: ServingGateway, source: string, id: string): Promise<Answered> {
  const { headers, body } = anEvent(source, id);
  const response = await fetch(`${gateway.url}/api/webhooks/${source}`, { method: "POST", headers, body });
  return { status: response.status, headers: response.headers, body: await response.json() };
}

const queued = intake.filter((stage) => !["parse", "validate", "map"].includes(stage));

for (const store of stores) {
  test(`what a gateway queues and another process settles is one trace, with ${store.name}`, {
    skip: store.skip,
  }, async () => {
    await using receiver = await anOtlpReceiver();
    await using folder = await aFolder();
    await using place = await store.place();
    const env = { ...place.env, ...receiver.env, TW_WORK: "false" };
    await using gateway = await running(folder.path, env);
    await register(gateway, "patient", { plugin: "generic", processing: "queued" });
    const answer = await send(gateway, "patient", "elsewhere");
    assert.equal(answer.body.status, "queued");
    await using worker = started(["work"], folder.path, env);
    const spans = await spansOf(receiver.spans, traceOf(answer), 12);
    assert.deepEqual(treeOf(spans), [[root, [...queued, ["work", work]]]]);
    assertWhole(spans);
    assert.equal(new Set(spans.map(({ resource }) => resource["service.instance.id"])).size, 2);
    await eventually(() => {
      const settled = worker.lines().find(({ msg }) => msg === "Queued delivery settled");
      return Promise.resolve(settled?.trace_id === traceOf(answer) || undefined);
    });
  });
}

describe("a delivery that is spooled", { skip: await withoutMongo() }, () => {
  test("is forwarded in its trace, by a process that came later", async () => {
    await using receiver = await anOtlpReceiver();
    await using folder = await aFolder();
    await using database = await aMongoDatabase();
    await using proxy = await aMongoProxy(database.uri);
    const env = { ...receiver.env, TW_STORE_URL: proxy.uri, TW_STORE_TIMEOUT_MS: "1500", TW_PORT: "0" };
    const first = await running(folder.path, env);
    await register(first, "edr", { plugin: "generic" });
    await proxy.refuse();
    const answer = await send(first, "edr", "spooled");
    assert.equal(answer.body.status, "queued");
    first.signal("SIGTERM");
    await first.exit;
    await proxy.heal();
    await using second = await running(folder.path, env);
    const spans = await spansOf(receiver.spans, traceOf(answer), 11);
    assert.deepEqual(untried(treeOf(spans)), [[root, [...intake, "forward"]]]);
    assertWhole(spans);
    assert.equal(spans.find(({ name }) => name === root)?.attributes["tw.outcome"], "spooled");
    const { incident_number } = await eventually(async () => {
      const { body } = await second.api("GET", `/api/queue/${answer.body.queue_id}`);
      return body.incident_number === undefined ? undefined : body;
    });
    const { body: incident } = await second.api("GET", `/api/incidents/${incident_number}`);
    assert.equal(incident.trace_id, traceOf(answer));
  });
});

test("workers under a supervisor trace, and lose nothing when they stop", async () => {
  await using receiver = await anOtlpReceiver();
  await using folder = await aFolder();
  const env = { ...receiver.env, OTEL_BSP_SCHEDULE_DELAY: "60000" };
  await using gateway = await running(folder.path, env, ["--workers", "2"]);
  await register(gateway, "edr", { plugin: "generic" });
  const answers = await Promise.all([1, 2, 3, 4].map((n) => send(gateway, "edr", `worker-${n}`)));
  assert.deepEqual(receiver.spans(), []);
  gateway.signal("SIGTERM");
  assert.deepEqual(await gateway.exit, { code: 0, signal: null });
  for (const answer of answers) {
    const spans = await spansOf(receiver.spans, traceOf(answer), 10);
    assert.deepEqual(treeOf(spans), [[root, intake]]);
  }
});

test("a request whose process died in a plugin is in its trace all the same, and so is each try that did", async () => {
  await using receiver = await anOtlpReceiver();
  await using folder = await aFolder();
  const plugin = resolve(import.meta.dirname, "../support/plugins/stalling.ts");
  await writeFile(join(folder.path, "plugins.json"), JSON.stringify([plugin]));
  const env = { ...receiver.env, TW_PLUGINS: join(folder.path, "plugins.json"), TW_STALL_TIMEOUT_MS: "2000" };
  await using gateway = await running(join(folder.path, "data"), env, ["--workers", "1"]);
  await register(gateway, "edr", { plugin: "stalling" });
  const body = '{"id":"fatal","ends":"exit"}';
  await fetch(`${gateway.url}/api/webhooks/edr`, {
    method: "POST",
    headers: signedHeaders(body) as [string, string][],
    body,
  }).catch(() => {});
  // A connection to the worker may die with it.
  const dead = await eventually(async () => {
    const listed = await gateway.api("GET", "/api/deliveries?outcome=dead").catch(() => undefined);
    return listed?.body.data?.[0];
  }, 60_000);
  const spans = await spansOf(receiver.spans, dead.trace_id, 7);
  const met = ["receive", "identify", "handshake", "authenticate", "check_freshness"];
  assert.deepEqual(treeOf(spans), [[`✘ ${root}`, [...met, "✘ work"]]]);
  assertWhole(spans);
  assert.equal(spans[0]?.attributes["error.type"], "plugin_stalled");
});

test("a process whose receiver hangs ends all the same, soon, and says what is lost", async () => {
  await using receiver = await anOtlpReceiver("hang");
  await using folder = await aFolder();
  await using gateway = await running(folder.path, receiver.env);
  await register(gateway, "edr", { plugin: "generic" });
  assert.equal((await send(gateway, "edr", "lost")).status, 202);
  await eventually(() => Promise.resolve(receiver.received().length > 0 || undefined));
  const said = await eventually(() => Promise.resolve(gateway.lines().find(({ msg }) => msg === "Traces are lost")));
  assert.match(said.reason, /\w/);
  await send(gateway, "edr", "lost too");
  const began = performance.now();
  gateway.signal("SIGTERM");
  assert.deepEqual(await gateway.exit, { code: 0, signal: null });
  assert.ok(performance.now() - began < 10_000);
});

test("without an exporter nothing of the SDK of OpenTelemetry is loaded, and answers name no trace", async () => {
  await using folder = await aFolder();
  const hook = join(folder.path, "no-telemetry.mjs");
  await writeFile(
    hook,
    `import { registerHooks } from "node:module";
     registerHooks({ resolve(name, context, next) {
       // prom-client brings the API, which does nothing by itself.
       if (name.includes("@opentelemetry/") && name !== "@opentelemetry/api") throw new Error("loaded " + name);
       return next(name, context);
     } });`,
  );
  await using gateway = await running(join(folder.path, "data"), {}, [], [process.execPath, "--import", hook]);
  await register(gateway, "edr", { plugin: "generic", secret: testSecret });
  const answer = await send(gateway, "edr", "untraced");
  assert.equal(answer.status, 202);
  assert.equal(answer.headers.get("traceresponse"), null);
  const { body } = await gateway.api("GET", `/api/incidents/${answer.body.incident_number}`);
  assert.equal(body.trace_id, null);
});

test("a variable of the standard that is wrong stops the start with one line", async () => {
  await using folder = await aFolder();
  await using serving = started(["serve"], folder.path, { TW_PORT: "0", OTEL_TRACES_EXPORTER: "jaeger" });
  assert.equal((await serving.exit).code, 1);
  assert.equal(serving.stderr(), "error: OTEL_TRACES_EXPORTER must be some of otlp, console, zipkin, none\n");
});
