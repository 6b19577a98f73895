import { hmac, type SignatureScheme } from "@thruway/sdk";

/** The fields of an "HMAC Secret" credential of the Better Webhooks app, in its order. */
export interface BetterWebhooks {
  readonly algorithm?: "sha1" | "sha256" | "sha512";
  readonly encoding?: "hex" | "base64";
  readonly header: string;
  readonly timestamp_header?: string;
  /** Not of the app, but of other senders with the same scheme. */
  readonly prefix?: string;
}

/**
 * HMAC of the body, or of the body and then the time, which the app writes as Python's `time.time()`: seconds with a fraction.
 * https://github.com/HurricaneLabs/BetterWebhooks, hmac_helper.py
 */
export function betterWebhooks({ timestamp_header, ...options }: BetterWebhooks): SignatureScheme {
  const scheme = { name: "better-webhooks", ...options };
  if (timestamp_header === undefined) return hmac(scheme);
  return hmac({ ...scheme, signs: "{body}{timestamp}", timestamp: { header: timestamp_header, unit: "float" } });
}
