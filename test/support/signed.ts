import { createHmac } from "node:crypto";
import { testSecret } from "./gateway.ts";
import type { HeaderList } from "./wire.ts";

/** Unix seconds, `after` seconds from now. */
export function seconds(after = 0): string {
  return String(Math.floor(Date.now() / 1000) + after);
}

/** The text's signature, computed from its words rather than by the code under test. */
export function signatureOf(body: string | Uint8Array, timestamp: string, secret = testSecret): string {
  return `sha256=${createHmac("sha256", secret).update(`${timestamp}.`).update(body).digest("hex")}`;
}

/** The headers of a delivery signed by the text's scheme, as a list that a test can cut, repeat and bend. */
export function signedHeaders(body: string | Uint8Array, timestamp = seconds(), secret = testSecret): HeaderList {
  return [
    ["Content-Type", "application/json"],
    ["X-Webhook-Signature", signatureOf(body, timestamp, secret)],
    ["X-Webhook-Timestamp", timestamp],
  ];
}
