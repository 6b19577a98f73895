/** Takes traces over OTLP/HTTP in JSON, as a collector does: https://opentelemetry.io/docs/specs/otlp/#otlphttp */
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { aGateway, type TestGateway } from "./gateway.ts";

export interface ReceivedSpan {
  readonly name: string;
  readonly traceId: string;
  readonly spanId: string;
  /** The id of the span that it is a part of. */
  readonly parent: string | undefined;
  readonly kind: string;
  /** Milliseconds since 1970. */
  readonly startedAt: number;
  readonly endedAt: number;
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly links: readonly { readonly traceId: string; readonly spanId: string }[];
  readonly failed: boolean;
  readonly resource: Readonly<Record<string, unknown>>;
}

export interface OtlpReceiver extends AsyncDisposable {
  /** For whoever exports to it. */
  readonly env: Readonly<Record<string, string>>;
  /** What has come so far, in the order of its making. */
  readonly spans: () => readonly ReceivedSpan[];
  /** Every request's body, as it came. */
  readonly received: () => readonly string[];
}

const kinds = ["", "internal", "server", "client", "producer", "consumer"];

/** @param does what it does with requests; one that hangs answers none */
export async function anOtlpReceiver(does: "take" | "refuse" | "hang" = "take"): Promise<OtlpReceiver> {
  const received: string[] = [];
  const take = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    received.push(await text(request));
    if (does === "hang") return;
    response.writeHead(does === "take" ? 200 : 400, { "content-type": "application/json" }).end("{}");
  };
  const server = createServer((request, response) => void take(request, response)).listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    env: {
      OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${port}`,
      OTEL_EXPORTER_OTLP_PROTOCOL: "http/json",
      OTEL_BSP_SCHEDULE_DELAY: "20",
    },
    spans: () => received.flatMap(spansIn),
    received: () => received,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

/** A gateway that exports to it: the SDK reads the environment of the process, and only while it starts. */
export async function aTracedGateway(
  receiver: Pick<OtlpReceiver, "env">,
  env: Readonly<Record<string, string>> = {},
): Promise<TestGateway> {
  const all = { ...receiver.env, ...env };
  const exported = Object.entries(all).filter(([name]) => name.startsWith("OTEL_"));
  for (const [name, value] of exported) process.env[name] = value;
  try {
    return await aGateway(all);
  } finally {
    for (const [name] of exported) delete process.env[name];
  }
}

type Json = ReturnType<typeof JSON.parse>;

function spansIn(body: string): readonly ReceivedSpan[] {
  return JSON.parse(body).resourceSpans.flatMap(({ resource, scopeSpans }: Json) =>
    scopeSpans.flatMap(({ spans }: Json) => spans.map((span: Json) => spanOf(span, recordOf(resource.attributes)))),
  );
}

function spanOf(span: Json, resource: ReceivedSpan["resource"]): ReceivedSpan {
  return {
    name: span.name,
    traceId: span.traceId,
    spanId: span.spanId,
    parent: span.parentSpanId || undefined,
    kind: kinds[span.kind] ?? "",
    startedAt: Number(span.startTimeUnixNano) / 1e6,
    endedAt: Number(span.endTimeUnixNano) / 1e6,
    attributes: recordOf(span.attributes),
    links: (span.links ?? []).map(({ traceId, spanId }: Json) => ({ traceId, spanId })),
    failed: span.status?.code === 2,
    resource,
  };
}

function recordOf(attributes: readonly Json[]): Readonly<Record<string, unknown>> {
  return Object.fromEntries(attributes.map(({ key, value }) => [key, readValue(value)]));
}

function readValue(value: Json): unknown {
  if (value.arrayValue !== undefined) return value.arrayValue.values.map(readValue);
  const [only] = Object.values(value);
  return value.intValue === undefined ? only : Number(only);
}
