import { messageOf } from "../errors.ts";
import { readBounded, TooLarge } from "../read-bounded.ts";

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
      return Buffer.from(await readBounded(response, maxBytes)).toString("utf8");
    } catch (error) {
      if (error instanceof TooLarge) throw new Error(`it answered more than ${maxBytes} bytes`, { cause: error });
      // fetch itself says "fetch failed", and why only in its cause.
      const cause = error instanceof Error && error.cause !== undefined ? error.cause : error;
      throw new Error(messageOf(cause), { cause: error });
    }
  };
}
