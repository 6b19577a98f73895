import { request } from "node:http";

/** What was answered, and how long it took. */
export interface Posted {
  readonly status: number;
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
  /** Until there was a connection, in milliseconds. */
  readonly connectMs: number;
  /** Until the answer was whole. */
  readonly ms: number;
}

/** Posts to an address of plain HTTP, on a connection of its own. @throws where there is no answer in time, or a larger one */
export type HttpPost = (url: string, headers: Readonly<Record<string, string>>, body: Uint8Array) => Promise<Posted>;

export interface PostLimits {
  readonly timeoutMs: number;
  readonly maxBytes: number;
}

export const postLimits: PostLimits = { timeoutMs: 15_000, maxBytes: 262_144 };

/** @param clock milliseconds that only rise, like `performance.now` */
export function httpPost(clock: () => number, { timeoutMs, maxBytes }: PostLimits = postLimits): HttpPost {
  return (url, headers, body) =>
    new Promise((resolve, reject) => {
      const since = clock();
      let connectMs = 0;
      const sending = request(url, {
        method: "POST",
        agent: false,
        headers: { ...headers, "content-length": body.length },
        signal: AbortSignal.timeout(timeoutMs),
      });
      const fail = (error: Error): void =>
        reject(error.name === "AbortError" ? new Error(`no answer within ${timeoutMs / 1_000} s`) : error);
      sending.on("socket", (socket) =>
        socket.once("connect", () => {
          connectMs = clock() - since;
        }),
      );
      sending.on("error", fail);
      sending.on("response", (response) => {
        let text = "";
        response.setEncoding("utf8");
        response.on("data", (chunk: string) => {
          text += chunk;
          if (text.length > maxBytes) sending.destroy(new Error(`it answered more than ${maxBytes} bytes`));
        });
        response.on("error", fail);
        response.on("end", () =>
          resolve({
            status: response.statusCode ?? 0,
            headers: response.headers,
            body: text,
            connectMs,
            ms: clock() - since,
          }),
        );
      });
      sending.end(body);
    });
}
