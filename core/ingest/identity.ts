import { createHash } from "node:crypto";

/**
 * What identifies a delivery is signed: the vendor's event id where the payload has one, else what the signature covers. Two
 * deliveries with one key are the same one, whenever they come.
 */
export function deliveryKey(source: string, kind: "event" | "signed", value: string | Uint8Array): string {
  return createHash("sha256").update(`${source}\0${kind}\0`).update(value).digest("base64url");
}

/**
 * Whether a delivery is the test of a source: those are identified by their own id, which no sender chooses, since the same
 * test event is another delivery each time.
 */
export function isTest({ id, source }: { readonly id: string; readonly source: string }, key: string): boolean {
  return key === deliveryKey(source, "signed", id);
}
