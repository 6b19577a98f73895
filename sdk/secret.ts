import { fromBase64 } from "./base64.ts";

/** How a secret is written: as the key itself, as base64 or hex of the key, or as `whsec_` and base64 (Standard Webhooks). */
export type SecretEncoding = "utf8" | "base64" | "hex" | "whsec";

/** The key that a secret stands for; `undefined` where it is not written as `encoding` says, or is empty. */
export function keyOf(secret: string, encoding: SecretEncoding): string | Buffer | undefined {
  if (encoding === "utf8") return secret === "" ? undefined : secret;
  if (encoding === "hex") return /^([0-9a-f]{2})+$/i.test(secret) ? Buffer.from(secret, "hex") : undefined;
  return fromBase64(encoding === "whsec" && secret.startsWith("whsec_") ? secret.slice("whsec_".length) : secret);
}

/** What is wrong with how a secret is written, for whoever registers it. */
export function encodingProblem(secret: string, encoding: SecretEncoding): string | undefined {
  if (keyOf(secret, encoding) !== undefined) return undefined;
  if (encoding === "utf8") return "must not be empty";
  return encoding === "whsec" ? "must be whsec_ followed by base64" : `must be ${encoding}`;
}
