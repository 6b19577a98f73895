import { hmac } from "./hmac.ts";
import type { ImmediateScheme } from "./scheme.ts";

/**
 * Thruway's own scheme: `X-Webhook-Signature: sha256=<hex>` over `<X-Webhook-Timestamp>.<raw body>`.
 *
 * `openssl dgst -hmac` prints a label before the digest (`SHA2-256(stdin)= ` since OpenSSL 3, `(stdin)= ` before), and
 * a script that pastes it whole sends it along, so exactly these two labels may stand there.
 *
 * @param options.minimumSecretLength for a plugin whose vendor takes no shorter secret, since a source has one for both ways
 */
export function webhookSignature(options: { readonly minimumSecretLength?: number } = {}): ImmediateScheme {
  return hmac({
    name: "webhook",
    header: "X-Webhook-Signature",
    prefix: ["sha256=", "sha256=SHA2-256(stdin)= ", "sha256=(stdin)= "],
    signs: "{timestamp}.{body}",
    timestamp: { header: "X-Webhook-Timestamp", unit: "s" },
    ...options,
  });
}
