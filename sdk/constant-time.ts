import { hash, timingSafeEqual } from "node:crypto";

/**
 * Whether a text is one of the secrets, in a time that tells nothing of them. Hashes have one length, so that comparing them
 * tells nothing of the secret's.
 */
export function isOneOf(given: string | Uint8Array, secrets: readonly string[]): boolean {
  const hashed = hash("sha256", given, "buffer");
  let matches = false;
  for (const secret of secrets) matches = timingSafeEqual(hashed, hash("sha256", secret, "buffer")) || matches;
  return matches;
}
