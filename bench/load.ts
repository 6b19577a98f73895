/**
 * The load of the bench, as a process of its own: prepared requests over 64 connections, the next as soon as the last is
 * answered. By hand on node:net, since every microsecond that a client library takes here is taken from the server's second core.
 */
import { connect } from "node:net";
import { requests } from "./events.ts";

export interface LoadOrder {
  readonly port: number;
  readonly connections: number;
  /** Number of the first event; later runs against the same store continue behind it. */
  readonly from: number;
  readonly count: number;
  readonly seconds: number;
}

export interface LoadResult {
  readonly answered: number;
  readonly accepted: number;
  readonly seconds: number;
  /** Milliseconds. */
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
}

const order = JSON.parse(process.argv[2] ?? "{}") as LoadOrder;
const prepared = requests(order.from, order.count);
process.send?.("ready");
process.once("message", () => {
  run(order).then(
    (result) => process.send?.(result, undefined, {}, () => process.exit(0)),
    (error: unknown) => {
      console.error(error);
      process.exit(1);
    },
  );
});

async function run({ port, connections, seconds }: LoadOrder): Promise<LoadResult> {
  const latencies: number[] = [];
  let next = 0;
  let accepted = 0;
  const began = performance.now();
  const end = began + seconds * 1000;

  await Promise.all(Array.from({ length: connections }, () => oneConnection()));
  const took = (performance.now() - began) / 1000;
  latencies.sort((a, b) => a - b);
  const at = (share: number): number =>
    latencies[Math.min(latencies.length - 1, Math.floor(latencies.length * share))] ?? 0;
  return { answered: latencies.length, accepted, seconds: took, p50: at(0.5), p95: at(0.95), p99: at(0.99) };

  function oneConnection(): Promise<void> {
    return new Promise((resolve, reject) => {
      const socket = connect({ port, host: "127.0.0.1", noDelay: true });
      let sentAt = 0;
      let rest: Buffer = Buffer.alloc(0);
      const send = (): void => {
        const now = performance.now();
        const request = prepared[next];
        if (now >= end || request === undefined) {
          socket.end();
          resolve();
          return;
        }
        next += 1;
        sentAt = now;
        socket.write(request);
      };
      socket.on("connect", send);
      socket.on("error", reject);
      socket.on("data", (chunk: Buffer) => {
        rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
        const head = rest.indexOf("\r\n\r\n");
        if (head < 0) return;
        const length = /content-length: (\d+)/i.exec(rest.toString("latin1", 0, head));
        if (rest.length < head + 4 + Number(length?.[1] ?? 0)) return;
        if (rest.toString("latin1", 9, 12) === "202") accepted += 1;
        rest = Buffer.alloc(0);
        latencies.push(performance.now() - sentAt);
        send();
      });
    });
  }
}
