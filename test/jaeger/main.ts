/**
 * Traces as a real Jaeger has them: events of all plugins, good, rejected, refused, queued and spooled, over gateways and
 * workers; then each delivery's trace is read back and held to what `docs/operations.md` says. `npm run test:jaeger`; Jaeger is
 * what `JAEGER_BIN` names, or is on PATH, or is built by Go.
 */
import assert from "node:assert/strict";
import { connect } from "../../core/cli/client.ts";
import { sendSamples } from "../../core/cli/demo/send-samples.ts";
import { renderTable } from "../../core/cli/output.ts";
import { inTime } from "../../core/cli/trace/waterfall.ts";
import { stages } from "../../core/ingest/journey.ts";
import { eventually } from "../support/eventually.ts";
import { aFolder, register, running, type ServingGateway, started } from "../support/gateway-process.ts";
import { aMongoDatabase } from "../support/mongo/database.ts";
import { aMongoProxy } from "../support/mongo/proxy.ts";
import { mongoServer } from "../support/mongo/server.ts";
import { signedHeaders } from "../support/signed.ts";
import { anEvent } from "../support/signed-events.ts";
import { assertWhole, root, type SpanShape, type Tree, treeOf, untried } from "../support/traces.ts";
import { findJaeger, type RunningJaeger, startJaeger } from "./jaeger.ts";

type Json = ReturnType<typeof JSON.parse>;

async function prove(jaeger: RunningJaeger): Promise<void> {
  const began = Date.now();
  const env = { OTEL_EXPORTER_OTLP_ENDPOINT: jaeger.otlpUrl, TW_TRACE_URL: `${jaeger.url}/trace/{trace_id}` };
  await using folder = await aFolder();
  const deliveries = await embedded(folder.path, env, jaeger);
  await using other = await aFolder();
  const spooled = await withMongo(other.path, env);

  const all = [...deliveries, ...spooled];
  const outcomes = new Set(deliveries.map(({ delivery }) => delivery.outcome));
  for (const outcome of ["accepted", "ignored", "rejected", "refused"]) assert.ok(outcomes.has(outcome), outcome);
  const traces = await eventually(async () => {
    const read = await tracesOf(jaeger, began);
    const whole = all.every(({ delivery, tree }) => sizeOf(tree) <= (read.get(delivery.trace_id)?.length ?? 0));
    return whole ? read : undefined;
  }).catch(() => tracesOf(jaeger, began));

  for (const { delivery, tree } of all) {
    const spans = traces.get(delivery.trace_id) ?? [];
    const seen = delivery.outcome === "spooled" ? untried(treeOf(spans)) : treeOf(spans);
    assert.deepEqual(seen, tree, `${delivery.source} ${delivery.outcome} ${delivery.id}`);
    assertWhole(spans);
    assert.equal(spans.find(({ parent }) => parent === undefined)?.attributes["tw.delivery.id"], delivery.id);
  }
  const shared = [...traces.values()].filter(([span]) => span?.name === "group commit");
  assert.equal(traces.size - shared.length, all.length, "there are traces that are no delivery's");
  for (const [span, ...rest] of shared) {
    assert.deepEqual(rest, []);
    assert.ok(span && span.links.length > 0 && span.links.every((traceId) => traces.has(traceId)));
  }

  console.log(
    await renderTable(
      columns,
      all.map(({ delivery }) => rowOf(delivery, traces.get(delivery.trace_id) ?? [])),
      wide,
    ),
  );
  const spans = [...traces.values()].reduce((sum, { length }) => sum + length, 0);
  console.log(
    `\n${all.length} deliveries, as many traces, and ${shared.length} of shared commits: ${spans} spans, none missing, no orphan`,
  );
}

/** A delivery as the API shows it, and the trace that it must have. */
interface Expected {
  readonly delivery: Json;
  readonly tree: Tree;
}

const nonsense = '{"event_type":5}';
const unsigned = { "content-type": "application/json" };

/** Samples of every plugin and preset, what is refused and rejected, tests, and what another process settles. */
async function embedded(
  dataDir: string,
  env: Readonly<Record<string, string>>,
  jaeger: RunningJaeger,
): Promise<readonly Expected[]> {
  await using gateway = await running(dataDir, env, ["--no-work"]);
  const api = connect({ TW_API_URL: gateway.url, TW_API_KEY: gateway.token });
  const sent = await sendSamples(api, {}, () => new Date());
  assert.ok(sent.length > 50);
  const { body: sources } = await gateway.api("GET", "/api/webhooks");
  for (const { source } of sources.data) await post(gateway, source, "{}", unsigned);
  await post(gateway, "nobody", "{}", unsigned);
  await register(gateway, "mail", { plugin: "generic" });
  await register(gateway, "patient", { plugin: "generic", processing: "queued" });
  await send(gateway, "mail", "once");
  await send(gateway, "mail", "once");
  await post(gateway, "mail", nonsense, Object.fromEntries(signedHeaders(nonsense)));
  await gateway.api("POST", "/api/webhooks/mail/test");
  await Promise.all(Array.from({ length: 20 }, (_, index) => send(gateway, "mail", `together-${index}`)));
  for (const id of ["one", "two", "three"]) await send(gateway, "patient", id);
  await using worker = started(["work"], dataDir, env);
  const deliveries = await eventually(async () => {
    const listed = await allDeliveries(gateway);
    const isDone = !listed.some(({ outcome }) => outcome === "queued");
    // What is refused is listed within a second.
    return isDone && listed.filter(({ outcome }) => outcome === "refused").length > sources.data.length
      ? listed
      : undefined;
  });
  worker.signal("SIGTERM");
  await worker.exit;
  gateway.signal("SIGTERM");
  await gateway.exit;
  await draw(deliveries, dataDir, jaeger);
  return deliveries.map((delivery) => ({ delivery, tree: treeFor(delivery) }));
}

/** Events while the database is away, forwarded when it is back. */
async function withMongo(dataDir: string, env: Readonly<Record<string, string>>): Promise<readonly Expected[]> {
  const server = await mongoServer();
  if (!("uri" in server)) {
    console.error(`Nothing is spooled: ${server.reason}`);
    return [];
  }
  await using database = await aMongoDatabase();
  await using proxy = await aMongoProxy(database.uri);
  await using gateway = await running(dataDir, { ...env, TW_STORE_URL: proxy.uri, TW_STORE_TIMEOUT_MS: "1500" });
  await register(gateway, "edr", { plugin: "generic" });
  await proxy.refuse();
  for (const id of ["one", "two", "three"]) await send(gateway, "edr", `spooled-${id}`);
  await proxy.heal();
  const deliveries = await eventually(async () => {
    const { status, body } = await gateway.api("GET", "/api/deliveries?outcome=accepted");
    return status === 200 && body.data.length === 3 ? (body.data as readonly Json[]) : undefined;
  });
  gateway.signal("SIGTERM");
  await gateway.exit;
  return deliveries.map((delivery) => {
    const [[name, parts]] = treeFor(delivery) as [[string, Tree]];
    return { delivery: { ...delivery, outcome: "spooled" }, tree: [[name, [...parts, "forward"]]] };
  });
}

/** As the pages say: every stage that it met, and what a worker did with it later. */
function treeFor({ source, outcome, stages: met }: Json): Tree {
  const names: readonly string[] = met.map(({ stage, ok }: Json) => (ok ? stage : `✘ ${stage}`));
  if (outcome === "refused") return [[`✘ ${root}`, names]];
  const isPart = (name: string): boolean => ["parse", "validate", "map"].includes(name.replace("✘ ", ""));
  if (source === "patient") {
    return [
      [root, [...names.filter((name) => !isPart(name)), "commit", ["work", [...names.filter(isPart), "commit"]]]],
    ];
  }
  return [[outcome === "rejected" ? `✘ ${root}` : root, [...names, "commit"]]];
}

function sizeOf(tree: Tree): number {
  return tree.reduce((sum, each) => sum + (typeof each === "string" ? 1 : 1 + sizeOf(each[1])), 0);
}

async function post(
  gateway: ServingGateway,
  source: string,
  body: string,
  headers: Readonly<Record<string, string>>,
): Promise<void> {
  const response = await fetch(`${gateway.url}/api/webhooks/${source}`, { method: "POST", headers, body });
  await response.body?.cancel();
}

function send(gateway: ServingGateway, source: string, id: string): Promise<void> {
  const { headers, body } = anEvent(source, id);
  return post(gateway, source, body, headers);
}

async function allDeliveries(gateway: ServingGateway): Promise<readonly Json[]> {
  const deliveries: Json[] = [];
  for (let cursor: string | null = ""; cursor !== null; ) {
    const { body } = await gateway.api("GET", `/api/deliveries?limit=200${cursor && `&cursor=${cursor}`}`);
    deliveries.push(...body.data);
    cursor = body.meta.next_cursor;
  }
  return deliveries;
}

/** What `tw-cli trace` makes of one that two processes had a part in. */
async function draw(deliveries: readonly Json[], dataDir: string, jaeger: RunningJaeger): Promise<void> {
  const { trace_id: traceId } = deliveries.find(({ source }) => source === "patient");
  const drawn = await eventually(async () => {
    await using cli = started(["trace", traceId], dataDir, { TW_JAEGER_URL: jaeger.url });
    const { code } = await cli.exit;
    return code === 0 && cli.stdout().includes("work") ? cli.stdout() : undefined;
  });
  console.log(`\n${drawn}`);
}

interface JaegerSpan extends SpanShape {
  /** Traces that it is linked to. */
  readonly links: readonly string[];
}

/** Every trace of the run, by id. */
async function tracesOf({ url }: RunningJaeger, since: number): Promise<ReadonlyMap<string, readonly JaegerSpan[]>> {
  const range = { start: String((since - 60_000) * 1_000), end: String((Date.now() + 60_000) * 1_000) };
  const query = new URLSearchParams({ service: "thruway", limit: "1500", ...range });
  const response = await fetch(`${url}/api/traces?${query.toString()}`);
  const { data } = (await response.json()) as Json;
  return new Map(data.map((trace: Json) => [trace.traceID, trace.spans.map(spanOf).toSorted(inOrder)]));
}

function spanOf({ traceID, spanID, operationName, references = [], startTime, duration, tags }: Json): JaegerSpan {
  const attributes = Object.fromEntries(tags.map(({ key, value }: Json) => [key, value]));
  const of = (type: string): readonly Json[] => references.filter(({ refType }: Json) => refType === type);
  return {
    ...{ name: operationName, traceId: traceID, spanId: spanID, parent: of("CHILD_OF")[0]?.spanID, attributes },
    ...{ startedAt: startTime / 1_000, endedAt: (startTime + duration) / 1_000, failed: attributes.error === true },
    links: of("FOLLOWS_FROM").map(({ traceID }) => traceID),
  };
}

/** Jaeger has microseconds, in which two stages may begin at once. */
function inOrder(one: SpanShape, other: SpanShape): number {
  const place = ({ name }: SpanShape): number => stages.indexOf(name as (typeof stages)[number]);
  return one.startedAt - other.startedAt || place(one) - place(other);
}

const wide = { width: undefined, paint: (_: unknown, text: string): string => text };

interface Row {
  readonly cells: readonly string[];
}

const columns = ["TRACE", "SOURCE", "OUTCOME", "CODE", "SPANS", "TOOK"].map((head, index) => ({
  head,
  value: ({ cells }: Row) => cells[index] ?? "",
}));

function rowOf({ trace_id, source, outcome, code }: Json, spans: readonly JaegerSpan[]): Row {
  const start = Math.min(...spans.map(({ startedAt }) => startedAt));
  const end = Math.max(...spans.map(({ endedAt }) => endedAt));
  return { cells: [trace_id, source, outcome, code ?? "", String(spans.length), inTime((end - start) * 1_000)] };
}

const found = await findJaeger(process.env);
if ("reason" in found) {
  console.error(`\n*** NOT RUN: there is no Jaeger to prove the traces on: ${found.reason} ***\n`);
} else {
  console.log(`Jaeger: ${found.name}`);
  await using jaeger = await startJaeger(found.program);
  await prove(jaeger);
}
