import { connect, constants, type IncomingHttpHeaders } from "node:http2";
import { messageOf } from "../../errors.ts";
import { type Check, failure, ok, type Verdict } from "./check.ts";

const timeoutMs = 4_000;
const preset = { http: "http://localhost:4318", grpc: "http://localhost:4317" } as const;
/** An export of nothing is an empty message of protobuf; in gRPC behind a flag and a length. */
const nothing = {
  "http/protobuf": new Uint8Array(),
  "http/json": Buffer.from('{"resourceSpans":[]}'),
  grpc: Buffer.alloc(5),
};
type Protocol = keyof typeof nothing;

/** Whether traces get where the standard `OTEL_*` variables say, shown by an export of nothing. */
export const exporter: Check = {
  name: "exporter",
  async run({ env }) {
    const target = targetOf(env);
    if (target === undefined) return ok("none is set, so tracing is off (OTEL_EXPORTER_OTLP_ENDPOINT turns it on)");
    if (typeof target === "string") return failure(target);
    const remedy = "start the collector, or mend OTEL_EXPORTER_OTLP_ENDPOINT";
    try {
      const refused = await (target.protocol === "grpc" ? exportByGrpc(target) : exportByHttp(target));
      if (refused === undefined) return ok(`${target.url} accepts traces by ${target.protocol}`);
      return failure(`${target.url} refuses an export by ${target.protocol}: ${refused}; ${remedy}`);
    } catch (error) {
      return unreachable(target, error, remedy);
    }
  },
};

interface Target {
  readonly url: string;
  readonly protocol: Protocol;
  readonly headers: Readonly<Record<string, string>>;
}

function unreachable({ url }: Target, error: unknown, remedy: string): Verdict {
  const cause = error instanceof Error && error.cause !== undefined ? error.cause : error;
  const why = cause instanceof AggregateError ? cause.errors.map(messageOf).join(", ") : messageOf(cause);
  return failure(`${url} does not answer: ${why}; ${remedy}`);
}

/** https://opentelemetry.io/docs/specs/otel/protocol/exporter/ `undefined` where nothing is exported; a text says what is wrong. */
function targetOf(env: NodeJS.ProcessEnv): Target | string | undefined {
  const { OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: ofTraces, OTEL_EXPORTER_OTLP_ENDPOINT: ofAll } = env;
  const named = (env.OTEL_TRACES_EXPORTER ?? "").split(",").map((each) => each.trim());
  const isAsked = named.join("") === "" ? Boolean(ofTraces || ofAll) : named.includes("otlp");
  if (!isAsked || env.OTEL_SDK_DISABLED?.trim().toLowerCase() === "true" || named.includes("none")) return undefined;
  const protocol = env.OTEL_EXPORTER_OTLP_TRACES_PROTOCOL || env.OTEL_EXPORTER_OTLP_PROTOCOL || "http/protobuf";
  if (!isProtocol(protocol)) {
    return `OTEL_EXPORTER_OTLP_PROTOCOL: "${protocol}" must be one of ${Object.keys(nothing).join(", ")}`;
  }
  const base = ofAll || (protocol === "grpc" ? preset.grpc : preset.http);
  const url = ofTraces || (protocol === "grpc" ? base : `${base.replace(/\/+$/, "")}/v1/traces`);
  if (!/^https?:$/.test(URL.parse(url)?.protocol ?? "")) {
    return `OTEL_EXPORTER_OTLP_ENDPOINT: "${url}" is not an address; write it like ${preset.http}`;
  }
  return { url, protocol, headers: headersOf(env.OTEL_EXPORTER_OTLP_TRACES_HEADERS || env.OTEL_EXPORTER_OTLP_HEADERS) };
}

function isProtocol(text: string): text is Protocol {
  return Object.hasOwn(nothing, text);
}

/** `name=value,name=value`, percent-encoded. */
function headersOf(text = ""): Readonly<Record<string, string>> {
  const pairs = text.split(",").filter((pair) => pair.includes("="));
  return Object.fromEntries(
    pairs.map((pair) => {
      const [name = "", ...value] = pair.split("=");
      return [name.trim().toLowerCase(), decodeURIComponent(value.join("=").trim())];
    }),
  );
}

/** @returns why it was refused; `undefined` where it was not */
async function exportByHttp({ url, protocol, headers }: Target): Promise<string | undefined> {
  const type = protocol === "http/json" ? "application/json" : "application/x-protobuf";
  const response = await fetch(url, {
    method: "POST",
    headers: { ...headers, "content-type": type },
    body: nothing[protocol],
    signal: AbortSignal.timeout(timeoutMs),
  });
  await response.body?.cancel();
  return response.ok ? undefined : `status ${response.status}`;
}

function exportByGrpc({ url, headers }: Target): Promise<string | undefined> {
  const session = connect(new URL(url).origin);
  const { promise, resolve, reject } = Promise.withResolvers<string | undefined>();
  session.on("error", reject);
  const stream = session.request({
    ...headers,
    [constants.HTTP2_HEADER_METHOD]: "POST",
    [constants.HTTP2_HEADER_PATH]: "/opentelemetry.proto.collector.trace.v1.TraceService/Export",
    [constants.HTTP2_HEADER_CONTENT_TYPE]: "application/grpc",
    [constants.HTTP2_HEADER_TE]: "trailers",
  });
  const judge = (fields: IncomingHttpHeaders): void => {
    const [status] = [fields["grpc-status"]].flat();
    if (status !== undefined) resolve(status === "0" ? undefined : `gRPC status ${status}`);
  };
  stream.on("response", judge).on("trailers", judge).on("error", reject);
  stream.on("end", () => resolve("it does not speak gRPC"));
  stream.setTimeout(timeoutMs, () => reject(new Error(`no answer within ${timeoutMs / 1_000} s`)));
  stream.resume();
  stream.end(nothing.grpc);
  return promise.finally(() => session.destroy());
}
