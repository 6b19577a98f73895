import { hmac } from "./hmac.ts";
import type { ImmediateScheme } from "./scheme.ts";

/** What Falcon's form for a webhook wants of its "HMAC Secret Key". */
export const crowdstrikeMinimumSecretLength = 32;

/**
 * CrowdStrike Falcon's webhooks: Box's scheme under other names, the body followed by the time.
 *
 * @param options.header the workflow's "Signature Header Name"; default `X-CS-Primary-Signature`
 */
export function crowdstrike({ header = "X-CS-Primary-Signature" }: { readonly header?: string } = {}): ImmediateScheme {
  return hmac({
    name: "crowdstrike",
    header: [header, "X-CS-Secondary-Signature"],
    encoding: "base64",
    signs: "{body}{timestamp}",
    timestamp: { header: "X-CS-Delivery-Timestamp", unit: "iso", toleranceSeconds: 600 },
    minimumSecretLength: crowdstrikeMinimumSecretLength,
  });
}
