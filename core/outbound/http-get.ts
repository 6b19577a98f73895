import { messageOf } from "../errors.ts";

/** Gets a text. @throws with a reason for anything but a 200 that is small and in time */
export type HttpGet = (url: string) => Promise<string>;

export interface GetLimits {
  readonly timeoutMs: number;
  readonly maxBytes: number;
}

/** What issuers and certificate stores answer within, and far more than keys take up. */
export const getLimits: GetLimits = { timeoutMs: 5_000, maxBytes: 262_144 };

/** A GET that follows no redirect, and waits and reads only so long. */
export function httpGet({ timeoutMs, maxBytes }: GetLimits = getLimits): HttpGet {
  return async (url) => {
    try {
      const response = await fetch(url, {
        redirect: "error",
        signal: AbortSignal.timeout(timeoutMs),
        headers: { "user-agent": "thruway" },
      });
      if (response.status !== 200) {
        await response.body?.cancel();
        throw new Error(`it answered ${response.status}`);
      }
      return await textOf(response, maxBytes);
    } catch (error) {
      // fetch itself says "fetch failed", and why only in its cause.
      const cause = error instanceof Error && error.cause !== undefined ? error.cause : error;
      throw new Error(messageOf(cause), { cause: error });
    }
  };
}

async function textOf(response: Response, maxBytes: number): Promise<string> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of response.body ?? []) {
    length += chunk.length;
    if (length > maxBytes) throw new Error(`it answered more than ${maxBytes} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks, length).toString("utf8");
}
