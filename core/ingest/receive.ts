import type { IncomingMessage } from "node:http";
import { ClientGone, Refusal } from "../errors.ts";

export interface ReceiveLimits {
  readonly maxBodyBytes: number;
  readonly timeoutMs: number;
}

/**
 * Reads the raw bytes of a request, bounded in size (chunked ones too: refused, never cut) and in time. A body that is
 * declared too large is refused before it is read, and before a sender that asks (`Expect: 100-continue`) is told to go on.
 *
 * @throws {Refusal} payload_too_large, request_timeout
 * @throws {ClientGone}
 */
export function receive(request: IncomingMessage, limits: ReceiveLimits, goOn?: () => void): Promise<Buffer> {
  const declared = Number(request.headers["content-length"] ?? 0);
  if (declared > limits.maxBodyBytes) return Promise.reject(tooLarge(limits));
  goOn?.();
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let length = 0;
    const timer = setTimeout(() => finish(() => reject(tooSlow(limits))), limits.timeoutMs);

    function finish(settle: () => void): void {
      clearTimeout(timer);
      request.off("data", onData).off("end", onEnd).off("close", onClose).off("error", onClose);
      settle();
    }
    function onData(chunk: Buffer): void {
      length += chunk.length;
      if (length > limits.maxBodyBytes) finish(() => reject(tooLarge(limits)));
      else chunks.push(chunk);
    }
    function onEnd(): void {
      const [only] = chunks;
      finish(() => resolve(chunks.length === 1 && only !== undefined ? only : Buffer.concat(chunks, length)));
    }
    function onClose(): void {
      finish(() => reject(new ClientGone("The sender hung up before its request was whole")));
    }
    request.on("data", onData).on("end", onEnd).on("close", onClose).on("error", onClose);
  });
}

function tooLarge({ maxBodyBytes }: ReceiveLimits): Refusal {
  return new Refusal("payload_too_large", { message: `Body is larger than ${maxBodyBytes} bytes` });
}

function tooSlow({ timeoutMs }: ReceiveLimits): Refusal {
  return new Refusal("request_timeout", { message: `The request did not arrive within ${timeoutMs / 1000} s` });
}
