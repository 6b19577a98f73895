/** Deliveries that nobody wants, by their kind: each is made of an event, and known by the answer that it must get. */
import { type Agent, request } from "node:http";
import { connect } from "node:net";
import { seconds, signedHeaders } from "./signed.ts";
import { chunk, contentLength, type HeaderList, requestBytes } from "./wire.ts";

/** The status of the answer, or what became of the connection. */
export type Outcome = number | "closed";

export interface HostileKind {
  readonly send: (event: string) => Promise<Outcome>;
  readonly outcome: Outcome;
}

/**
 * @param event in what is sent: the JSON of a good event in the generic format, with an `event_type` and `data`
 * @param agent keeps connections, for the kinds that do not end theirs
 */
export function hostileKinds(url: string, path: string, agent: Agent): Readonly<Record<string, HostileKind>> {
  const { hostname, port } = new URL(url);

  function post(headers: HeaderList, body: string | Uint8Array, to = path): Promise<Outcome> {
    return new Promise((resolve, reject) => {
      const all = [["Host", "gateway"], ...headers, contentLength(body.length)].flat();
      const sending = request({ hostname, port, path: to, method: "POST", headers: all, agent }, (response) => {
        response.resume().on("end", () => resolve(response.statusCode ?? 0));
      });
      sending.on("error", reject);
      sending.end(body);
    });
  }

  /** Over a connection of its own, that ends with the answer; or, to `leave`, as soon as all is sent. */
  function raw(bytes: readonly Uint8Array[], { leave = false } = {}): Promise<Outcome> {
    return new Promise((resolve) => {
      const socket = connect(Number(port), hostname);
      let outcome: Outcome = "closed";
      socket.on("error", () => {});
      socket.on("data", (data) => {
        outcome = Number(/^HTTP\/1.1 (\d{3})/.exec(data.toString("latin1"))?.[1] ?? outcome);
        socket.destroy();
      });
      socket.on("close", () => resolve(outcome));
      socket.write(Buffer.concat(bytes), () => leave && socket.destroy());
    });
  }

  const head = (event: string, ...more: HeaderList): Buffer =>
    requestBytes({ path, headers: [...signedHeaders(event), ...more] });
  const half = (event: string): readonly Buffer[] => [head(event, contentLength(event.length)), Buffer.from("{")];
  const signed = (bend: (event: string) => string | Uint8Array): HostileKind["send"] => {
    return (event) => {
      const body = bend(event);
      return post(signedHeaders(body), body);
    };
  };

  return {
    "wrong signatures": { send: (event) => post(signedHeaders(`${event} `), event), outcome: 401 },
    "no signatures": { send: (event) => post([], event), outcome: 401 },
    "repeated signatures": {
      send: (event) => post([...signedHeaders(event), ...signedHeaders(event)], event),
      outcome: 401,
    },
    "stale timestamps": { send: (event) => post(signedHeaders(event, seconds(-301)), event), outcome: 401 },
    "future timestamps": { send: (event) => post(signedHeaders(event, seconds(360)), event), outcome: 401 },
    "unknown sources": { send: (event) => post(signedHeaders(event), event, `${path}-${seconds()}`), outcome: 404 },
    "texts that are no JSON": { send: signed((event) => `${event},`), outcome: 400 },
    "wrong schemas": { send: signed((event) => event.replace("event_type", "kind")), outcome: 422 },
    "__proto__ keys": { send: signed((event) => event.replace("data", "__proto__")), outcome: 400 },
    "10,000 brackets": { send: signed((event) => `{"a":${"[".repeat(10_000)}${event}`), outcome: 400 },
    "invalid UTF-8": { send: signed((event) => Buffer.from(`${event}\xff`, "latin1")), outcome: 400 },
    "wrong content types": {
      send: (event) => post([["Content-Type", "text/plain"], ...signedHeaders(event).slice(1)], event),
      outcome: 415,
    },
    "2 MB with a length": { send: (event) => raw([head(event, contentLength(2_000_000)), first64k]), outcome: 413 },
    "2 MB in chunks": { send: (event) => raw([head(event, ["Transfer-Encoding", "chunked"]), bigChunk]), outcome: 413 },
    "lines that are no HTTP": { send: (event) => raw([Buffer.from(`${event}\r\n\r\n`)]), outcome: 400 },
    "clients that go away": { send: (event) => raw(half(event), { leave: true }), outcome: "closed" },
    "slow senders": { send: (event) => raw(half(event)), outcome: 408 },
  };
}

const first64k = Buffer.alloc(65_536, 0x20);
/** As far as the gateway has to read before it can say no. */
const bigChunk = chunk(Buffer.alloc(1_048_577, 0x20));
