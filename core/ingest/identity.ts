import { createHash } from "node:crypto";

/**
 * What identifies a delivery is signed: the vendor's event id where the payload has one, else what the signature covers. Two
 * deliveries with one key are the same one, whenever they come.
 */
export function deliveryKey(source: string, kind: "event" | "signed", value: string | Uint8Array): string {
  return createHash("sha256").update(`${source}\0${kind}\0`).update(value).digest("base64url");
}
