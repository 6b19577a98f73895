import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { after, before, describe, test } from "node:test";
import { type Ran, run } from "../../support/cli.ts";
import { aGateway, type TestGateway, testSecret } from "../../support/gateway.ts";
import { anOtlpReceiver, aTracedGateway, type OtlpReceiver } from "../../support/otlp-receiver.ts";

/** What Jaeger has, by the id of the trace; a delivery is looked for by its tag. */
const traces = new Map<string, object>();
const byDelivery = new Map<string, string>();

/** Stands for Jaeger's query API, of which the acceptance test uses a real one. */
const jaeger = createServer((request, response) => {
  const url = new URL(request.url ?? "", "http://localhost");
  const { "tw.delivery.id": delivery = "" } = JSON.parse(url.searchParams.get("tags") ?? "{}");
  const id = byDelivery.get(delivery) ?? url.pathname.split("/")[3] ?? "";
  const trace = traces.get(id);
  const isSearch = url.searchParams.has("tags");
  response.writeHead(trace === undefined && !isSearch ? 404 : 200, { "content-type": "application/json" });
  const errors = trace === undefined && !isSearch ? [{ code: 404, msg: "trace not found" }] : null;
  response.end(JSON.stringify({ data: trace === undefined ? (isSearch ? [] : null) : [trace], errors }));
});

function aTrace(traceID: string): object {
  const span = (
    spanID: string,
    operationName: string,
    startTime: number,
    duration: number,
    more: object = {},
  ): object => ({
    ...{ traceID, spanID, operationName, startTime, duration, tags: [], processID: "p1", ...more },
  });
  const within = (spanID: string): object => ({ references: [{ refType: "CHILD_OF", traceID, spanID }] });
  const failed = [
    { key: "error", type: "bool", value: true },
    { key: "error.type", type: "string", value: "invalid_payload" },
  ];
  const begin = Date.parse("2026-01-15T12:00:00Z") * 1_000;
  return {
    traceID,
    spans: [
      span("4", "map", begin + 500_000_500, 250, { ...within("3"), tags: failed }),
      span("1", "POST /api/webhooks/:source", begin, 4_000),
      span("3", "work", begin + 500_000_000, 1_000, within("1")),
      span("2", "commit", begin + 1_000, 2_000, within("1")),
    ],
    processes: { p1: { serviceName: "thruway" } },
  };
}

let receiver: OtlpReceiver;
let traced: TestGateway;
let env: Readonly<Record<string, string>>;

before(async () => {
  jaeger.listen(0, "127.0.0.1");
  await once(jaeger, "listening");
  receiver = await anOtlpReceiver();
  traced = await aTracedGateway(receiver, { OTEL_TRACES_SAMPLER: "parentbased_always_off", TW_TRACE_PARENT: "parent" });
  await traced.api("POST", "/api/webhooks", { source: "edr", plugin: "generic", secret: testSecret });
  const { port } = jaeger.address() as AddressInfo;
  env = {
    TW_API_URL: traced.url,
    TW_DATA_DIR: traced.dataDir,
    TW_JAEGER_URL: `http://127.0.0.1:${port}/`,
    NO_COLOR: "1",
  };
});
after(async () => {
  jaeger.closeAllConnections();
  jaeger.close();
  await traced[Symbol.asyncDispose]();
  await receiver[Symbol.asyncDispose]();
});

const kept = "0af7651916cd43dd8448eb211c80319c";
const cli = (line: string, more: Readonly<Record<string, string>> = {}): Promise<Ran> =>
  run(line.split(" "), { env: { ...env, ...more } });

async function send(id: string, traceparent?: string): Promise<ReturnType<typeof JSON.parse>> {
  const body = JSON.stringify({ event_type: "alert", data: { alert_id: id } });
  const headers = traceparent === undefined ? {} : { traceparent };
  return (await traced.send("edr", body, { headers })).body;
}

const drawn = `trace ${kept}, 2026-01-15 12:00:00 UTC, 8 min 20 s, 4 spans

POST /api/webhooks/:source    +0.000 ms  4.000 ms  ████████████████████████████████████████
  commit                      +1.000 ms  2.000 ms            ████████████████████
                            8 min 20 s after the beginning
  work                      +8 min 20 s  1.000 ms  ████████████████████████████████████████
    map                     +8 min 20 s  0.250 ms                      ██████████            ✘ invalid_payload
`;

describe("tw-cli trace", () => {
  test("draws the trace that an incident was made in, with what went on later on a scale of its own", async () => {
    traces.set(kept, aTrace(kept));
    const { incident_number: number } = await send("drawn", `00-${kept}-b7ad6b7169203331-01`);
    const ran = await cli(`trace ${number}`);
    assert.deepEqual(ran, { code: 0, stdout: drawn, stderr: "" });
    const { stdout } = await cli(`incident show ${number}`);
    assert.match(stdout, new RegExp(`^trace +${kept}$`, "m"));
  });

  test("draws a trace by its id, and asks no gateway for it", async () => {
    traces.set(kept, aTrace(kept));
    const ran = await cli(`trace ${kept}`, { TW_API_URL: "http://127.0.0.1:1" });
    assert.deepEqual(ran, { code: 0, stdout: drawn, stderr: "" });
  });

  test("prints JSON, with what each span is a part of and where it failed", async () => {
    traces.set(kept, aTrace(kept));
    const { stdout } = await cli(`trace ${kept} --json`);
    const shown = JSON.parse(stdout);
    assert.deepEqual([shown.trace_id, shown.duration_us, shown.spans.length], [kept, 500_001_000, 4]);
    const { attributes: _, ...map } = shown.spans[3];
    assert.deepEqual(map, {
      ...{ span_id: "4", parent_span_id: "3", name: "map", service: "thruway" },
      ...{ started_at: "2026-01-15T12:08:20.000Z", start_us: 500_000_500, duration_us: 250, error: "invalid_payload" },
    });
  });

  test("finds a trace that was kept after all by the delivery's id", async () => {
    const { incident_number: number } = await send("found");
    const { body } = await traced.api("GET", `/api/incidents/${number}`);
    assert.equal(body.trace_id, null);
    const [delivery] = body.deliveries;
    traces.set("b".repeat(32), aTrace("b".repeat(32)));
    byDelivery.set(delivery, "b".repeat(32));
    for (const id of [number, delivery]) {
      assert.match((await cli(`trace ${id}`)).stdout, new RegExp(`^trace ${"b".repeat(32)}, `));
    }
  });

  test("says what is not there, and where it looked", async () => {
    const { incident_number: number } = await send("lost");
    for (const [id, message] of [
      [number, /^error: Jaeger at http:\/\/127\.0\.0\.1:\d+ has no trace of INC-.* not kept, has not arrived yet/],
      ["f".repeat(32), /^error: Jaeger at http:\S+ has no trace f+$/m],
      ["INC-2026-9999", /^error: There is no incident and no delivery 'INC-2026-9999'$/m],
    ] as const) {
      const { code, stderr } = await cli(`trace ${id}`);
      assert.equal(code, 1);
      assert.match(stderr, message);
    }
  });

  test("says that Jaeger is not there, or is something else", async () => {
    await using other = await aGateway();
    for (const [url, message] of [
      ["http://127.0.0.1:1", /^error: Cannot reach Jaeger at http:\/\/127\.0\.0\.1:1: .*TW_JAEGER_URL/],
      [other.url, /^error: What answers at \S+ is no query API of Jaeger; set TW_JAEGER_URL/],
      ["localhost:16686", /^error: TW_JAEGER_URL: "localhost:16686" is not an address/],
    ] as const) {
      const { code, stderr } = await cli(`trace ${kept}`, { TW_JAEGER_URL: url });
      assert.equal(code, 1);
      assert.match(stderr, message);
    }
  });
});
