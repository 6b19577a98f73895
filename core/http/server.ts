import { createServer, type RequestListener, STATUS_CODES } from "node:http";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { Refusal } from "../errors.ts";
import { listen } from "../listen.ts";
import type { Connections } from "../supervise/host.ts";
import { envelope } from "./middleware/answer-errors.ts";

export interface ServerOptions {
  readonly host: string;
  readonly port: number;
  /** For the headers, and again for the body. */
  readonly receiveTimeoutMs: number;
}

export interface RunningServer {
  /** `http://127.0.0.1:8080` */
  readonly url: string;
  /** Takes no new connections, answers what is in flight, and cuts off after `withinMs`. */
  close(withinMs: number): Promise<void>;
}

/**
 * Serves HTTP.
 *
 * @param given where connections come from, if not from the port that `options` name
 * @throws {UserError} where the address is taken or not ours
 */
export async function serve(
  handle: RequestListener,
  options: ServerOptions,
  given?: Connections,
): Promise<RunningServer> {
  const { receiveTimeoutMs } = options;
  const server = createServer({
    headersTimeout: receiveTimeoutMs,
    // What the body's own timeout has refused is swallowed this much longer, so that the sender can read why.
    requestTimeout: receiveTimeoutMs * 2,
    connectionsCheckingInterval: Math.min(1_000, receiveTimeoutMs),
    keepAliveTimeout: 65_000,
    // Node refuses with an empty body here, and below for an unknown `Expect`; ours refuses with the envelope.
    requireHostHeader: false,
  });
  server.on("request", handle);
  server.on("checkContinue", handle);
  server.on("checkExpectation", handle);
  server.on("clientError", answerBadRequest);
  const connections = new Set<Socket>();
  let allGone = (): void => {};
  server.on("connection", (socket) => {
    connections.add(socket);
    socket.once("close", () => {
      connections.delete(socket);
      if (connections.size === 0) allGone();
    });
  });
  if (given !== undefined) {
    // Nothing listens here, but that is when Node begins to watch over how long requests take.
    server.emit("listening");
    given.open((socket) => server.emit("connection", socket));
  }
  const url = given?.url ?? (await listen(server, options));

  async function close(withinMs: number): Promise<void> {
    given?.close();
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    // Node does not wait for connections that it did not accept itself.
    const gone = new Promise<void>((resolve) => {
      allGone = resolve;
    });
    server.closeIdleConnections();
    // Node does not call those idle that have not sent anything yet; load balancers keep such in stock.
    for (const socket of connections) if (socket.bytesRead === 0) socket.destroy();
    // What is answered from now on ends its connection; this sweeps up those whose answer was on its way.
    const sweeping = setInterval(() => server.closeIdleConnections(), 50);
    const cutting = setTimeout(() => server.closeAllConnections(), withinMs);
    if (connections.size > 0) await gone;
    await closed;
    clearInterval(sweeping);
    clearTimeout(cutting);
  }

  return { url, close };
}

/** What Node's parser refuses never reaches Koa; it gets the same envelope. */
function answerBadRequest(error: NodeJS.ErrnoException, socket: Duplex): void {
  if (!socket.writable || error.code === "ECONNRESET") {
    socket.destroy();
    return;
  }
  const [status, refusal] = badRequest(error.code);
  const body = JSON.stringify(envelope(refusal));
  socket.end(
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
  );
}

function badRequest(code: string | undefined): readonly [number, Refusal] {
  if (code === "ERR_HTTP_REQUEST_TIMEOUT") return [408, new Refusal("request_timeout")];
  if (code === "HPE_HEADER_OVERFLOW")
    return [431, new Refusal("invalid_request", { message: "Headers are too large" })];
  return [400, new Refusal("invalid_request", { message: "This is not HTTP as we know it" })];
}
