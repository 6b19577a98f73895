/** Requests as no client library sends them: headers that repeat, lengths that lie, bytes that are no HTTP. */
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import type { Answered } from "./gateway.ts";

export type HeaderList = readonly (readonly [name: string, value: string])[];

export interface Request {
  readonly method?: string;
  readonly path: string;
  readonly headers?: HeaderList;
  readonly body?: string | Uint8Array;
}

/** A request byte for byte; it says its own length where `headers` says nothing about it. */
export function requestBytes({ method = "POST", path, headers = [], body = "" }: Request): Buffer {
  const bytes = Buffer.from(body);
  const framed = headers.some(([name]) => /^(content-length|transfer-encoding)$/i.test(name));
  const all: HeaderList = [["Host", "gateway"], ...headers, ...(framed ? [] : [contentLength(bytes.length)])];
  const lines = [`${method} ${path} HTTP/1.1`, ...all.map(([name, value]) => `${name}: ${value}`)];
  return Buffer.concat([Buffer.from(`${lines.join("\r\n")}\r\n\r\n`, "latin1"), bytes]);
}

export function contentLength(bytes: number): HeaderList[number] {
  return ["Content-Length", String(bytes)];
}

/** One chunk of a chunked body; an empty one ends it. */
export function chunk(body: string | Uint8Array): Buffer {
  const bytes = Buffer.from(body);
  return Buffer.concat([Buffer.from(`${bytes.length.toString(16)}\r\n`), bytes, Buffer.from("\r\n")]);
}

/** A connection on which the test decides about every byte. */
export interface Wire extends Disposable {
  readonly socket: Socket;
  send(bytes: string | Uint8Array): void;
  /** The next answer, be it an interim one: `100 Continue`. */
  next(): Promise<Answered>;
  /** The next final answer. */
  answer(): Promise<Answered>;
}

export async function dial(url: string): Promise<Wire> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  await once(socket, "connect");
  const arriving = socket[Symbol.asyncIterator]();
  let rest: Buffer = Buffer.alloc(0);

  async function next(): Promise<Answered> {
    for (;;) {
      const found = firstAnswer(rest);
      if (found !== undefined) {
        rest = rest.subarray(found.length);
        return found.answer;
      }
      const { value, done } = await arriving.next();
      if (done === true) throw new Error(`The connection ended after ${rest.length} bytes of an answer`);
      rest = Buffer.concat([rest, value]);
    }
  }

  async function answer(): Promise<Answered> {
    const found = await next();
    return found.status < 200 ? answer() : found;
  }

  return {
    socket,
    send: (bytes) => void socket.write(bytes),
    next,
    answer,
    [Symbol.dispose]: () => socket.destroy(),
  };
}

/** Sends bytes on a connection of their own and reads the answer. */
export async function exchange(url: string, ...bytes: readonly (string | Uint8Array)[]): Promise<Answered> {
  using wire = await dial(url);
  for (const each of bytes) wire.send(each);
  return await wire.answer();
}

function firstAnswer(bytes: Buffer): { readonly answer: Answered; readonly length: number } | undefined {
  const headEnds = bytes.indexOf("\r\n\r\n");
  if (headEnds === -1) return undefined;
  const [statusLine = "", ...lines] = bytes.subarray(0, headEnds).toString("latin1").split("\r\n");
  const headers = new Headers(
    lines.map((line) => [line.slice(0, line.indexOf(":")), line.slice(line.indexOf(":") + 1)]),
  );
  const length = headEnds + 4 + Number(headers.get("content-length") ?? 0);
  if (bytes.length < length) return undefined;
  const text = bytes.subarray(headEnds + 4, length).toString("utf8");
  const status = Number(statusLine.split(" ")[1]);
  return { answer: { status, headers, body: text === "" ? undefined : JSON.parse(text) }, length };
}
